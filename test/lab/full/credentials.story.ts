/** Another authkey, certificates and another authority, with Pacemakers that do it in different ways: 3.0.3 and 2.1.5. */
import assert from 'node:assert/strict';
import { inOrder } from '../../support/in-order.ts';
import {
  assertHeldIsOnly,
  certificatesUsed,
  connectedClusters,
  inventoryFor,
  keysOn,
  quietly,
  sideBySide,
  type CredentialCluster,
} from '../credential-cluster.ts';
import { labDown } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  argvOf,
  assertInSync,
  environmentIn,
  isStarted,
  plan,
  settled,
  type Finished,
} from '../outrigger.ts';
import { makePki } from '../pki.ts';
import { assertNothingLeft } from '../story-run.ts';
import { waitFor } from '../wait.ts';
import { photograph } from '../workload.ts';

const CONVERT = ['--allow', 'credentials-converted'];

const rotate = (lab: Lab, inventory: string): Promise<Finished> =>
  lab.control(argvOf(['rotate', 'authkey', '--yes', '-i', inventory]), {
    env: environmentIn(lab),
    timeoutMs: 300_000,
  });

/** When Pacemaker on the cluster nodes was started, by its process. */
const startedOn = (lab: Lab): Promise<string[]> =>
  Promise.all(
    ['c1', 'c2'].map((host) => lab.sh(host, 'systemctl show -p MainPID --value pacemaker')),
  );

/** All hold another authkey afterwards; gives the clusters' Pacemakers before and after. */
async function rotated({
  lab,
  withKey,
}: CredentialCluster): Promise<{ before: string[]; after: string[]; stdout: string }> {
  const [old] = await keysOn(lab);
  const before = await startedOn(lab);
  let said = '';
  await quietly(lab, withKey, async () => {
    const result = await rotate(lab, withKey);
    said = result.stdout;
    assert.equal(result.code, 0, result.stderr + said);
  });
  const keys = new Set(await keysOn(lab));
  assert.equal(keys.size, 1);
  assert.ok(!keys.has(old ?? '') && !keys.has(''));
  return { before, after: await startedOn(lab), stdout: said };
}

/** Two clusters of a suite, one with fencing and one without. */
function twoOf(context: Mocha.Context, name: string, suite: string): Promise<CredentialCluster[]> {
  return connectedClusters(
    context,
    [true, false].map((fencing) => ({
      name: nameOf(name, fencing),
      suite,
      fencing,
      bareHosts: 2,
    })),
  );
}

const nameOf = (name: string, fencing: boolean): string => (fencing ? name : `${name}-off`);

const bothDown = async (name: string): Promise<void> => {
  for (const fencing of [true, false]) await labDown(nameOf(name, fencing));
};

describe('credentials with a Pacemaker that keeps the authkey for life', function () {
  inOrder(this); // each step stands on the one before
  const name = 'story-keeps-key';
  let clusters: CredentialCluster[] = [];

  before(async function () {
    clusters = await twoOf(this, name, 'sid');
  });

  after(async () => {
    await bothDown(name);
  });

  it('get another authkey by a restart of Pacemaker on each cluster node', async () => {
    await sideBySide(clusters, async (cluster) => {
      const { before, after, stdout } = await rotated(cluster);
      assert.match(stdout, /Pacemaker is restarted on c\[1-2\]/);
      for (const [index, pid] of before.entries()) assert.notEqual(after[index], pid);
    });
  });

  it('become certificates', async () => {
    await sideBySide(clusters, async ({ lab, withCertificates }) => {
      await quietly(lab, withCertificates, async () => {
        await applied(lab, 0, ['-i', withCertificates, ...CONVERT]);
      });
      assert.deepEqual(new Set(await certificatesUsed(lab)), new Set(['4']));
    });
  });

  it('become those of another authority', async () => {
    await sideBySide(clusters, async ({ lab }) => {
      const { authentication } = await makePki(lab, ['c1', 'c2', 'h1', 'h2', 'g1']);
      const second = inventoryFor(lab, authentication);
      const { risks } = await plan(lab, second);
      assert.deepEqual(
        risks.map(({ code }) => code),
        ['ca-replaced'],
      );
      await quietly(lab, second, async () => {
        await applied(lab, 0, ['-i', second, '--allow', 'ca-replaced']);
      });
    });
  });

  it('become an authkey again', async () => {
    await sideBySide(clusters, async ({ lab, withKey }) => {
      await quietly(lab, withKey, async () => {
        await applied(lab, 0, ['-i', withKey, ...CONVERT]);
      });
      assert.deepEqual(new Set(await certificatesUsed(lab)), new Set(['0']));
      assert.equal(new Set(await keysOn(lab)).size, 1);
    });
  });
});

describe('credentials with a Pacemaker that reads the authkey again after a minute', function () {
  inOrder(this);
  const name = 'story-reads-key';
  let clusters: CredentialCluster[] = [];

  before(async function () {
    clusters = await twoOf(this, name, 'bookworm');
  });

  after(async () => {
    await bothDown(name);
  });

  it('get another authkey without a restart of Pacemaker', async () => {
    await sideBySide(clusters, async (cluster) => {
      const { before, after, stdout } = await rotated(cluster);
      assert.doesNotMatch(stdout, /Pacemaker is restarted on c/);
      assert.deepEqual(after, before);
    });
  });

  it('get another one while a host is down, which follows with the next apply', async () => {
    // Without fencing a host that is switched off stays so.
    const { lab, withKey } = clusters[1] ?? assert.fail();
    const before = await photograph(lab);
    await lab.power('h2', 'off');
    await waitFor(
      'h2 is offline',
      120_000,
      async () => /<node name="h2" [^>]*online="false"/.test(await lab.crmMon()) || 'not yet',
    );
    const { code, stdout, stderr } = await rotate(lab, withKey);
    assert.equal(code, 3, stderr + stdout);
    assert.match(
      stdout,
      /h2 gives no answer, stays unchanged and unmanaged until an apply reaches it/,
    );
    await assertHeldIsOnly(lab, 'h2');
    await lab.power('h2', 'on');
    await lab.ready('h2');
    assert.equal(new Set(await keysOn(lab)).size, 2);
    await applied(lab, 0, ['-i', withKey]);
    await settled(lab);
    for (const node of ['h1', 'h2', 'g1']) assert.ok(await isStarted(lab, node), node);
    assert.equal(new Set(await keysOn(lab)).size, 1);
    assert.deepEqual(await photograph(lab), before);
    await assertNothingLeft(lab);
    await assertInSync(lab, withKey);
  });
});
