/** Another authkey, certificates and another authority, with Pacemakers that do it in different ways: 3.0.3 and 2.1.5. */
import assert from 'node:assert/strict';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  argvOf,
  assertInSync,
  assertQuiet,
  environmentIn,
  isStarted,
  plan,
  settled,
  writeInventory,
  type Finished,
} from '../outrigger.ts';
import { makePki } from '../pki.ts';
import { assertNothingLeft, skipWithoutLab } from '../story-run.ts';
import { waitFor } from '../wait.ts';
import { photograph, startOn } from '../workload.ts';

const KIND = { clusterNodes: 2, bareHosts: 2, firewalld: 0 };
const NODES = ['h1', 'h2'];

const inventoryOf = (lab: Lab, authentication: Record<string, unknown> = { method: 'psk' }) =>
  writeInventory(lab, {
    remoteNodes: NODES.map((name) => ({ name, host: name })),
    authentication,
  });

const rotate = (lab: Lab, inventory: string): Promise<Finished> =>
  lab.control(argvOf(['rotate', 'authkey', '--yes', '-i', inventory]), {
    env: environmentIn(lab),
    timeoutMs: 300_000,
  });

const keyOf = (lab: Lab, host: string): Promise<string> =>
  lab.sh(host, 'sha256sum </etc/pacemaker/authkey');

async function setUp(context: Mocha.Context, name: string, suite: string, fencing: boolean) {
  context.timeout(15 * 60_000); // the images may have to be built first
  skipWithoutLab(context);
  const lab = await labUp({ name, replace: true, suite, fencing, ...KIND });
  await lab.sh('c1', 'crm_attribute --type rsc_defaults -n resource-stickiness -v 1000');
  await applied(lab, 0, ['-i', inventoryOf(lab)]);
  await startOn(lab, 'd1', 'h1');
  await startOn(lab, 'd2', 'c2');
  return lab;
}

/** Does something to the cluster that no resource notices. */
async function quietly(lab: Lab, inventory: string, work: () => Promise<void>): Promise<void> {
  const before = await photograph(lab);
  await work();
  await settled(lab);
  for (const name of NODES) assert.ok(await isStarted(lab, name), name);
  assert.deepEqual(await photograph(lab), before);
  await assertQuiet(lab);
  await assertNothingLeft(lab);
  await assertInSync(lab, inventory);
}

describe('credentials with a Pacemaker that keeps the authkey for life', function () {
  this.timeout(420_000); // several times what a quiet machine takes
  inOrder(this); // each step stands on the one before
  const name = 'story-keeps-key';
  let lab: Lab;

  before(async function () {
    lab = await setUp(this, name, 'sid', true);
  });

  after(async () => {
    await labDown(name);
  });

  it('get another authkey by a restart of Pacemaker on each cluster node', async () => {
    const inventory = inventoryOf(lab);
    const before = await keyOf(lab, 'c1');
    const started = () => lab.sh('c1', 'systemctl show -p MainPID --value pacemaker');
    const pid = await started();
    await quietly(lab, inventory, async () => {
      const { code, stdout, stderr } = await rotate(lab, inventory);
      assert.equal(code, 0, stderr + stdout);
      assert.match(stdout, /Pacemaker is restarted on c\[1-2\]/);
    });
    assert.notEqual(await keyOf(lab, 'c1'), before);
    assert.equal(await keyOf(lab, 'h2'), await keyOf(lab, 'c1'));
    assert.notEqual(await started(), pid);
  });

  it('become certificates, then those of another authority, then an authkey again', async () => {
    const convert = ['--allow', 'credentials-converted'];
    const first = inventoryOf(lab, (await makePki(lab, ['c1', 'c2', ...NODES])).authentication);
    await quietly(lab, first, async () => {
      await applied(lab, 0, ['-i', first, ...convert]);
    });
    const second = inventoryOf(lab, (await makePki(lab, ['c1', 'c2', ...NODES])).authentication);
    const { risks } = await plan(lab, second);
    assert.deepEqual(
      risks.map(({ code }) => code),
      ['authority-replaced'],
    );
    await quietly(lab, second, async () => {
      await applied(lab, 0, ['-i', second, '--allow', 'authority-replaced']);
    });
    const third = inventoryOf(lab);
    await quietly(lab, third, async () => {
      await applied(lab, 0, ['-i', third, ...convert]);
    });
  });
});

describe('credentials with a Pacemaker that reads the authkey again after a minute', function () {
  this.timeout(420_000);
  inOrder(this);
  const name = 'story-reads-key';
  let lab: Lab;

  before(async function () {
    // Without fencing a host that is switched off stays so.
    lab = await setUp(this, name, 'bookworm', false);
  });

  after(async () => {
    await labDown(name);
  });

  it('get another authkey without a restart of Pacemaker', async () => {
    const inventory = inventoryOf(lab);
    const before = await keyOf(lab, 'c1');
    await quietly(lab, inventory, async () => {
      const { code, stdout, stderr } = await rotate(lab, inventory);
      assert.equal(code, 0, stderr + stdout);
      assert.doesNotMatch(stdout, /Pacemaker is restarted/);
    });
    assert.notEqual(await keyOf(lab, 'c1'), before);
  });

  it('get another one while a host is down, which follows with the next apply', async () => {
    const inventory = inventoryOf(lab);
    const before = await photograph(lab);
    await lab.power('h2', 'off');
    await waitFor(
      'h2 is offline',
      120_000,
      async () => /<node name="h2" [^>]*online="false"/.test(await lab.crmMon()) || 'not yet',
    );
    const { code, stdout, stderr } = await rotate(lab, inventory);
    assert.equal(code, 3, stderr + stdout);
    assert.match(stdout, /h2 gives no answer, and stays as it is/);
    await lab.power('h2', 'on');
    await lab.ready('h2');
    assert.notEqual(await keyOf(lab, 'h2'), await keyOf(lab, 'c1'));
    await applied(lab, 0, ['-i', inventory]);
    await settled(lab);
    for (const node of NODES) assert.ok(await isStarted(lab, node), node);
    assert.equal(await keyOf(lab, 'h2'), await keyOf(lab, 'c1'));
    assert.deepEqual(await photograph(lab), before);
    await assertNothingLeft(lab);
    await assertInSync(lab, inventory);
  });
});
