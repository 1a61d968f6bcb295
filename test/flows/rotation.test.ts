import assert from 'node:assert/strict';
import { OutriggerError } from '../../src/support/errors.ts';
import { apply, editsOf, planOf, useStateFolder } from '../support/apply-lab.ts';
import {
  beginMaintenance,
  isHeldInMaintenance,
  protect,
} from '../../src/pacemaker/procedures/edit.ts';
import { CLUSTER_KEY, FakeLab } from '../support/fake-lab.ts';
import type { HostTrouble } from '../support/host-trouble.ts';

const NODES = ['h1', 'h2'];
const HOSTS = ['c1', 'c2', ...NODES];
/** What a cluster node of 3.0.1 and before remembers of a key, and some more. */
const CACHE_MS = 63_000;

describe('a new authkey', () => {
  useStateFolder();

  /** A cluster that is connected to its nodes, and has forgotten how that came about. */
  async function connected(trouble: Readonly<Record<string, HostTrouble>> = {}): Promise<FakeLab> {
    const lab = new FakeLab(NODES, trouble);
    assert.deepEqual([...(await apply(lab)).failed], []);
    lab.forget();
    return lab;
  }

  const protectedIn = (lab: FakeLab): string[] =>
    [...lab.cib.remoteConnections.values()].filter(({ quiet }) => quiet).map(({ id }) => id);

  /** What was done by the time that a run began to wait, and for how long it would have. */
  interface Wait {
    readonly milliseconds: number;
    readonly keys: readonly (string | undefined)[];
    readonly isProtected: readonly string[];
    readonly restarted: readonly string[];
  }

  const waitIn = (lab: FakeLab, milliseconds: number): Wait => ({
    milliseconds,
    keys: HOSTS.map((name) => lab.keyOf(name)),
    isProtected: protectedIn(lab),
    restarted: NODES.filter((name) => lab.host(name).ran.includes('start-service')),
  });

  /** By whichever clock: what is compared was told by one host. */
  const CLOCKS: readonly (readonly [string, Readonly<Record<string, HostTrouble>>])[] = [
    ['', {}],
    [
      ', clocks an hour ahead and a day behind',
      {
        c1: { clockAhead: 3600 },
        c2: { clockAhead: -86_400 },
        h1: { clockAhead: -3600 },
        h2: { clockAhead: 86_400 },
      },
    ],
  ];

  for (const [clocks, trouble] of CLOCKS)
    it(`is on every host and out of every memory before a connection is made with it${clocks}`, async () => {
      const lab = await connected(trouble);
      const waits: Wait[] = [];
      const { failed, stopped, events } = await apply(lab, {
        rotates: true,
        allowed: ['authkey-replaced'],
        pause: (milliseconds) => {
          waits.push(waitIn(lab, milliseconds));
          lab.pass(milliseconds);
          return Promise.resolve();
        },
      });
      assert.deepEqual([[...failed], stopped], [[], undefined]);
      const [{ milliseconds, keys, isProtected, restarted } = assert.fail('no wait'), ...more] =
        waits;
      assert.deepEqual(more, []);
      assert.ok(milliseconds > CACHE_MS - 3000 && milliseconds <= CACHE_MS, String(milliseconds));
      assert.equal(new Set(keys).size, 1);
      assert.notEqual(keys[0], CLUSTER_KEY.toString('hex'));
      assert.deepEqual([isProtected, restarted], [NODES, NODES]);
      const reported = events.flatMap((event) =>
        event.type === 'waiting' && event.message.includes('drop the previous authkey')
          ? [event.limitSeconds]
          : [],
      );
      assert.deepEqual(reported, [milliseconds / 1000]);
      assert.deepEqual(protectedIn(lab), []);
      assert.deepEqual((await planOf(lab)).plan.inSync, HOSTS);
      assert.ok(!lab.host('c1').ran.includes('restart-pacemaker'));
    });

  it('that a run left in the middle of the wait is the one that the next apply goes on with', async () => {
    const lab = await connected();
    const dies = new Error('killed');
    const { stopped } = await apply(lab, {
      rotates: true,
      allowed: ['authkey-replaced'],
      pause: () => Promise.reject(dies),
    });
    assert.equal(stopped, dies);
    assert.deepEqual(protectedIn(lab), NODES);
    const written = lab.keyOf('c1');
    lab.forget();
    const waits: Wait[] = [];
    const second = await apply(lab, {
      batch: [1],
      pause: (milliseconds) => {
        waits.push(waitIn(lab, milliseconds));
        lab.pass(milliseconds);
        return Promise.resolve();
      },
    });
    assert.deepEqual([[...second.failed], second.stopped], [[], undefined]);
    assert.deepEqual(
      waits.map(({ isProtected, restarted }) => [isProtected, restarted]),
      [[NODES, []]],
    );
    assert.deepEqual(new Set(HOSTS.map((name) => lab.keyOf(name))), new Set([written]));
    assert.deepEqual(protectedIn(lab), []);
    assert.deepEqual((await planOf(lab)).plan.inSync, HOSTS);
  });

  it("is not made where it would take the place of Corosync's own key", async () => {
    const lab = await connected();
    lab.change('c2', 'authkey', `path=/etc/corosync/../corosync/authkey\ndigest=${'a'.repeat(64)}`);
    for (const rotates of [false, true]) {
      await assert.rejects(
        planOf(lab, undefined, undefined, { rotates }),
        (thrown: unknown) =>
          thrown instanceof OutriggerError &&
          thrown.code === 'REFUSED' &&
          thrown.message ===
            "c2: its /etc/default/pacemaker uses Corosync's own key as the authkey of Pacemaker (PCMK_authkey_location=/etc/corosync/../corosync/authkey)" &&
          (thrown.hint ?? '').includes('and remove that line'),
      );
      assert.deepEqual(editsOf(lab), []);
      lab.forget();
    }
  });

  /** Marks as a quiet restart leaves them that did not come to its end. */
  function leaveProtected(lab: FakeLab, names: readonly string[]): void {
    for (const operation of protect(lab.cib, names)) {
      assert.ok(operation.kind === 'merge');
      lab.merge(operation.fragment);
    }
  }

  it('is made although an earlier run left nodes protected, if the cluster nodes agree', async () => {
    const lab = await connected();
    for (const names of [['h2'], NODES]) {
      leaveProtected(lab, names);
      const { authkey } = await planOf(lab, undefined, undefined, { rotates: true });
      assert.deepEqual(authkey?.source.kind, 'generate', names.join(' '));
      lab.forget();
    }
    const old = lab.keyOf('c1');
    const { failed, stopped } = await apply(lab, {
      rotates: true,
      allowed: ['authkey-replaced'],
      pause: (milliseconds) => Promise.resolve(void lab.pass(milliseconds)),
    });
    assert.deepEqual([[...failed], stopped], [[], undefined]);
    assert.equal(new Set(HOSTS.map((name) => lab.keyOf(name))).size, 1);
    assert.notEqual(lab.keyOf('h2'), old);
    assert.deepEqual(protectedIn(lab), []);
  });

  it('waits for an earlier one that only some cluster nodes have, and says so; the mark of another procedure is none', async () => {
    const lab = await connected();
    lab.tamperKey('c2');
    const planned = async (rotates: boolean) => {
      const { authkey, plan } = await planOf(lab, undefined, undefined, { rotates });
      lab.forget();
      const notes = plan.notes.filter((note) => note.startsWith('no new authkey is created: '));
      return [authkey?.description, notes.length];
    };
    leaveProtected(lab, ['h1']);
    assert.deepEqual(await planned(false), ['matches c1', 0]);
    assert.deepEqual(await planned(true), ['new key', 0]);
    leaveProtected(lab, ['h2']);
    assert.deepEqual(await planned(false), ['matches c2', 0]);
    assert.deepEqual(await planned(true), ['matches c2', 1]);
  });

  /** As a run leaves it that died when every host had the new key, and Pacemaker had been restarted everywhere. */
  function leaveDetached(lab: FakeLab): void {
    leaveProtected(lab, NODES);
    for (const operation of beginMaintenance(lab.cib)) {
      assert.ok(operation.kind === 'merge');
      lab.merge(operation.fragment);
    }
    lab.change('c2', 'key_cache', 'life');
    lab.change('c2', 'daemon', 'running');
    lab.change('c2', 'cluster_started', `t ${Math.round(lab.pass(60_000) * 1e6)}`);
  }

  it('that a run left in maintenance mode is finished although the first cluster node is down', async () => {
    const lab = await connected();
    leaveDetached(lab);
    lab.network.down.add('c1');
    const { failed, stopped } = await apply(lab, { allowed: ['cluster-node-unreachable'] });
    assert.deepEqual([[...failed.keys()], stopped], [['c1'], undefined]);
    assert.ok(!isHeldInMaintenance(lab.cib));
    assert.deepEqual(protectedIn(lab), []);
    assert.ok(!lab.host('c2').ran.includes('restart-pacemaker'));
  });

  it('is not begun while a cluster node does not reach the port of a connected node', async () => {
    let isOpen = true;
    const reach = () => `h1 3121 ${isOpen ? 'open' : 'closed'}\nh2 3121 open\n`;
    const lab = await connected({ c2: { answers: { reach } } });
    isOpen = false;
    const { failed } = await apply(lab, { rotates: true, allowed: ['authkey-replaced'] });
    assert.equal(failed.get('h1'), 'not started: h1: h1 port 3121 cannot be reached from c2');
    const keys = new Set(HOSTS.map((name) => lab.keyOf(name)));
    assert.deepEqual(keys, new Set([CLUSTER_KEY.toString('hex')]));
    assert.deepEqual(protectedIn(lab), []);
  });
});
