/** A real virtual machine, QEMU under ocf:heartbeat:VirtualDomain, becomes a guest node without being touched. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { inOrder } from '../../support/in-order.ts';
import { groupPids } from '../cgroups.ts';
import { remnants } from '../down.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  assertQuiet,
  configurationOf,
  isStarted,
  plan,
  settled,
  tracesOf,
  writeInventory,
} from '../outrigger.ts';
import { makePki } from '../pki.ts';
import { actionsIn, assertNothingLeft, assertNothingToDo, skipWithoutLab } from '../story-run.ts';
import { waitFor } from '../wait.ts';
import { startOn } from '../workload.ts';

const NAME = 'story-qemu';
const MACHINE = {
  connectTimeout: '90s',
  guestNodes: [{ name: 'q1', host: 'q1', resource: 'vm-q1', connectTimeout: '60s' }],
};
const ALLOW = ['--allow', 'guest-joins'];
/** An emulated processor, on a machine that may have other work. */
const STEP_LIMIT_MS = 30 * 60_000;

/** Empty for a process that is gone, and for one that is dead and only waits for whoever started it. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

describe('a QEMU machine under VirtualDomain', function () {
  this.timeout(STEP_LIMIT_MS);
  inOrder(this); // each step stands on the one before
  let lab: Lab;
  let inventory: string;
  let born: Life;

  before(async function () {
    this.timeout(2 * STEP_LIMIT_MS); // the images may have to be built first
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, bareHosts: 0, domains: 1, replace: true });
    await lab.ready('q1');
    inventory = writeInventory(lab, MACHINE);
    // The agent's first monitor writes what the machine needs into the CIB (utilization).
    await waitFor('the agent has told what the machine needs', 120_000, async () => {
      const { code } = await lab.exec('c1', 'cibadmin -Q | grep -q vm-q1-utilization-hv_memory');
      return code === 0 || 'no utilization';
    });
    await settled(lab);
    born = await lifeOf();
  });

  after(async () => {
    await labDown(NAME);
  });

  /** The cluster node that libvirt runs the machine on. */
  async function owner(): Promise<'c1' | 'c2'> {
    const running = await Promise.all(
      (['c1', 'c2'] as const).map(async (node) => {
        const domains = await lab.sh(node, 'virsh --connect qemu:///system list --name');
        return domains.split('\n').includes('q1') ? [node] : [];
      }),
    );
    const [node, ...more] = running.flat();
    assert.deepEqual(more, [], 'it runs twice');
    return node ?? assert.fail('it runs nowhere');
  }

  /** What changes when a machine is stopped, started, moved or booted. */
  type Life = { node: string; boot: string; process: string; starts: string; stops: string };

  async function lifeOf(): Promise<Life> {
    const node = await owner();
    const history = (operation: string) =>
      lab.sh(
        'c1',
        `cibadmin -Q | grep -o '<lrm_rsc_op id="vm-q1_${operation}_0"[^>]*' | grep -o 'last-rc-change="[0-9]*"' || true`,
      );
    return {
      node,
      boot: await lab.sh('q1', 'cat /proc/sys/kernel/random/boot_id'),
      process: await lab.sh(
        node,
        'ps -o pid=,lstart= -p $(cat /run/libvirt/qemu/q1.pid) && virsh --connect qemu:///system domid q1',
      ),
      starts: await history('start'),
      stops: await history('stop'),
    };
  }

  async function assertUntouched(): Promise<void> {
    assert.deepEqual(await lifeOf(), born);
    await assertQuiet(lab);
  }

  it('whose clock is two days behind is told of, and gets no certificate', async () => {
    const { authentication } = await makePki(lab, ['c1', 'c2', 'q1']);
    const withCertificates = writeInventory(lab, { ...MACHINE, authentication });
    assert.deepEqual((await plan(lab, withCertificates)).problems, []);
    await lab.sh('q1', 'date --set "2 days ago"');
    const behind = await plan(lab, withCertificates);
    assert.deepEqual(
      behind.problems.map(({ host, code }) => `${host} ${code}`),
      ['q1 CLOCK_WRONG'],
    );
    assert.ok(behind.notes.some((note) => /^q1: its clock is 17\d{4} s behind/.test(note)));
    await lab.sh('q1', 'date --set "2 days"');
    assert.deepEqual((await plan(lab, withCertificates)).problems, []);
  });

  it('that one cluster node cannot reach is found before the CIB is touched', async () => {
    const other = born.node === 'c1' ? 'c2' : 'c1';
    const { changes, risks } = await plan(lab, inventory);
    assert.ok(changes.some(({ host, item }) => host === 'q1' && item === 'guest-node'));
    assert.deepEqual(
      risks.map(({ code }) => code),
      ['guest-joins'],
    );
    const configured = await configurationOf(lab);
    await lab.block(other, 'q1', 3121);
    const { failures, stdout } = await applied(lab, 4, ['-i', inventory, ...ALLOW]);
    assert.match(
      failures['q1'] ?? stdout,
      new RegExp(`10\\.77\\.3\\.1 port 3121 cannot be reached from ${other}$`),
    );
    await lab.unblock(other, 'q1', 3121);
    assert.equal(await configurationOf(lab), configured);
    assert.deepEqual(await tracesOf(lab, 'q1'), []);
    await assertUntouched();
  });

  it('is a guest node after one apply, and a second does nothing', async () => {
    const { lines } = await applied(lab, 0, ['-i', inventory, ...ALLOW]);
    assert.ok(actionsIn(lines).some((step) => step.startsWith('q1 guest-node ')));
    assert.ok(await isStarted(lab, 'q1'));
    await assertNothingToDo(lab, inventory);
    const again = await applied(lab, 0, ['-i', inventory]);
    assert.deepEqual(actionsIn(again.lines), []);
    await assertNothingLeft(lab);
    await assertUntouched();
  });

  it('runs resources of the cluster', async () => {
    await startOn(lab, 'inside', 'q1');
    assert.match(await lab.sh('q1', 'cat /var/log/lab-agent.log'), /^start inside$/m);
    await settled(lab);
    await assertNothingToDo(lab, inventory);
    await assertUntouched();
  });

  it('goes when the lab is taken down, and leaves nothing behind', async () => {
    const pids = groupPids([NAME]);
    const isMachine = (pid: number) => commandLine(pid).startsWith('/usr/bin/qemu-system');
    assert.equal(pids.filter(isMachine).length, 1);
    await labDown(NAME);
    assert.deepEqual(remnants(NAME), []);
    assert.deepEqual(pids.map(commandLine).filter(Boolean), []);
  });
});
