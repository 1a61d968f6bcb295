import assert from 'node:assert/strict';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Planned } from '../../src/flows/plan/plan-cluster.ts';
import { changeCount } from '../../src/model/plan.ts';
import { selectNodes } from '../../src/inventory/select.ts';
import { reveal } from '../../src/support/secret.ts';
import {
  apply,
  editsOf,
  planOf,
  useStateFolder,
  verdictsOf,
  type Applied,
} from '../support/apply-lab.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { CLUSTER_KEY, FakeLab } from '../support/fake-lab.ts';

const THREE = ['h1', 'h2', 'h3'];

const startedOn = ({ events }: Applied): readonly string[] =>
  events.flatMap((event) => (event.type === 'play-started' ? [event.hosts.join()] : []));

const WHOLE = [
  'package: changed',
  'authkey: changed',
  'service: changed',
  'port-reachable: in-sync',
  'same-credentials: in-sync',
  'connection-resource: changed',
  'node-online: in-sync',
  'node-state: changed',
];

describe('applying a plan', () => {
  const state = useStateFolder();

  it('brings bare hosts in with two edits of the CIB, and then has nothing to do', async () => {
    const lab = new FakeLab(THREE);
    const applied = await apply(lab);
    assert.deepEqual([...applied.failed], []);
    for (const name of THREE) assert.deepEqual(verdictsOf(applied, name), WHOLE);
    assert.equal(lab.cibWrites.length, 2);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], THREE);
    assert.ok([...lab.cib.remoteConnections.values()].every(({ guarded }) => !guarded));
    assert.deepEqual(lab.host('c1').ran.filter((script) => script === 'read-authkey').length, 1);

    lab.forget();
    const again = await planOf(lab);
    assert.equal(changeCount(again.plan), 0);
    assert.deepEqual(again.plan.inSync, ['c1', 'c2', ...THREE]);
    assert.ok(
      lab.hosts.every(({ ran }) => ran.join() === 'probe'),
      'no scheduler, no file',
    );
    const second = await apply(lab, { planned: again });
    assert.deepEqual(second.events, []);
    const beyond = lab.hosts.map(({ ran }) => ran.filter((script) => script !== 'lock').join());
    assert.deepEqual(new Set(beyond), new Set(['probe']));
  });

  it('needs one pair of edits a batch, and proves a batch before it begins the next', async () => {
    const lab = new FakeLab(THREE);
    const { events } = await apply(lab, { batch: [1, '100%'] });
    assert.equal(lab.cibWrites.length, 4);
    const order = events.flatMap((event) =>
      event.type === 'verdict' && ['node-online', 'connection-resource'].includes(event.item)
        ? [`${event.host} ${event.item}`]
        : [],
    );
    assert.deepEqual(order, [
      'h1 connection-resource',
      'h1 node-online',
      'h2 connection-resource',
      'h3 connection-resource',
      'h2 node-online',
      'h3 node-online',
    ]);
  });

  it('replaces the key of a cluster node and leaves its other one alone', async () => {
    const lab = new FakeLab(['h1'], { c2: { key: Buffer.from('its own') } });
    const applied = await apply(lab);
    assert.deepEqual(verdictsOf(applied, 'c2'), ['authkey: changed']);
    assert.deepEqual(lab.host('c1').written, []);
    const [file] = lab.host('c2').written;
    assert.deepEqual(
      [file?.path, file?.mode, file?.owner],
      ['/etc/pacemaker/authkey', '0400', 'hacluster'],
    );
  });

  it('changes the key of the cluster for all connected nodes or for none', async () => {
    const lab = new FakeLab(THREE, { c2: { key: Buffer.from('its own') } });
    const before = new FakeLab(THREE);
    await apply(before);
    lab.takeCibFrom(before);
    await assert.rejects(planOf(lab, undefined, selectNodes(lab.spec, 'h2')), {
      code: 'REFUSED',
      message:
        'the authkey of cluster nodes would change, but --limit excludes connected nodes: h1, h3',
    });
    lab.forget();
    const whole = await planOf(lab);
    assert.ok(whole.plan.risks.some(({ code }) => code === 'cluster-keys-differ'));
  });

  it('makes one key where no cluster node has any, and every machine gets that one', async () => {
    const lab = new FakeLab(['h1'], { c1: { key: 'none' }, c2: { key: 'none' } });
    const applied = await apply(lab);
    assert.deepEqual([...applied.failed], []);
    const keys = ['c1', 'c2', 'h1'].map((name) => {
      const [file] = lab.host(name).written;
      assert.ok(file !== undefined, `${name} got no key`);
      return Buffer.from(reveal(file.content)).toString('hex');
    });
    assert.equal(new Set(keys).size, 1);
    assert.equal(keys[0]?.length, 2 * 256);
  });

  it('leaves a failed host out and says why, while the others go on', async () => {
    const broken = {
      answers: { 'install-apt': () => ({ code: 1, stderr: 'E: no space left\n' }) },
    };
    const lab = new FakeLab(THREE, { h2: broken });
    const applied = await apply(lab);
    assert.deepEqual([...applied.failed], [['h2', 'install-apt: E: no space left']]);
    assert.deepEqual(verdictsOf(applied, 'h2'), [
      'package: failed',
      'connection-resource: skipped',
      'node-state: skipped',
    ]);
    const skipped = applied.events.find(
      (event) => event.type === 'verdict' && event.verdict.kind === 'skipped',
    );
    assert.ok(skipped?.type === 'verdict' && skipped.verdict.kind === 'skipped');
    assert.equal(skipped.verdict.because, 'install-apt: E: no space left');
    assert.deepEqual(lab.host('h2').written, []);
    for (const name of ['h1', 'h3']) assert.deepEqual(verdictsOf(applied, name), WHOLE);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], ['h1', 'h3']);
  });

  it('believes no script: what is not so afterwards has failed', async () => {
    const lab = new FakeLab(['h1'], { h1: { answers: { 'start-service': () => '' } } });
    const applied = await apply(lab);
    assert.match(applied.failed.get('h1') ?? '', /^after the change .*state is absent, not active/);
    assert.equal(lab.cibWrites.length, 0);
  });

  it('does not connect a host that somebody has connected to since the plan was made', async () => {
    const lab: FakeLab = new FakeLab(['h1', 'h2'], {
      c1: {
        answers: {
          reach: () => {
            lab.change('h2', 'connected', '0B00000A:C350');
            return 'h1 3121 open\nh2 3121 open\n';
          },
        },
      },
    });
    const applied = await apply(lab);
    assert.deepEqual([...applied.failed.keys()], ['h2']);
    const because = applied.failed.get('h2') ?? '';
    assert.match(because, /a cluster is already connected to its pacemaker_remote/);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], ['h1']);
  });

  it('does not connect a host that a cluster node cannot reach', async () => {
    const closed = { answers: { reach: () => 'h1 3121 open\nh2 3121 closed\n' } };
    const lab = new FakeLab(['h1', 'h2'], { c2: closed });
    const applied = await apply(lab);
    assert.deepEqual([...applied.failed], [['h2', 'h2 port 3121 cannot be reached from c2']]);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], ['h1']);
  });

  it('takes a join back that fails, without touching the others', async () => {
    const lab = new FakeLab(THREE);
    lab.failing.add('h2');
    const applied = await apply(lab);
    assert.match(applied.failed.get('h2') ?? '', /Timed out.*; the join was rolled back$/);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], ['h1', 'h3']);
    assert.equal(lab.cib.nodeEntries.has('h2'), false);
    const { ran } = lab.host('c1');
    assert.ok(ran.indexOf('cleanup') < ran.indexOf('forget-nodes'), ran.join());
    assert.deepEqual(verdictsOf(applied, 'h1'), WHOLE);
  });

  it('forgets a node again that the cluster remembers still after it was forgotten', async () => {
    const lab = new FakeLab(['h1']);
    lab.failing.add('h1');
    lab.lingering.add('h1');
    const applied = await apply(lab);
    assert.match(applied.failed.get('h1') ?? '', /; the join was rolled back$/);
    const { ran } = lab.host('c1');
    assert.equal(ran.filter((script) => script === 'forget-nodes').length, 2);
    assert.equal(lab.cib.seen.has('h1'), false);
  });

  for (const [maxFail, begun] of [
    [0, ['h1']],
    ['0%', ['h1']],
    [1, ['h1', 'h2', 'h3']],
    [undefined, ['h1', 'h2', 'h3']],
  ] as const) {
    it(`begins ${begun.length} of 3 batches when one host fails and ${maxFail ?? 'any number'} may`, async () => {
      const lab = new FakeLab(THREE);
      lab.failing.add('h1');
      const applied = await apply(lab, { batch: [1], maxFail });
      assert.deepEqual([...applied.failed.keys()], ['h1']);
      const connected = applied.events.flatMap((event) =>
        event.type === 'play-started' && event.play === 'Connect' ? event.hosts : [],
      );
      assert.deepEqual(connected, begun);
    });
  }

  it('finishes the batch under way when it is interrupted, and begins nothing new', async () => {
    const lab = new FakeLab(THREE);
    const controller = new AbortController();
    const applied = await apply(lab, {
      batch: [1],
      signal: controller.signal,
      onEvent: ({ type }) => {
        if (type === 'cib-written') controller.abort();
      },
    });
    assert.ok(applied.wasInterrupted);
    assert.deepEqual([...applied.failed], []);
    assert.deepEqual(verdictsOf(applied, 'h1'), WHOLE);
    assert.deepEqual(
      [...lab.cib.remoteConnections.values()].map(({ id, guarded }) => [id, guarded]),
      [['h1', false]],
    );
    assert.equal(startedOn(applied).at(-1), 'h1');
  });

  it('begins nothing on a host after an interrupt, and tells so', async () => {
    const lab = new FakeLab(['h1']);
    const controller = new AbortController();
    const applied = await apply(lab, {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === 'action' && event.action === 'install-apt') controller.abort();
      },
    });
    assert.deepEqual(verdictsOf(applied, 'h1'), [
      'package: changed',
      'authkey: skipped',
      'service: skipped',
    ]);
    assert.deepEqual(editsOf(lab), ['h1 install-apt']);
  });

  it('does nothing while a risk is not allowed', async () => {
    const lab = new FakeLab(['h1']);
    const planned = await planOf(lab);
    const risks = [{ code: 'cluster-keys-differ', subjects: ['c2'] }] as const;
    const risky: Planned = { ...planned, plan: { ...planned.plan, risks } };
    const message = /cluster-keys-differ.*\(c2\)/s;
    await assert.rejects(apply(lab, { planned: risky }), { code: 'REFUSED', message });
    assert.deepEqual([editsOf(lab), await readdir(state.folder)], [[], []]);
    const applied = await apply(lab, { planned: risky, allowed: ['cluster-keys-differ'] });
    assert.deepEqual(verdictsOf(applied, 'h1'), WHOLE);
  });

  it('restarts a daemon that the cluster is connected to only while it is protected', async () => {
    const quietAt: boolean[] = [];
    const lab: FakeLab = new FakeLab(['h1', 'h2']);
    await apply(lab);
    lab.forget();
    lab.tamperKey('h1');
    const applied = await apply(lab, {
      onEvent: (event) => {
        if (event.type !== 'action' || event.action !== 'start-service') return;
        quietAt.push(...[...lab.cib.remoteConnections.values()].map(({ quiet }) => quiet));
      },
    });
    assert.deepEqual(verdictsOf(applied, 'h1'), ['authkey: changed', 'service: changed']);
    assert.deepEqual(verdictsOf(applied, 'h2'), []);
    assert.deepEqual(quietAt, [true, false]);
    assert.ok([...lab.cib.remoteConnections.values()].every(({ quiet }) => !quiet));
    assert.equal(changeCount((await planOf(lab)).plan), 0);
  });

  it('does not connect in maintenance mode', async () => {
    const lab = new FakeLab(['h1']);
    lab.setProperty('maintenance-mode', 'true');
    const applied = await apply(lab);
    const { stopped } = applied;
    assert.ok(stopped instanceof OutriggerError);
    assert.equal(stopped.code, 'CLUSTER_NOT_READY');
    assert.match(stopped.message, /maintenance mode/);
    assert.equal(lab.cibWrites.length, 0);
    assert.equal(verdictsOf(applied, 'h1')[0], 'package: changed', 'what was done is told');
    const lines = (await readFile(join(applied.log, 'run.jsonl'), 'utf8')).trimEnd().split('\n');
    const { type, stopped: because } = JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
    assert.deepEqual({ type, because }, { type: 'end', because: stopped.message });
  });

  it('keeps a record that only the owner may read, without the key', async () => {
    const lab = new FakeLab(['h1']);
    const { log, events } = await apply(lab);
    const files = await readdir(log);
    assert.deepEqual(files.sort(), [
      'cib-1-before-connection-resource.xml',
      'cib-2-before-node-state.xml',
      'run.jsonl',
    ]);
    assert.equal((await stat(log)).mode & 0o777, 0o700);
    for (const file of files) assert.equal((await stat(join(log, file))).mode & 0o777, 0o600);
    const record = await readFile(join(log, 'run.jsonl'), 'utf8');
    for (const form of ['utf8', 'hex', 'base64'] as const) {
      const secret = CLUSTER_KEY.toString(form);
      assert.ok(!record.includes(secret) && !JSON.stringify(events).includes(secret), form);
    }
    const types = record
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type);
    assert.deepEqual([types.at(0), types.at(1), types.at(-1)], ['run', 'plan', 'end']);
  });
});
