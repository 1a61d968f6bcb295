import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { ExecRequest, ExecResult } from '../../src/host/host.ts';
import { loadWithEnvironmentReader } from '../../src/host/load-script.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { apply, planOf, useStateFolder, verdictsOf, type Applied } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';

type Exec = (request: ExecRequest) => Promise<ExecResult>;
/** What the host answers instead; nothing: what it would have answered. */
type Step = (
  request: ExecRequest,
  exec: Exec,
) => Promise<ExecResult | undefined> | ExecResult | undefined;

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const SCRIPT = {
  probe: loadWithEnvironmentReader(new URL('../../src/probe/probe.sh', import.meta.url)),
  simulate: textOf('../../src/forecast/simulate.sh'),
  cleanup: textOf('../../src/host/scripts/cluster/cleanup.sh'),
  forget: textOf('../../src/host/scripts/cluster/forget-nodes.sh'),
  write: textOf('../../src/apply/cluster/write-cib.sh'),
};

/** Puts something between outrigger and a host. */
function around(lab: FakeLab, name: string, step: Step) {
  const host = lab.host(name);
  const exec = host.exec.bind(host);
  host.exec = async (request) => (await step(request, exec)) ?? exec(request);
}

const silence = (name: string): OutriggerError =>
  new OutriggerError('TIMED_OUT', 'no answer within 60 s', { host: name });

/** A run that is killed right after its first edit of the CIB. */
async function killedAfterConnect(lab: FakeLab, batch: readonly [1 | '100%']): Promise<void> {
  const { stopped, log } = await apply(lab, {
    batch,
    onEvent: ({ type }) => {
      if (type === 'cib-written') throw new Error('killed');
    },
  });
  assert.match(String(stopped), /killed/);
  await rm(log, { recursive: true });
  lab.forget();
}

/** A run that brings everything in; its record goes, for the next may begin in the same second. */
async function bringIn(lab: FakeLab): Promise<void> {
  const { failed, log } = await apply(lab);
  assert.deepEqual([...failed], []);
  await rm(log, { recursive: true });
  lab.forget();
}

const startsIn =
  (play: string, act: () => void) =>
  (event: Applied['events'][number]): void => {
    if (event.type === 'play-started' && event.play === play) act();
  };

const waits = ({ events }: Applied): readonly string[] =>
  events.flatMap((event) => (event.type === 'waiting' ? [event.message] : []));

describe('applying what is not proven', () => {
  useStateFolder();

  describe('a join that was interrupted while its start went on', () => {
    let lab: FakeLab;
    beforeEach(async () => {
      lab = new FakeLab(['h1']);
      await killedAfterConnect(lab, ['100%']);
      lab.reported.set('h1', { on: 'c1', role: 'Starting' });
    });

    it('is forecast as one that may fail', async () => {
      const failing: string[] = [];
      around(lab, 'c1', ({ script, params = [] }) => {
        if (script === SCRIPT.simulate) failing.push(...params.slice(4));
      });
      const { plan } = await planOf(lab);
      assert.ok(
        plan.plays.flatMap(({ changes }) => changes).every(({ item }) => item === 'node-state'),
      );
      assert.deepEqual(failing, ['h1_start_0@c1=1', 'h1_start_0@c2=1']);
    });

    it('is undone and never released when the start fails meanwhile', async () => {
      const planned = await planOf(lab);
      lab.reported.clear();
      lab.failing.add('h1');
      const applied = await apply(lab, { planned });
      assert.match(applied.failed.get('h1') ?? '', /Timed out.*; the join was rolled back$/);
      assert.deepEqual(verdictsOf(applied, 'h1'), [
        'port-reachable: in-sync',
        'same-credentials: in-sync',
        'node-online: failed',
        'node-state: skipped',
      ]);
      assert.deepEqual([...lab.cib.remoteConnections.keys()], []);
    });

    it('is released when it comes in', async () => {
      const planned = await planOf(lab);
      lab.reported.clear();
      const applied = await apply(lab, { planned });
      assert.deepEqual(verdictsOf(applied, 'h1').slice(-2), [
        'node-online: in-sync',
        'node-state: changed',
      ]);
      assert.equal(lab.cib.remoteConnections.get('h1')?.guarded, false);
    });
  });

  it('keeps the guard of a node that is not in when it would be released', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    const applied = await apply(lab, {
      onEvent: startsIn('Clear standby', () =>
        lab.reported.set('h1', { on: 'c1', role: 'Starting' }),
      ),
    });
    assert.match(
      applied.failed.get('h1') ?? '',
      /it is not online \(pending\); its join guard stays/,
    );
    const guarded = [...lab.cib.remoteConnections.values()].map((each) => each.guarded);
    assert.deepEqual(guarded, [true, false]);
  });

  describe('keys that nobody tells', () => {
    for (const [silent, blocker] of [
      [['c1', 'c2', 'h1', 'h2'], /^c1 did not respond/],
      [['c2'], /^c2 did not respond/],
      [['h1', 'h2'], /^it did not respond/],
    ] as const) {
      it(`connects nobody when ${silent.join(', ')} keep silent alike`, async () => {
        const lab = new FakeLab(['h1', 'h2']);
        let isSilent = false;
        for (const name of silent) {
          around(lab, name, ({ script }) => {
            if (isSilent && script === SCRIPT.probe) throw silence('c1');
          });
        }
        const applied = await apply(lab, {
          onEvent: startsIn('Verify connectivity and credentials', () => {
            isSilent = true;
          }),
        });
        assert.deepEqual([...applied.failed.keys()], ['h1', 'h2']);
        for (const because of applied.failed.values()) assert.match(because, blocker);
        assert.equal(lab.cibWrites.length, 0);
      });
    }

    it('does not take a bug for an answer', async () => {
      const lab = new FakeLab(['h1']);
      let isBroken = false;
      around(lab, 'c1', ({ script }) => {
        if (isBroken && script === SCRIPT.probe) throw new TypeError('a bug');
      });
      const onEvent = startsIn('Verify connectivity and credentials', () => {
        isBroken = true;
      });
      const { stopped } = await apply(lab, { onEvent });
      assert.ok(stopped instanceof TypeError);
    });
  });

  it('fails only the connection whose failures cannot be forgotten, and undoes its join', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    await killedAfterConnect(lab, [1]);
    lab.failing.add('h1');
    let cleanups = 0;
    around(lab, 'c1', ({ script }) =>
      script === SCRIPT.cleanup && (cleanups += 1) === 1
        ? { code: 1, stdout: '', stderr: 'crm_resource: exit 1' }
        : undefined,
    );
    const applied = await apply(lab);
    assert.deepEqual([...applied.failed], [['h1', 'cleanup: crm_resource: exit 1']]);
    assert.deepEqual(verdictsOf(applied, 'h2').slice(-3), [
      'connection-resource: changed',
      'node-online: in-sync',
      'node-state: changed',
    ]);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], ['h2']);
  });

  it('proves or undoes joins whose edit went in without an answer', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    lab.failing.add('h1');
    let writes = 0;
    around(lab, 'c1', async (request, exec) => {
      if (request.script !== SCRIPT.write || (writes += 1) > 1) return undefined;
      await exec(request);
      throw silence('c1');
    });
    const applied = await apply(lab);
    assert.deepEqual([...applied.failed.keys()], ['h1']);
    assert.deepEqual(verdictsOf(applied, 'h1').slice(-3), [
      'connection-resource: changed',
      'node-online: failed',
      'node-state: skipped',
    ]);
    assert.deepEqual(verdictsOf(applied, 'h2').slice(-3), [
      'connection-resource: changed',
      'node-online: in-sync',
      'node-state: changed',
    ]);
    const left = [...lab.cib.remoteConnections.values()].map(({ id, joining }) => [id, joining]);
    assert.deepEqual(left, [['h2', false]]);
  });

  it('does not delete a connection that somebody else made between two tries of the edit', async () => {
    const other = new FakeLab(['h1']);
    await bringIn(other);
    const lab = new FakeLab(['h1']);
    lab.beforeWrite = () => {
      lab.beforeWrite = () => undefined;
      lab.takeCibFrom(other);
      lab.editByOthers();
    };
    const applied = await apply(lab, { onEvent: startsIn('Verify', () => lab.failing.add('h1')) });
    assert.match(applied.failed.get('h1') ?? '', /Timed out\)$/);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], ['h1']);
  });

  it('takes its protection back when the cluster does not let go in time', async () => {
    const lab = new FakeLab(['h1']);
    await bringIn(lab);
    lab.tamperKey('h1');
    lab.reported.set('h1', { on: 'c1' });
    const before = lab.cib.ids.size;
    const now = performance.now.bind(performance);
    let hours = 0;
    performance.now = () => now() + (hours += 1) * 3_600_000;
    try {
      const applied = await apply(lab, { leaseMs: 1e12 });
      assert.match(applied.failed.get('h1') ?? '', /connections did not become unmanaged/);
      assert.equal(lab.cibWrites.length, 2);
      assert.equal(lab.cib.ids.size, before);
      assert.ok(!lab.host('h1').ran.includes('start-service'));
    } finally {
      performance.now = now;
    }
  });

  it('says what stays protected when something breaks after the restart', async () => {
    const lab = new FakeLab(['h1']);
    await bringIn(lab);
    lab.tamperKey('h1');
    let isRestarted = false;
    for (const name of ['c1', 'c2'])
      around(lab, name, ({ script }) => {
        if (isRestarted && script === SCRIPT.write) throw silence(name);
      });
    const { events } = await apply(lab, {
      onEvent: (event) => {
        if (event.type === 'action' && event.action === 'unprotect') isRestarted = true;
      },
    });
    const failed = events.find(
      (event) => event.type === 'verdict' && event.verdict.kind === 'failed',
    );
    assert.ok(failed?.type === 'verdict' && failed.verdict.kind === 'failed');
    assert.match(failed.verdict.hint ?? '', /stay unmanaged until an apply/);
  });

  it('cuts its batches from the hosts that have not failed', async () => {
    const broken = { answers: { 'install-apt': () => ({ code: 1, stderr: 'E: full\n' }) } };
    const lab = new FakeLab(['h1', 'h2', 'h3'], { h1: broken });
    const applied = await apply(lab, { batch: [1, '100%'] });
    const connected = applied.events.flatMap((event) =>
      event.type === 'play-started' && event.play === 'Connect' ? [event.hosts.join()] : [],
    );
    assert.deepEqual(connected, ['h2', 'h3']);
    assert.deepEqual(verdictsOf(applied, 'h1'), [
      'package: failed',
      'connection-resource: skipped',
      'node-state: skipped',
    ]);
  });

  it('gives scripts time for each node, and tells what it waits for', async () => {
    const names = ['h1', 'h2', 'h3'];
    const lab = new FakeLab(names);
    for (const name of names) lab.failing.add(name);
    const limits: number[] = [];
    around(lab, 'c1', ({ script, timeoutMs }) => {
      if (script === SCRIPT.cleanup || script === SCRIPT.forget) limits.push(timeoutMs);
    });
    const applied = await apply(lab);
    assert.deepEqual(limits, [75_000, 75_000]);
    assert.deepEqual(waits(applied).slice(-6), [
      'checking port 3121 from every cluster node (up to 120 s)',
      'waiting for h[1-3] to come online, up to 150 s without progress',
      'waiting for the failed connections to become unmanaged, up to 60 s without progress',
      'waiting up to 75 s for the failures of the connections of h[1-3] to be cleaned up',
      'waiting for the failed connections to disappear, up to 60 s without progress',
      'waiting up to 75 s for the cluster to remove its records of h[1-3]',
    ]);
  });

  it('tells what a quiet restart waits for', async () => {
    const lab = new FakeLab(['h1']);
    await bringIn(lab);
    lab.tamperKey('h1');
    assert.deepEqual(waits(await apply(lab)).slice(-5), [
      'waiting for the connections to become unmanaged, up to 60 s without progress',
      'checking port 3121 from every cluster node (up to 120 s)',
      'waiting for h1 to come online, up to 150 s without progress',
      'waiting for the cluster to become idle, up to 60 s without progress',
      'waiting for the cluster to become idle, up to 60 s without progress',
    ]);
  });

  it('does not wait for a connection that an operator keeps from being in', async () => {
    const lab = new FakeLab(['h1']);
    await bringIn(lab);
    lab.reported.set('h1', { on: 'c1', managed: false });
    for (const node of lab.spec.remoteNodes) Object.assign(node, { reconnectInterval: '60s' });
    const applied = await apply(lab);
    assert.deepEqual([...applied.failed], []);
    assert.ok(verdictsOf(applied, 'h1').includes('connection-resource: changed'));
    assert.ok(verdictsOf(applied, 'h1').includes('node-online: skipped'));
  });
});
