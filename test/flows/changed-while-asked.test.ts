/** Between the plan and the yes of somebody time goes by: what is done is what was shown, or less. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { applyLive } from '../../src/cli/commands/apply.ts';
import { planAgain, withQueryNode } from '../../src/flows/plan/plan-again.ts';
import type { Planned } from '../../src/flows/plan/plan-cluster.ts';
import type { Host } from '../../src/host/host.ts';
import { prepareAgain } from '../../src/flows/undo-run.ts';
import { unlock } from '../../src/flows/lock/unlock.ts';
import { lockElement, lockIn } from '../../src/pacemaker/procedures/lock.ts';
import { element } from '../../src/pacemaker/basics/xml.ts';
import { failover } from '../../src/probe/query-node.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { apply, editsOf, planOf, requestOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { holdLock } from '../support/fake-lock.ts';
import { withoutPrompt } from '../support/secrets.ts';
import { sitePlaybook } from '../support/specs.ts';
import { prepare, undo } from '../support/undo-lab.ts';

const stream = Object.assign(new PassThrough(), { isTTY: false }) as unknown as NodeJS.WriteStream;

async function applyShown(lab: FakeLab, planned: Planned) {
  let out = '';
  let err = '';
  const code = await applyLive(
    { inventory: 'x', yes: true, input: true, forks: 10, batch: ['100%'] },
    {
      out: (text) => (out += text),
      err: (text) => (err += text),
      outStream: stream,
      errStream: stream,
      inIsTerminal: false,
      env: {},
      signal: new AbortController().signal,
    },
    {
      spec: lab.spec,
      selected: lab.spec,
      playbook: sitePlaybook,
      planned,
      fetchSecret: withoutPrompt,
      request: requestOf(lab),
    },
  );
  return { code, out, err };
}

const probesOf = (lab: FakeLab, name: string): number =>
  lab.host(name).ran.filter((script) => script === 'probe').length;

/** A connection that has ended. */
const lost = (name: string): Host => {
  const fail = () =>
    Promise.reject(
      new OutriggerError('HOST_UNREACHABLE', 'the connection was lost', { host: name }),
    );
  return { name, exec: fail, writeFile: fail, close: () => Promise.resolve() };
};

describe('what has changed while somebody was asked', () => {
  useStateFolder();

  it('is refused when it is a risk that nobody was shown: fencing was switched on', async () => {
    const lab = new FakeLab(['s1']);
    lab.setProperty('stonith-enabled', 'false');
    const planned = await planOf(lab);
    lab.setProperty('stonith-enabled', 'true');
    const { code, err } = await applyShown(lab, planned);
    assert.equal(code, 5, err);
    assert.match(err, /fencing is on now/);
    assert.match(err, /the risk unfenceable is new \(s1\)/);
    assert.deepEqual(editsOf(lab), []);
    assert.equal(lockIn(lab.cib), undefined);
  });

  it('is refused when another step would follow, or the same step from another file', async () => {
    const lab = new FakeLab(['h1'], { h1: { key: Buffer.from('the first wrong key') } });
    const planned = await planOf(lab);
    lab.tamperKey('h1');
    const other = await applyShown(lab, planned);
    assert.deepEqual([other.code, editsOf(lab)], [5, []], other.err);
    assert.match(other.err, /^ {2}h1 authkey: changed since$/m);
    const joined = new FakeLab(['h1', 'h2']);
    await apply(joined);
    joined.tamperKey('h1');
    const less = await planOf(joined);
    joined.forget();
    joined.tamperKey('h2');
    const more = await applyShown(joined, less);
    assert.deepEqual([more.code, editsOf(joined)], [5, []], more.err);
    assert.match(more.err, /^ {2}h2 authkey: now also necessary/m);
  });

  it('is done where it is less, and told', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    const planned = await planOf(lab);
    lab.host('h2').isDead = true;
    const { code, err } = await applyShown(lab, planned);
    assert.equal(code, 3, err);
    assert.match(err, /no longer necessary: h2: left out now, because cannot reach h2/);
    assert.doesNotMatch(err, /h2 package/);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], ['h1']);
  });

  it('is all done already: nothing is changed, and that is no failure', async () => {
    const lab = new FakeLab(['h1']);
    const planned = await planOf(lab);
    await apply(lab);
    lab.forget();
    const { code, err } = await applyShown(lab, planned);
    assert.deepEqual([code, editsOf(lab)], [0, []], err);
    assert.match(err, /h1 package: no longer necessary/);
  });

  it('costs one more look at each host, over the connection that there is, and none without changes', async () => {
    const lab = new FakeLab(['h1']);
    const planned = await planOf(lab);
    const connected = lab.network.connections.length;
    assert.equal((await applyShown(lab, planned)).code, 0);
    assert.equal(lab.network.connections.length, connected);
    const before = probesOf(lab, 'c2');
    const again = await planOf(lab);
    assert.equal((await applyShown(lab, again)).code, 0);
    assert.equal(probesOf(lab, 'c2'), before + 1);
  });

  it('is read over a new connection where one has ended, and whoever gave no answer is left out still', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    lab.network.down.add('h2');
    const shown = await planOf(lab);
    lab.network.down.delete('h2');
    const before = lab.network.connections.length;
    const hosts = new Map([...shown.hosts, ['h1', lost('h1')] as const]);
    const now = await planAgain(requestOf(lab), { ...shown, hosts });
    assert.deepEqual(lab.network.connections.slice(before), ['h1']);
    assert.equal(now.hosts.get('h1'), lab.host('h1'));
    assert.deepEqual(now.plan.plays, shown.plan.plays);
    assert.deepEqual([...now.facts.unreachable.keys()], ['h2']);
  });

  it('is locked through another cluster node where one has ended, and over a new connection where all have', async () => {
    const lab = new FakeLab(['h1']);
    const shown = await planOf(lab);
    const alone = () => ({ ...shown, queryNode: failover([lost('c1'), lost('c2')], 'c1') });
    const other = { ...shown, queryNode: failover([lost('c1'), lab.host('c2')], 'c1') };
    assert.deepEqual(await withQueryNode(requestOf(lab), other), other);
    assert.equal(other.queryNode.name, 'c2');
    const { queryNode } = await withQueryNode(requestOf(lab), alone());
    assert.equal(queryNode.name, 'c1');
    lab.network.down.add('c1');
    assert.equal((await withQueryNode(requestOf(lab), alone())).queryNode.name, 'c2');
    lab.network.down.add('c2');
    await assert.rejects(withQueryNode(requestOf(lab), alone()), {
      code: 'HOST_UNREACHABLE',
      message: /^cannot contact any cluster node; c1: /,
    });
  });

  describe('before an undo', () => {
    it('is refused when it is a risk that nobody was shown: somebody has edited what goes with it', async () => {
      const lab = new FakeLab(['h1', 'h2']);
      await apply(lab);
      const shown = await prepare(lab);
      lab.forget();
      const meta = element('meta_attributes', { id: 'h1-by-hand' }, [
        element('nvpair', { id: 'h1-by-hand-priority', name: 'priority', value: '7' }),
      ]);
      lab.merge(
        element('cib', {}, [
          element('configuration', {}, [
            element('resources', {}, [element('primitive', { id: 'h1' }, [meta])]),
          ]),
        ]),
      );
      await assert.rejects(prepareAgain(shown), {
        code: 'REFUSED',
        message: /the risk edited-since is new \(h1: priority absent -> 7\)/,
      });
      assert.equal(lab.host('c1').isClosed, false);
    });

    it('costs no new connection, and goes on where it is less', async () => {
      const lab = new FakeLab(['h1', 'h2']);
      await apply(lab);
      const shown = await prepare(lab);
      const before = lab.network.connections.length;
      await undo(lab);
      const connected = lab.network.connections.length;
      lab.forget();
      const now = await prepareAgain(shown);
      assert.equal(lab.network.connections.length, connected);
      assert.ok(connected > before);
      assert.deepEqual(now.plan.leaving, []);
    });
  });

  it('is the lock itself: whoever extends it is not gone', async () => {
    const lab = new FakeLab(['h1']);
    const { lock } = await holdLock(lab);
    const confirm = (): Promise<void> => {
      lab.merge(inConfig(lockElement({ ...lock, expires: lock.expires + 60 })));
      return Promise.resolve();
    };
    const { spec, network } = lab;
    const { signal } = new AbortController();
    await assert.rejects(unlock(lock.id, { spec, connect: network.connect, signal, confirm }), {
      code: 'REFUSED',
      message: /is in progress and has just extended it/,
    });
    assert.equal(lockIn(lab.cib)?.id, lock.id);
  });
});

const inConfig = (inner: ReturnType<typeof element>): ReturnType<typeof element> =>
  element('cib', {}, [element('configuration', {}, [element('crm_config', {}, [inner])])]);
