/** With fencing on, whatever goes wrong while nodes join: nobody's power is cut, and the next apply finishes the job. */
import assert from 'node:assert/strict';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  assertInSync,
  assertQuiet,
  configurationOf,
  epochOf,
  fenced,
  isStarted,
  plan,
  settled,
  tracesOf,
  writeInventory,
} from '../outrigger.ts';
import type { Line } from '../outrigger.ts';
import {
  breakDaemon,
  failForced,
  forceFailure,
  installByHand,
  mendDaemon,
  swapKey,
  unforce,
} from '../sabotage.ts';
import { skipWithoutLab } from '../story-run.ts';
import { waitFor } from '../wait.ts';

const NAME = 'story-join';

/** Only a name that the CIB has never seen tells anything: Pacemaker is gentler to one that it knows. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  h1: ['key1', 'x1', 'x2', 'x3'],
  h2: ['path1', 'y1', 'y2', 'y3'],
  h3: ['dead1', 'late1'],
  h4: ['debian1'],
};

const ready = (host: string) => (line: Line) =>
  line.type === 'verdict' && line.host === host && line.item === 'service';

describe('joining is safe while fencing is on', function () {
  let lab: Lab;

  before(async function () {
    skipWithoutLab(this);
    const remoteNames = Object.fromEntries(
      Object.entries(NAMES).flatMap(([host, names]) => names.map((name) => [name, host])),
    );
    lab = await labUp({ name: NAME, replace: true, bareHosts: 4, firewalld: 0, remoteNames });
  });

  after(async () => {
    await labDown(NAME);
  });

  it('refuses a host that belongs to a cluster, and takes nothing from it', async () => {
    const inventory = writeInventory(lab, {
      clusterNodes: ['c1'],
      remoteNodes: [{ name: 'late1', host: 'c2' }],
    });
    const before = await lab.sh('c2', 'dpkg-query -W; sha256sum /etc/pacemaker/authkey');
    const epoch = await epochOf(lab);
    const { problems, changes, code } = await plan(lab, inventory);
    assert.deepEqual([problems[0]?.code, changes, code], ['HOST_IS_CLUSTER_NODE', [], 5]);
    await applied(lab, 5, ['-i', inventory]);
    assert.equal(await lab.sh('c2', 'dpkg-query -W; sha256sum /etc/pacemaker/authkey'), before);
    assert.equal(await epochOf(lab), epoch);
  });

  it('replaces the random key of a package that was installed by hand, and joins', async () => {
    await installByHand(lab, 'h4');
    const own = await lab.sh('h4', 'sha256sum </etc/pacemaker/authkey');
    const inventory = writeInventory(lab, { remoteNodes: [{ name: 'debian1', host: 'h4' }] });
    const { changes } = await plan(lab, inventory);
    const key = changes.find(({ host, item }) => host === 'debian1' && item === 'authkey');
    assert.equal(key?.attributes[0]?.before, 'another key');
    const service = changes.find(({ host, item }) => host === 'debian1' && item === 'service');
    assert.deepEqual([service?.restart, service?.isConsequence], ['restart', true]);
    await applied(lab, 0, ['-i', inventory]);
    const now = await lab.sh('h4', 'sha256sum </etc/pacemaker/authkey');
    assert.notEqual(now, own);
    assert.equal(await lab.sh('c2', 'sha256sum </etc/pacemaker/authkey'), now);
    await assertInSync(lab, inventory);
    assert.equal(await isStarted(lab, 'debian1'), true);
    await assertQuiet(lab);
  });

  it('finds a wrong key, a closed path and a dead daemon before the CIB is touched', async () => {
    const sick = [
      { name: 'key1', host: 'h1' },
      { name: 'path1', host: 'h2' },
      { name: 'dead1', host: 'h3' },
    ];
    await lab.block('c2', 'h2', 3121);
    await breakDaemon(lab, 'h3');
    const inventory = writeInventory(lab, { remoteNodes: sick });
    const configured = await configurationOf(lab);
    const { failures } = await applied(lab, 4, ['-i', inventory, '--batch', '100%'], {
      when: ready('key1'),
      meddle: async () => {
        await swapKey(lab, 'h1');
      },
    });
    assert.match(failures['key1'] ?? '', /does not hold the cluster's authkey/);
    assert.match(failures['path1'] ?? '', /10\.77\.1\.2 port 3121 cannot be reached from c2$/);
    assert.match(failures['dead1'] ?? '', /does not listen on port 3121/);
    assert.equal(await configurationOf(lab), configured);
    for (const { name } of sick) assert.deepEqual(await tracesOf(lab, name), []);
    await assertQuiet(lab);
    await lab.unblock('c2', 'h2', 3121);
    await mendDaemon(lab, 'h3');
  });

  it('takes failed joins back without fencing, and joins once the cause is gone', async () => {
    const pair = (run: number) => [
      { name: `x${run}`, host: 'h1' },
      { name: `y${run}`, host: 'h2' },
    ];
    await Promise.all(['h1', 'h2'].map((host) => forceFailure(lab, host)));
    for (const run of [1, 2, 3]) {
      const inventory = writeInventory(lab, { remoteNodes: pair(run) });
      await failForced(lab, inventory, [`x${run}`, `y${run}`]);
    }
    await Promise.all(['h1', 'h2'].map((host) => unforce(lab, host)));
    const inventory = writeInventory(lab, { remoteNodes: pair(3) });
    await applied(lab, 0, ['-i', inventory, '--batch', '100%']);
    await assertInSync(lab, inventory);
    await assertQuiet(lab);
  });

  it('takes a join back whose path was cut after the checks', async () => {
    const node = { name: 'late1', host: 'h3', operations: { start: { timeout: '10s' } } };
    const inventory = writeInventory(lab, { remoteNodes: [node] });
    const { failures } = await applied(lab, 4, ['-i', inventory], {
      when: (line) => line.type === 'play-started' && line.play === 'Connect',
      meddle: async () => {
        await Promise.all(['c1', 'c2'].map((member) => lab.block(member, 'h3', 3121)));
      },
    });
    assert.match(failures['late1'] ?? '', /^truly-in: .*start on c[12].*; the join was undone$/);
    assert.deepEqual(await tracesOf(lab, 'late1'), []);
    await assertQuiet(lab);
    await Promise.all(['c1', 'c2'].map((member) => lab.unblock(member, 'h3', 3121)));
  });

  it('joins past a cluster node that is down only when that is allowed', async () => {
    await lab.sh('c2', 'systemctl stop pacemaker corosync', { timeoutMs: 60_000 });
    await lab.power('c2', 'off');
    const inventory = writeInventory(lab, { remoteNodes: [{ name: 'dead1', host: 'h3' }] });
    // Refused (5) and incomplete (3): when both hold, 3 wins.
    const refused = await applied(lab, 3, ['-i', inventory]);
    assert.match(refused.stderr, /cluster-node-unreachable: .*\(c2\)/);
    assert.deepEqual(await tracesOf(lab, 'dead1'), []);
    await applied(lab, 3, ['-i', inventory, '--allow', 'cluster-node-unreachable']);
    assert.equal(await isStarted(lab, 'dead1'), true);
    await lab.power('c2', 'on');
    await lab.ready('c2');
    await lab.clusterReady();
    await settled(lab);
    await assertInSync(lab, inventory);
    await assertQuiet(lab);
  });

  it('tries a failed connection again without a second fencing, whether the cause is gone or not', async () => {
    const inventory = writeInventory(lab, { remoteNodes: [{ name: 'debian1', host: 'h4' }] });
    await forceFailure(lab, 'h4');
    await lab.sh('c1', 'crm_resource --refresh -r debian1');
    // The cluster's own doing: the guard is for joins and repairs, not for good.
    await waitFor('the cluster fences it', 60_000, async () => {
      return (await fenced(lab)).includes('h4') || 'not yet';
    });
    await lab.ready('h4');
    await settled(lab);
    const { failures } = await applied(lab, 4, ['-i', inventory]);
    assert.match(failures['debian1'] ?? '', /is blocked \(start on c[12]: Key was rejected/);
    await unforce(lab, 'h4');
    await applied(lab, 0, ['-i', inventory]);
    await assertInSync(lab, inventory);
    assert.deepEqual(await fenced(lab), ['h4']);
  });
});
