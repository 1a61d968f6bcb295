/** Fencing comes before joining: who can fence a node is known, and made so, before the cluster depends on it. */
import assert from 'node:assert/strict';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  assertInSync,
  assertQuiet,
  epochOf,
  fenced,
  isStarted,
  outrigger,
  plan,
  settled,
  tracesOf,
  writeInventory,
} from '../outrigger.ts';
import type { Line } from '../outrigger.ts';
import { answeredLate, skipWithoutLab } from '../story-run.ts';
import { waitFor } from '../wait.ts';

const NAME = 'story-fencing';

/** A second device beside the lab's own (`fencing`, with a pcmk_host_map): one with a list, and commas in it. */
const LISTED = `<primitive id="listed" class="stonith" type="fence_lab"><instance_attributes id="listed-i">
<nvpair id="listed-l" name="pcmk_host_list" value="c1, c2"/></instance_attributes></primitive>`;

const valueOf = (lab: Lab, id: string): Promise<string> =>
  lab.sh(
    'c1',
    `cibadmin -Q --xpath "//nvpair[@id='${id}']" | sed 's/.* value="\\([^"]*\\)".*/\\1/'`,
  );

const mapOf = (lab: Lab): Promise<string> =>
  valueOf(lab, 'fencing-instance_attributes-pcmk_host_map');

const devicesOf = async (lab: Lab, node: string): Promise<string[]> =>
  [
    ...(await lab.sh('c1', `timeout 30 stonith_admin --list ${node} --output-as=xml`)).matchAll(
      /<item[^>]*>([^<]*)</g,
    ),
  ]
    .map(([, device = '']) => device)
    .sort();

const purposes = (lines: readonly Line[]): string[] =>
  lines.flatMap((line) => (line.type === 'cib-written' ? [line.purpose] : []));

describe('fencing comes before joining', function () {
  let lab: Lab;

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, replace: true, bareHosts: 3, firewalld: 0 });
    await lab.sh('c1', 'cibadmin --create -o resources --xml-pipe', { stdin: LISTED });
    await settled(lab);
  });

  after(async () => {
    await labDown(NAME);
  });

  it('tells who can fence each node, and refuses one that nobody can, before anything is done', async () => {
    const inventory = writeInventory(lab, {
      remoteNodes: [
        { name: 'h3', host: 'h3' },
        { name: 'x1', host: 'h1' },
      ],
    });
    const epoch = await epochOf(lab);
    const { risks, fencing } = await plan(lab, inventory);
    assert.deepEqual(fencing, [
      { node: 'h3', devices: ['fencing'], extended: null },
      { node: 'x1', devices: [], extended: null },
    ]);
    assert.deepEqual(
      risks.map(({ code, subjects }) => [code, subjects]),
      [['unfenceable', ['x1']]],
    );
    const { stderr } = await applied(lab, 5, ['-i', inventory]);
    assert.match(stderr, /unfenceable: .*\(x1\)/);
    assert.equal(await epochOf(lab), epoch);
    assert.equal(await lab.sh('h1', 'ls /etc/pacemaker 2>/dev/null || true'), '');
    await assertQuiet(lab);
  });

  it('refuses a node that nobody can fence when fencing is switched on while somebody is asked', async () => {
    const inventory = writeInventory(lab, { remoteNodes: [{ name: 'x1', host: 'h1' }] });
    const fencing = (value: string): Promise<string> =>
      lab.sh('c1', `crm_attribute --type crm_config --name stonith-enabled --update ${value}`);
    await fencing('false');
    await settled(lab);
    const { code, said } = await answeredLate(lab, ['apply', '-i', inventory], async () => {
      await fencing('true');
      // Nobody keeps a connection for as long as somebody thinks.
      await lab.sh('c1', "pkill -f '[s]shd.*root@notty'");
    });
    assert.equal(code, 5, said);
    assert.match(said, /fencing is on now/);
    assert.match(said, /the risk unfenceable is new \(x1\)/);
    assert.deepEqual(await tracesOf(lab, 'x1'), []);
    assert.equal(await lab.sh('h1', 'ls /etc/pacemaker 2>/dev/null || true'), '');
    assert.doesNotMatch(await lab.sh('c1', 'cibadmin -Q -o crm_config'), /outrigger-lock/);
    await settled(lab);
    await assertQuiet(lab);
  });

  it('adds nodes to the map of one device and to the list of another, then connects them', async () => {
    const inventory = writeInventory(lab, {
      remoteNodes: [
        { name: 'x1', host: 'h1', fencing: { device: 'fencing', plug: 'h1' } },
        { name: 'h2', host: 'h2', fencing: { device: 'listed' } },
      ],
    });
    const map = await mapOf(lab);
    const { forecast, fencing, risks } = await plan(lab, inventory);
    assert.deepEqual(risks, []);
    assert.deepEqual(fencing, [
      { node: 'x1', devices: [], extended: 'fencing' },
      { node: 'h2', devices: ['fencing'], extended: 'listed' },
    ]);
    assert.ok(forecast);
    const { lines } = await applied(lab, 0, ['-i', inventory, '--batch', '100%']);
    assert.deepEqual(purposes(lines), ['fence-device', 'connection-resource', 'node-state']);
    assert.equal((await mapOf(lab)).trim(), `${map.trim()};x1:h1`);
    assert.equal((await valueOf(lab, 'listed-l')).trim(), 'c1, c2, h2');
    assert.deepEqual(await devicesOf(lab, 'x1'), ['fencing']);
    assert.deepEqual(await devicesOf(lab, 'h2'), ['fencing', 'listed']);
    await assertInSync(lab, inventory);
    await assertQuiet(lab);
  });

  it('connects no node whose device does not take it up', async () => {
    const inventory = writeInventory(lab, {
      remoteNodes: [{ name: 'x3', host: 'h3', fencing: { device: 'listed' } }],
    });
    // Known in the CIB, but stopped, so that the fencer does not know it.
    await lab.sh(
      'c1',
      'crm_resource --resource listed --set-parameter target-role --meta --parameter-value Stopped',
    );
    await settled(lab);
    const { failures } = await applied(lab, 4, ['-i', inventory]);
    assert.match(
      failures['x3'] ?? '',
      /fence device listed does not report that it can fence it, 45 s after/,
    );
    assert.deepEqual(await tracesOf(lab, 'x3'), []);
    await lab.sh('c1', 'crm_resource --resource listed --delete-parameter target-role --meta');
    await settled(lab);
    await applied(lab, 0, ['-i', inventory]);
    await assertInSync(lab, inventory);
    await assertQuiet(lab);
  });

  it('does not wait for a fence device that hangs', async () => {
    // It only hangs when it is asked whom it can fence: a start that hangs would fail, and the cluster would stop it.
    const hanging = `#!/bin/sh
asked=$(cat)
case $asked in *action=list*) sleep 900 ;; esac
printf '%s\\n' "$asked" | /usr/sbin/fence_lab`;
    for (const member of ['c1', 'c2']) {
      await lab.sh(member, 'cat >/usr/sbin/fence_hangs; chmod 755 /usr/sbin/fence_hangs', {
        stdin: hanging,
      });
    }
    // A list that has failed once, also by its timeout (60 s), is not asked for again: the fencer takes the device for one that
    // can say of each node whether it fences it (dynamic_list_search_cb in Pacemaker 3.0.0 daemons/fenced/fenced_commands.c).
    const device =
      '<primitive id="hangs" class="stonith" type="fence_hangs"><instance_attributes id="hangs-i"><nvpair id="hangs-c" name="pcmk_host_check" value="dynamic-list"/><nvpair id="hangs-l" name="pcmk_list_timeout" value="900s"/></instance_attributes></primitive>';
    await lab.sh('c1', 'cibadmin --create -o resources --xml-pipe', { stdin: device });
    // Until the fencer knows it and its start is over, it may not be asked.
    for (const member of ['c1', 'c2']) {
      await waitFor(`the fencer of ${member} waits for the device`, 120_000, async () => {
        const { code, stdout } = await lab.exec(member, 'timeout 5 stonith_admin --list x1');
        return code === 124 || stdout;
      });
    }
    const inventory = writeInventory(lab, { remoteNodes: [{ name: 'x1', host: 'h1' }] });
    const { fencing, notes } = await plan(lab, inventory).finally(() =>
      lab.sh('c1', `cibadmin --delete --xpath "//primitive[@id='hangs']"`),
    );
    // Whoever waits until the fencer gives the agent up is told which of the other devices can.
    assert.deepEqual(fencing, [{ node: 'x1', devices: null, extended: null }]);
    assert.ok(
      notes.some((note) =>
        note.startsWith('x1: no cluster node reported its fence devices in time'),
      ),
      notes.join(),
    );
    // It is asked no more, but the fencer answers nobody before the agents under way have ended.
    for (const member of ['c1', 'c2']) await lab.exec(member, "pkill -f '[f]ence_hangs'");
    await waitFor('the fencer answers again', 300_000, async () => {
      const devices = await devicesOf(lab, 'x1').catch((): string[] => []);
      return devices.includes('fencing') || devices.join();
    });
    await settled(lab);
  });

  it('has a node that is lost fenced by that device, once, and back', async () => {
    await assertQuiet(lab);
    await lab.sh('h1', 'systemctl kill --signal=KILL pacemaker_remote');
    await waitFor('the cluster fences it', 120_000, async () => {
      return (await fenced(lab)).length > 0 || 'not yet';
    });
    await lab.ready('h1');
    await waitFor('it is back', 120_000, async () => (await isStarted(lab, 'x1')) || 'not yet');
    await settled(lab);
    assert.deepEqual(await fenced(lab), ['h1']);
    assert.match(await lab.fenceHistory(), /x1/);
    const inventory = writeInventory(lab, {
      remoteNodes: [{ name: 'x1', host: 'h1', fencing: { device: 'fencing', plug: 'h1' } }],
    });
    await assertInSync(lab, inventory);
  });

  it('asks for no device where fencing is off', async () => {
    await lab.sh('c1', 'crm_attribute --type crm_config --name stonith-enabled --update false');
    await settled(lab);
    const inventory = writeInventory(lab, {
      remoteNodes: [{ name: 'nobody', host: 'h3', fencing: { device: 'listed' } }],
    });
    const { stdout } = await outrigger(lab, ['plan', '-i', inventory]);
    assert.match(stdout, /fencing off/);
    assert.doesNotMatch(stdout, /unfenceable|fence-device|Who can fence/);
  });
});
