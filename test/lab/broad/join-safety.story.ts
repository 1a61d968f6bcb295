/** With fencing on, whatever goes wrong while nodes join: nobody's power is cut, and the next apply finishes the job. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  assertInSync,
  assertQuiet,
  clusterStatus,
  configurationOf,
  drift,
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
  h5: ['opt1'],
};

/** Options that hold by a rule, which the text of the CIB alone does not tell. */
const BY_RULE = `<cluster_property_set id="by-rule" score="1"><rule id="by-rule-r" score="INFINITY">
  <date_expression id="by-rule-d" operation="gt" start="2001-01-01"/></rule>
  <nvpair id="by-rule-m" name="maintenance-mode" value="true"/></cluster_property_set>`;

/** Lets both cluster nodes run everything in an opt-in cluster. */
const ALLOW = ['c1', 'c2'].map(
  (node) => `<rsc_location id="all-on-${node}" rsc-pattern=".*" node="${node}" score="0"/>`,
);

const OPT_IN =
  'the cluster is opt-in (symmetric-cluster=false), and no location constraint allows it on any of them';

const ready = (host: string) => (line: Line) =>
  line.type === 'verdict' && line.host === host && line.item === 'service';

describe('joining is safe while fencing is on', function () {
  let lab: Lab;

  before(async function () {
    skipWithoutLab(this);
    const remoteNames = Object.fromEntries(
      Object.entries(NAMES).flatMap(([host, names]) => names.map((name) => [name, host])),
    );
    lab = await labUp({ name: NAME, replace: true, bareHosts: 5, firewalld: 0, remoteNames });
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
    assert.equal(key?.attributes[0]?.before, 'differs from c1');
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

  it('refuses a host whose name differs only in case from a node that is in', async () => {
    const epoch = await epochOf(lab);
    const inventory = writeInventory(lab, { remoteNodes: [{ name: 'DEBIAN1', host: 'h1' }] });
    const { problems, changes, code } = await plan(lab, inventory);
    assert.deepEqual([problems[0]?.code, changes, code], ['NAME_TAKEN', [], 5]);
    await applied(lab, 5, ['-i', inventory]);
    assert.equal(await epochOf(lab), epoch);
    // Whatever went wrong before: a twin of a connected node is not forgotten.
    const forget = readFileSync('src/host/scripts/cluster/forget-nodes.sh', 'utf8');
    const refused = await lab.sh('c1', `set -- DEBIAN1\n( ${forget} ) 2>&1 || true`);
    assert.match(refused, /^DEBIAN1 is not forgotten/);
    assert.equal(await isStarted(lab, 'debian1'), true);
    await assertQuiet(lab);
  });

  /** Sets a cluster option, and waits until everything has followed it. */
  const setOption = async (name: string, value: string): Promise<void> => {
    const how = value === '' ? '--delete' : `-v ${value}`;
    await lab.sh('c1', `crm_attribute --type crm_config -n ${name} ${how}`);
    await settled(lab);
  };

  /** Waits until a connection is started, or is not, and nothing is under way. */
  const until = async (name: string, started: boolean): Promise<void> => {
    await waitFor(
      `the connection of ${name} is ${started ? '' : 'not '}started`,
      60_000,
      async () => {
        return (await isStarted(lab, name)) === started || 'not yet';
      },
    );
    await settled(lab);
  };

  it('reads options as the cluster itself uses them', async () => {
    const inventory = writeInventory(lab, { remoteNodes: [{ name: 'debian1', host: 'h4' }] });
    await setOption('fencing-enabled', 'false'); // 3.0.0 ignores that name
    assert.deepEqual(await clusterStatus(lab, inventory), { fencing: true, maintenance: false });
    const { fencing } = await plan(lab, inventory);
    assert.deepEqual(
      fencing.map(({ node, devices }) => [node, devices]),
      [['debian1', ['fencing']]],
    );
    await setOption('fencing-enabled', '');
    await lab.sh('c1', `cibadmin --create -o crm_config -X '${BY_RULE}'`);
    await settled(lab);
    assert.deepEqual(await clusterStatus(lab, inventory), { fencing: true, maintenance: true });
    await lab.sh('c1', `cibadmin --delete -o crm_config -X '<cluster_property_set id="by-rule"/>'`);
    await settled(lab);
    assert.deepEqual(await clusterStatus(lab, inventory), { fencing: true, maintenance: false });
    await assertQuiet(lab);
  });

  it('tells why no connection starts in an opt-in cluster, and joins once it may', async () => {
    const known = { name: 'debian1', host: 'h4' };
    const inventory = writeInventory(lab, { remoteNodes: [known] });
    const both = writeInventory(lab, { remoteNodes: [known, { name: 'opt1', host: 'h5' }] });
    await setOption('symmetric-cluster', 'false');
    await until('debian1', false);
    const epoch = await epochOf(lab);
    const { problems, changes, notes, code } = await plan(lab, both);
    assert.deepEqual(
      problems.map((problem) => [problem.host, problem.code, problem.message]),
      [['opt1', 'NOT_STARTED', `no cluster node may run the connection of opt1: ${OPT_IN}`]],
    );
    assert.deepEqual([changes, code], [[], 5]);
    assert.ok(notes.includes(`debian1: its connection is unchanged: ${OPT_IN}`), notes.join('\n'));
    assert.match(problems[0]?.hint ?? '', /^add location constraints that let cluster nodes run/);
    await applied(lab, 5, ['-i', both]);
    const { drifted, names } = await drift(lab, 2, ['-i', inventory]);
    assert.deepEqual(names, ['debian1 connection state: not-online']);
    assert.equal(drifted[0]?.reason, `its connection is unchanged: ${OPT_IN}`);
    assert.equal(await epochOf(lab), epoch);
    for (const constraint of ALLOW)
      await lab.sh('c1', `cibadmin --create -o constraints -X '${constraint}'`);
    await until('debian1', true);
    await applied(lab, 0, ['-i', both]);
    assert.equal(await isStarted(lab, 'opt1'), true);
    await assertInSync(lab, both);
    await assertQuiet(lab);
  });

  it('tells that all resources are stopped, and leaves what is in as it is', async () => {
    const inventory = writeInventory(lab, { remoteNodes: [{ name: 'debian1', host: 'h4' }] });
    const why = 'debian1: its connection is unchanged: stop-all-resources is on';
    await setOption('stop-all-resources', 'true');
    await until('debian1', false);
    const { problems, changes, notes } = await plan(lab, inventory);
    assert.deepEqual([problems, changes], [[], []]);
    assert.ok(notes.includes(why), notes.join('\n'));
    const { drifted } = await drift(lab, 2, ['-i', inventory]);
    assert.deepEqual(
      drifted.map(({ host, reason }) => `${host}: ${reason ?? ''}`),
      [why, 'opt1: the cluster has it as a remote node, but the inventory does not name it'],
    );
    await setOption('stop-all-resources', '');
    await setOption('symmetric-cluster', 'true');
    await lab.sh('c1', `cibadmin --delete-all --force --xpath '//rsc_location[@rsc-pattern]'`);
    await until('debian1', true);
    await assertInSync(lab, inventory);
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
    assert.match(failures['key1'] ?? '', /does not have the cluster's authkey/);
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
    assert.match(
      failures['late1'] ?? '',
      /^node-online: .*start on c[12].*; the join was rolled back$/,
    );
    assert.deepEqual(await tracesOf(lab, 'late1'), []);
    await assertQuiet(lab);
    await Promise.all(['c1', 'c2'].map((member) => lab.unblock(member, 'h3', 3121)));
  });

  it('joins past a cluster node that is down only when that is allowed', async () => {
    await lab.sh('c2', 'systemctl stop pacemaker corosync');
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
