import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OnProgress } from '../../src/probe/gather.ts';
import { closeAll } from '../../src/flows/plan/gather-nodes.ts';
import { planCluster, type Planned } from '../../src/flows/plan/plan-cluster.ts';
import type { ConnectHost } from '../../src/host/host.ts';
import { changeCount } from '../../src/model/plan.ts';
import { selectNodes } from '../../src/inventory/select.ts';
import type { Nodes, Spec } from '../../src/inventory/spec.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { verified, type FakeHost } from '../support/fake-host.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { startFakeSshd, type FakeSshd } from '../support/fake-sshd.ts';
import { sitePlaybook } from '../support/specs.ts';
import { readReply, replyOf, replyTo, sectionsOf } from '../support/replies.ts';
import { connectSsh } from '../support/ssh-bench.ts';
import { withoutPrompt } from '../support/secrets.ts';

const THREE = ['h1', 'h2', 'h3'];

interface Asked {
  readonly spec: Spec;
  readonly connect: ConnectHost;
  readonly selected?: Nodes;
  readonly forks?: number;
  readonly foresees?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

const plan = ({ spec, connect, ...more }: Asked): Promise<Planned> =>
  planCluster({
    spec,
    connect,
    playbook: sitePlaybook,
    selected: spec,
    forks: 10,
    fetchSecret: withoutPrompt,
    signal: new AbortController().signal,
    ...more,
  });

const planOf = (lab: FakeLab, more: Partial<Asked> = {}): Promise<Planned> =>
  plan({ spec: lab.spec, connect: lab.network.connect, ...more });

/** A lab in which these hosts give no answer. */
function withoutHosts(lab: FakeLab, ...names: string[]): ConnectHost {
  return async (name, connection, signal) => {
    if (!names.includes(name)) return lab.network.connect(name, connection, signal);
    throw new OutriggerError('HOST_UNREACHABLE', `${name} is down`, { host: name });
  };
}

const ranBy = (lab: FakeLab) => Object.fromEntries(lab.hosts.map(({ name, ran }) => [name, ran]));

const rejected = async (promise: Promise<unknown>): Promise<OutriggerError> => {
  const thrown: unknown = await promise.then(
    () => assert.fail('it did not reject'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof OutriggerError, String(thrown));
  return thrown;
};

/** What a host answers with these sections in place of its own. */
const answering =
  (host: FakeHost, name: string, changes: Readonly<Record<string, string>>): FakeHost['exec'] =>
  async (request) => {
    const result = await host.exec(request);
    const nonce = request.params?.[0] ?? '';
    const sections = sectionsOf(result.stdout.replaceAll(`@${nonce} `, '@NONCE '));
    for (const [section, text] of Object.entries(changes)) sections.set(section, text);
    return { ...result, stdout: replyTo(request, replyOf(sections)), stderr: name };
  };

/** The lab with one host that tells something else. */
const toldOtherwise = (
  lab: FakeLab,
  name: string,
  changes: Readonly<Record<string, string>>,
): ConnectHost => {
  const host = lab.host(name);
  const other = {
    name,
    exec: answering(host, name, changes),
    writeFile: host.writeFile.bind(host),
    close: host.close.bind(host),
  };
  return (asked, connection, signal) =>
    asked === name ? Promise.resolve(other) : lab.network.connect(asked, connection, signal);
};

describe('a plan', () => {
  it('asks each machine once, one of them for the cluster, and the scheduler once', async () => {
    const lab = new FakeLab(THREE);
    const seen: string[] = [];
    const planned = await planOf(lab, {
      onProgress: (done, total, silent) => seen.push(`${done}/${total} ${silent}`),
    });
    assert.deepEqual(lab.network.connections, ['c1', 'c2', ...THREE]);
    assert.deepEqual(ranBy(lab), {
      c1: ['probe', 'verify-cib', 'simulate'],
      c2: ['probe'],
      h1: ['probe'],
      h2: ['probe'],
      h3: ['probe'],
    });
    assert.deepEqual(seen, ['0/5 0', '1/5 0', '2/5 0', '3/5 0', '4/5 0', '5/5 0']);
    assert.equal(planned.queryNode.name, 'c1');
    assert.deepEqual([...planned.hosts.keys()], ['c1', 'c2', ...THREE]);
    assert.deepEqual(
      planned.plan.forecast?.effects.connectionStarts.map(({ node }) => node),
      THREE,
    );
    assert.ok(changeCount(planned.plan) > 0);
    assert.ok(lab.hosts.every(({ written, isClosed }) => written.length === 0 && !isClosed));
    await closeAll(planned.hosts);
    assert.ok(lab.hosts.every(({ isClosed }) => isClosed));
  });

  it('leaves the scheduler alone where nobody wants to know what the cluster would do', async () => {
    const lab = new FakeLab(THREE);
    const { plan: compared } = await planOf(lab, { foresees: false });
    assert.deepEqual(ranBy(lab)['c1'], ['probe']);
    assert.equal(compared.forecast, undefined);
    assert.ok(changeCount(compared) > 0);
  });

  it('asks only for what it is limited to, and knows the others as declared', async () => {
    const lab = new FakeLab(THREE);
    const selected = selectNodes(lab.spec, 'h2');
    const { plan: limited } = await planOf(lab, { selected });
    assert.deepEqual(lab.network.connections, ['c1', 'c2', 'h2']);
    const touched = new Set(
      limited.plays.flatMap(({ changes }) => changes.map(({ host }) => host)),
    );
    assert.deepEqual([...touched], ['h2']);
  });

  it('asks no more than it may at a time', async () => {
    const lab = new FakeLab(THREE);
    let open = 0;
    let most = 0;
    const connect: ConnectHost = async (name, connection, signal) => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 2));
      open -= 1;
      return lab.network.connect(name, connection, signal);
    };
    await planOf(lab, { connect, forks: 2 });
    assert.equal(most, 2);
  });

  it('asks the second cluster node when the first is down, and names the risk', async () => {
    const lab = new FakeLab(THREE);
    const planned = await planOf(lab, { connect: withoutHosts(lab, 'c1') });
    assert.equal(planned.queryNode.name, 'c2');
    assert.deepEqual(lab.host('c2').ran, ['probe', 'read-cluster', 'verify-cib', 'simulate']);
    assert.deepEqual(
      planned.plan.problems.map(({ host, kind }) => [host, kind]),
      [['c1', 'unreachable']],
    );
    assert.deepEqual(planned.plan.risks, [{ code: 'cluster-node-unreachable', subjects: ['c1'] }]);
  });

  it('asks the second cluster node when Pacemaker is down on the first', async () => {
    const lab = new FakeLab(THREE);
    const nothing = { membership: '', crm_mon: '', cib: '' };
    const planned = await planOf(lab, { connect: toldOtherwise(lab, 'c1', nothing) });
    assert.equal(planned.queryNode.name, 'c2');
    assert.deepEqual(lab.host('c1').ran, ['probe']);
    assert.deepEqual(planned.plan.problems, []);
  });

  it('asks the second cluster node when the first tells nonsense', async () => {
    for (const nonsense of [
      { cib: '<cib' },
      { crm_mon: '<html/>' },
      { membership: 'x' },
      { clock: '' },
    ]) {
      const lab = new FakeLab(THREE);
      const planned = await planOf(lab, { connect: toldOtherwise(lab, 'c1', nonsense) });
      assert.equal(planned.queryNode.name, 'c2');
      assert.deepEqual(
        planned.plan.problems.map(({ host, code }) => [host, code]),
        [['c1', 'REPLY_INVALID']],
      );
      assert.ok(lab.host('c1').isClosed);
    }
  });

  it('goes on without a host that gives no answer or a broken one', async () => {
    const lab = new FakeLab(THREE, { h2: { answers: { probe: () => 'Connection to h2 closed' } } });
    const { plan: made } = await planOf(lab, { connect: withoutHosts(lab, 'h1') });
    assert.deepEqual(
      made.problems.map(({ host, code }) => [host, code]),
      [
        ['h1', 'HOST_UNREACHABLE'],
        ['h2', 'REPLY_INVALID'],
      ],
    );
    assert.ok(lab.host('h2').isClosed);
    assert.deepEqual(made.forecast?.effects.connectionStarts.length, 3, 'as it was recorded');
    const touched = new Set(made.plays.flatMap(({ changes }) => changes.map(({ host }) => host)));
    assert.deepEqual([...touched], ['h3']);
  });
});

describe('no plan is made, and no connection stays open,', () => {
  const failsWith = async (lab: FakeLab, connect: ConnectHost, code: string, message: RegExp) => {
    const error = await rejected(planOf(lab, { connect }));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    const reached = lab.hosts.filter(({ ran }) => ran.length > 0);
    assert.ok(reached.every(({ isClosed }) => isClosed));
  };

  it('when no cluster node can be reached', async () => {
    const lab = new FakeLab(THREE);
    await failsWith(lab, withoutHosts(lab, 'c1', 'c2'), 'HOST_UNREACHABLE', /c1 is down/);
  });

  it('when Pacemaker runs nowhere', async () => {
    const lab = new FakeLab(THREE);
    const connect = toldOtherwise(lab, 'c1', { membership: '', crm_mon: '', cib: '' });
    await failsWith(
      lab,
      (name, connection, signal) =>
        name === 'c2'
          ? withoutHosts(lab, 'c2')(name, connection, signal)
          : connect(name, connection, signal),
      'CLUSTER_NOT_READY',
      /Pacemaker runs on none of the reachable cluster nodes/,
    );
  });

  it('when the cluster nodes do not agree about the DC or the quorum', async () => {
    for (const header of ['have-quorum="1" dc-uuid="2"', 'have-quorum="0" dc-uuid="1"']) {
      const lab = new FakeLab(THREE);
      const membership = `<cib admin_epoch="0" epoch="9" num_updates="1" ${header}/>`;
      const connect = toldOtherwise(lab, 'c2', { membership });
      const said = /report different states.*c1: quorum, DC 1; c2: /;
      await failsWith(lab, connect, 'CLUSTER_NOT_READY', said);
    }
  });

  it('when Pacemaker finds the intended CIB invalid', async () => {
    const said = 'error: Resource h1:\u001b[31m stonith\nConfiguration invalid (with errors)';
    const answers = { 'verify-cib': verified([78, said]) };
    const lab = new FakeLab(THREE, { c1: { answers } });
    await failsWith(
      lab,
      lab.network.connect,
      'REFUSED',
      /planned CIB as invalid: Resource h1:\\u\{1b\}\[31m/,
    );
  });

  it('when the one cluster node that is left does not finish its answer', async () => {
    const cut = { answers: { 'read-cluster': () => '@x crm_mon\n<pacemaker-result' } };
    const lab = new FakeLab(THREE, { c2: cut });
    const said = /the reply of the host is incomplete/;
    await failsWith(lab, withoutHosts(lab, 'c1'), 'REPLY_INVALID', said);
  });

  it('when it is interrupted', async () => {
    const lab = new FakeLab(THREE);
    const controller = new AbortController();
    const connect: ConnectHost = (name, connection, signal) => {
      if (name === 'h1') controller.abort(new OutriggerError('INTERRUPTED', 'interrupted'));
      signal.throwIfAborted();
      return lab.network.connect(name, connection, signal);
    };
    const error = await rejected(planOf(lab, { connect, signal: controller.signal }));
    assert.equal(error.code, 'INTERRUPTED');
    assert.deepEqual(lab.network.connections, ['c1', 'c2']);
    assert.deepEqual(
      lab.hosts.map(({ isClosed }) => isClosed),
      [true, true, false, false, false],
    );
  });
});

describe('a plan over real SSH', () => {
  const open: FakeSshd[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
  });

  /** Pacemaker's tools for a machine that has none. */
  async function addTools(server: FakeSshd): Promise<void> {
    const queryNode = sectionsOf(
      readReply(new URL('../golden/first-join/replies/c1.probe.txt', import.meta.url)),
    );
    const folder = join(server.home, '.stubs');
    await mkdir(folder, { recursive: true });
    const print = async (tool: string, text: string): Promise<void> => {
      await writeFile(join(server.home, `${tool}.txt`), text);
      const body = `#!/bin/sh\necho "$*" >>"${server.home}/${tool}.log"\ncat "${server.home}/${tool}.txt"\n`;
      await writeFile(join(folder, tool), body, { mode: 0o755 });
    };
    await print('cibadmin', queryNode.get('cib') ?? '');
    await print('crm_mon', queryNode.get('crm_mon') ?? '');
    await print('crmadmin', 'S_IDLE\n');
  }

  it('makes one handshake and opens one channel to each machine', async () => {
    const names = ['c1', 'c2', 'h1'];
    const servers = new Map<string, FakeSshd>();
    for (const name of names) {
      const server = await startFakeSshd();
      open.push(server);
      await addTools(server);
      servers.set(name, server);
    }
    const { spec } = new FakeLab(['h1']);
    const connect: ConnectHost = (name, _connection, signal) => {
      const server = servers.get(name);
      assert.ok(server);
      return connectSsh(name, server.connection, signal);
    };
    const planned = await plan({ spec, connect });
    assert.equal(planned.queryNode.name, 'c1');
    assert.ok(planned.cluster.cib.ids.size > 0);
    await closeAll(planned.hosts);
    for (const [name, { seen, commands }] of servers) {
      const expected = name === 'c1' && planned.plan.forecast !== undefined ? 2 : 1;
      assert.deepEqual([name, seen.connections, commands.length], [name, 1, expected]);
      assert.equal(seen.mostChannels, 1);
    }
  });
});
