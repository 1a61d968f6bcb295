/** A cluster that pcs and hands have made is written down as an inventory from which no change follows. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { assertQuiet, epochOf, isStarted, outrigger, settled } from '../outrigger.ts';
import { authenticatePcs } from '../pcs.ts';
import { installByHand } from '../sabotage.ts';
import { assertNothingToDo, detailedPlan, ownChanges, skipWithoutLab } from '../story-run.ts';
import { waitFor } from '../wait.ts';

const NAME = 'story-import';

/** What a hand may write: options of its own, a guest in its own block, a resource to be bound to a node. */
const BY_HAND = `<configuration><resources>
<primitive id="r2" class="ocf" provider="pacemaker" type="remote">
 <instance_attributes id="r2-params"><nvpair id="r2-server" name="server" value="10.77.1.2"/></instance_attributes>
 <meta_attributes id="r2-meta"><nvpair id="r2-s" name="resource-stickiness" value="50"/></meta_attributes>
 <operations><op id="r2-start" name="start" interval="0" timeout="90s"/><op id="r2-mon" name="monitor" interval="20" timeout="15s"/></operations>
</primitive>
<primitive id="vm-v1" class="ocf" provider="lab" type="VirtualMachine"><meta_attributes id="by-hand">
 <nvpair id="by-hand-1" name="remote-node" value="g1"/><nvpair id="by-hand-2" name="remote-addr" value="10.77.2.1"/>
 <nvpair id="by-hand-3" name="remote-connect-timeout" value="90"/></meta_attributes></primitive>
<primitive id="d1" class="ocf" provider="pacemaker" type="Dummy"/></resources></configuration>`;

describe('import of a cluster that lives already', function () {
  inOrder(this); // each step stands on the one before
  let lab: Lab;

  const imported = (file: string) =>
    outrigger(lab, [
      'import',
      '--from',
      `root@${lab.addresses['c2'] ?? ''}`,
      '-o',
      file,
      '--identity-file',
      join(lab.sshDir, 'id_ed25519'),
      '--ssh-config',
      'none',
      '--known-hosts-file',
      join(lab.sshDir, 'known_hosts'),
    ]);
  const file = (): string => join(lab.dir, 'imported.yml');

  before(async function () {
    skipWithoutLab(this);
    const hosts = { bareHosts: 2, virtualMachines: 1, firewalld: 0 };
    lab = await labUp({ name: NAME, replace: true, pcs: true, ...hosts });
    const key = await lab.sh('c1', 'base64 -w 0 /etc/pacemaker/authkey');
    const put = `base64 -d >/etc/pacemaker/authkey && chown root:haclient /etc/pacemaker/authkey && chmod 640 /etc/pacemaker/authkey`;
    await lab.sh('c2', put, { stdin: key });
    const joinByHand = async (host: string): Promise<void> => {
      await installByHand(lab, host);
      await lab.sh(host, `${put} && systemctl restart pacemaker_remote`, { stdin: key });
    };
    await Promise.all([
      authenticatePcs(lab, { c1: 'c1', c2: 'c2', r1: 'h1' }),
      joinByHand('h2'),
      joinByHand('v1'),
    ]);
    // pcs refuses a host whose daemon runs, as Debian's package has it.
    await lab.sh('h1', 'systemctl disable --now pacemaker_remote');
    await lab.sh(
      'c1',
      'pcs cluster node add-remote r1 reconnect_interval=60s op monitor interval=30s',
    );
    await lab.sh('c1', 'cibadmin --modify --allow-create --xml-pipe', { stdin: BY_HAND });
    await lab.sh(
      'c1',
      'pcs constraint location d1 prefers r1=100 && pcs node attribute r1 rack=a1 && pcs node standby r2',
    );
    for (const name of ['r1', 'r2', 'g1']) {
      await waitFor(`${name} is in`, 90_000, async () => (await isStarted(lab, name)) || 'not yet');
    }
    await settled(lab);
  });

  after(() => labDown(NAME));

  it('writes an inventory that says how it is', async () => {
    const epoch = await epochOf(lab);
    const { code, stdout, stderr } = await imported(file());
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '');
    const text = readFileSync(file(), 'utf8');
    for (const said of [
      'name: c[1-2]\n    address: 10.77.0.[11-12]',
      'name: r1\n    address: 10.77.1.1\n    reconnectInterval: 60s',
      'interval: 30s',
      'rack: a1',
      'name: r2\n    address: 10.77.1.2\n    operations:',
      'resource-stickiness: 50',
      'state: standby',
      'name: g1\n    resource: vm-v1\n    address: 10.77.2.1\n    connectTimeout: 90',
    ])
      assert.ok(text.includes(said), `${said} is missing in\n${text}\n${stderr}`);
    assert.equal(await epochOf(lab), epoch);
  });

  it('from which no change follows', async () => {
    await assertNothingToDo(lab, file());
    const drift = await outrigger(lab, ['drift', '-i', file()]);
    assert.equal(drift.code, 0, drift.stdout + drift.stderr);
    await assertQuiet(lab);
  });

  it('and which is never overwritten', async () => {
    const before = readFileSync(file());
    const { code, stdout, stderr } = await imported(file());
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /imported\.yml already exists: import overwrites no file/);
    assert.deepEqual(readFileSync(file()), before);
  });

  it('tells what was changed since', async () => {
    await lab.sh(
      'c1',
      'pcs node unstandby r2 && pcs resource meta r2 resource-stickiness=60 --force',
    );
    const { changes } = await detailedPlan(lab, file());
    assert.deepEqual(ownChanges(changes), [
      'r2 connection-resource resource-stickiness',
      'r2 node-state standby',
    ]);
  });
});
