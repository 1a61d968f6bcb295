/** A host with firewalld: what its rules let in is left as it is, what keeps a cluster node out is named or mended. */
import assert from 'node:assert/strict';
import { inOrder } from '../../support/in-order.ts';
import { firewallAsEvaluated, RESET } from '../firewall-cases.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { applied, assertQuiet, drift, outrigger, plan, writeInventory } from '../outrigger.ts';
import { skipWithoutLab } from '../story-run.ts';

const NAME = 'story-firewall';
const HOST = 'h1';
const PORT = 'port port="3121" protocol="tcp"';

describe('a host with firewalld', function () {
  inOrder(this);
  let lab: Lab;
  let inventory: string;
  let c1: string;
  let c2: string;

  /** Nothing of earlier steps, and these options of firewall-cmd. */
  const set = (...options: readonly string[]): Promise<string> => {
    const commands = options.map((option) => `firewall-cmd --quiet --permanent ${option}`);
    return lab.sh(
      HOST,
      [`{ ${RESET}; }`, ...commands, 'firewall-cmd --quiet --reload'].join(' && '),
    );
  };

  const rule = (text: string): string => `--add-rich-rule='rule ${text}'`;
  const subnet = (): string =>
    rule(`family="ipv4" source address="${c1.replace(/\.\d+$/, '.0/24')}" ${PORT} accept`);

  /** The ways of case files, each alone. */
  const openings = (): Readonly<Record<string, readonly string[]>> => ({
    'a rule for the subnet of the cluster': [subnet()],
    'a service of the operator': [
      '--new-service=own-remote',
      '--service=own-remote --add-port=3121/tcp',
      '--add-service=own-remote',
    ],
    'a rule for the service high-availability': [rule('service name="high-availability" accept')],
  });

  const firewallChanges = async (): Promise<readonly string[]> => {
    const { changes } = await plan(lab, inventory);
    return changes
      .filter(({ item }) => item === 'firewall-port')
      .flatMap(({ attributes }) =>
        attributes.map(({ name, before, after }) => `${name}: ${before} -> ${after}`),
      );
  };

  const richRules = async (): Promise<readonly string[]> =>
    (await lab.sh(HOST, 'firewall-cmd --permanent --list-rich-rules')).trim().split('\n').sort();

  const inSync = async (): Promise<void> => {
    const { code, stdout, stderr } = await outrigger(lab, [
      'plan',
      '--detailed-exitcode',
      '-i',
      inventory,
    ]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /No changes\. 3 hosts in sync\./);
  };

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, replace: true, bareHosts: 1, firewalld: 1 });
    await lab.clearPowerLog();
    c1 = lab.addresses['c1'] ?? '';
    c2 = lab.addresses['c2'] ?? '';
    inventory = writeInventory(lab, {
      connectTimeout: '30s', // the machines that tests run on may be busy
      remoteNodes: [{ name: HOST, host: HOST, fencing: { device: 'fencing' } }],
    });
  });

  after(async () => {
    await labDown(NAME);
  });

  it('lets in whom the evaluation of its rules lets in', () => firewallAsEvaluated(lab, HOST));

  it('is joined without a change of the firewall where its rules let the cluster in', async () => {
    for (const [what, options] of Object.entries(openings())) {
      await set(...options);
      assert.deepEqual(await firewallChanges(), [], what);
    }
    await set(subnet());
    const before = await richRules();
    await applied(lab, 0, ['-i', inventory]);
    assert.deepEqual(await richRules(), before);
    await inSync();
  });

  it('is in sync with each of the other ways', async () => {
    for (const options of Object.values(openings())) {
      await set(...options);
      await inSync();
      assert.deepEqual((await drift(lab, 0, ['-i', inventory])).names, []);
    }
  });

  it('is opened for the one cluster node that is not let in, and for that alone', async () => {
    const own = rule(`family="ipv4" source address="${c1}/32" ${PORT} accept`);
    await set(own);
    const before = await richRules();
    assert.deepEqual(await firewallChanges(), [`public 3121/tcp from ${c2}: closed -> open`]);
    assert.deepEqual((await drift(lab, 2, ['-i', inventory])).names, [
      `${HOST} firewall-port public 3121/tcp from ${c2}: configuration`,
    ]);
    await applied(lab, 0, ['-i', inventory]);
    const added = `rule family="ipv4" source address="${c2}" ${PORT} accept`;
    assert.deepEqual(await richRules(), [...before, added].sort());
    await inSync();
  });

  it('is opened for good where that would end with the next reload', async () => {
    await set('--zone=public --add-service=ssh');
    await lab.sh(HOST, 'firewall-cmd --quiet --add-service=high-availability');
    assert.deepEqual(
      await firewallChanges(),
      [c1, c2].map((from) => `public 3121/tcp from ${from}: open until the next reload -> open`),
    );
    await applied(lab, 0, ['-i', inventory]);
    await lab.sh(HOST, 'firewall-cmd --quiet --reload');
    await inSync();
  });

  it('is drift, named and not overridden, where a rule keeps a cluster node out', async () => {
    const drop = `rule family="ipv4" source address="${c2}" drop`;
    await set('--add-port=3121/tcp', `--add-rich-rule='${drop}'`);
    const { changes, notes, code } = await plan(lab, inventory);
    assert.deepEqual([code, changes], [0, []]);
    assert.deepEqual(
      notes.filter((note) => note.includes('firewalld')),
      [
        `${HOST}: firewalld keeps ${c2} away from port 3121/tcp, by a rule that is not outrigger's: ${drop}`,
      ],
    );
    const { names, inSync: others } = await drift(lab, 2, ['-i', inventory]);
    assert.deepEqual(names, [`${HOST} firewall-port 3121/tcp from ${c2}: blocked-by-firewall`]);
    assert.deepEqual(others, ['c1', 'c2']);
    const { code: applyCode } = await outrigger(lab, ['apply', '--yes', '-i', inventory]);
    assert.equal(applyCode, 0);
    assert.deepEqual(await richRules(), [drop]);
    await set(subnet());
    await inSync();
  });

  it('keeps no rule for a node that is removed, also in a zone that comes with the next reload', async () => {
    const later = `firewall-cmd --permanent --zone=later`;
    const own = rule(`family="ipv4" source address="${c1}" ${PORT} accept`);
    await set(own);
    await lab.sh(
      HOST,
      `firewall-cmd --quiet --permanent --new-zone=later && ${later} --add-source=${c1} && ${later} ${own}`,
    );
    const absent = writeInventory(lab, {
      remoteNodes: [{ name: HOST, host: HOST, state: 'absent' }],
    });
    await applied(lab, 0, ['-i', absent]);
    assert.deepEqual(await richRules(), ['']);
    assert.equal(await lab.sh(HOST, `${later} --list-rich-rules`), '\n');
  });

  it('has not disturbed the cluster', () => assertQuiet(lab));
});
