import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import {
  applyOperations,
  keepApart,
  protect,
  putIntoStandby,
} from '../../../src/pacemaker/procedures/edit.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import type { Simulation } from '../../../src/pacemaker/status/simulate.ts';
import type { ClusterFacts } from '../../../src/model/facts.ts';
import { firstToChange, whyNotNodeByNode } from '../../../src/credentials/node-by-node-change.ts';
import {
  courseOf,
  inTurn,
  judgeSimulation,
} from '../../../src/credentials/node-by-node-simulation.ts';

const MEMBERS = ['c1', 'c2', 'c3'];

interface State {
  /** What crm_mon says of cluster nodes besides that they are online. */
  readonly members?: Readonly<Record<string, string>>;
  /** On which cluster node each connection is; empty: on none. */
  readonly connections?: Readonly<Record<string, string>>;
  readonly meta?: string;
  /** Other resources in the CIB. */
  readonly resources?: string;
  /** Other resources in crm_mon. */
  readonly running?: string;
  readonly quorum?: boolean;
  /** Attributes of c1. */
  readonly attributes?: string;
  readonly left?: (cibText: string) => string;
}

const connection = (id: string, meta: string): string =>
  `<primitive id="${id}" class="ocf" provider="pacemaker" type="remote">${meta}</primitive>`;

function stateOf({
  members = {},
  connections = { r1: 'c1' },
  meta = '',
  resources = '',
  running = '',
  quorum = true,
  attributes = '',
  left = (text) => text,
}: State): ClusterFacts {
  const nodes = MEMBERS.map(
    (name, index) =>
      `<node id="${index + 1}" uname="${name}">${name === 'c1' ? attributes : ''}</node>`,
  );
  const primitives = Object.keys(connections).map((id) => connection(id, meta));
  const cibText = left(
    `<cib admin_epoch="0" epoch="7" num_updates="1" have-quorum="${quorum ? '1' : '0'}"><configuration><crm_config/><nodes>${nodes.join('')}</nodes><resources>${primitives.join('')}${resources}</resources><constraints/></configuration><status/></cib>`,
  );
  const said = MEMBERS.map(
    (name) =>
      `<node name="${name}" id="${name}" type="member" ${members[name] ?? 'online="true"'}/>`,
  );
  const remotes = Object.entries(connections).map(
    ([name, on]) =>
      `<node name="${name}" id="${name}" type="remote" online="${String(on !== '')}"/>`,
  );
  const started = Object.entries(connections).map(
    ([id, on]) =>
      `<resource id="${id}" resource_agent="ocf:pacemaker:remote" role="${on === '' ? 'Stopped' : 'Started'}" active="${String(on !== '')}" managed="true">${on === '' ? '' : `<node name="${on}" id="${on}"/>`}</resource>`,
  );
  const mon = `<pacemaker-result><summary/><nodes>${said.join('')}${remotes.join('')}</nodes><resources>${started.join('')}${running}</resources><status code="0" message="OK"/></pacemaker-result>`;
  return {
    readFrom: 'c1',
    cibText,
    dcState: 'S_IDLE',
    cib: readCib(cibText),
    mon: readCrmMon(mon),
  };
}

const standby =
  '<instance_attributes id="s"><nvpair id="s-s" name="standby" value="on"/></instance_attributes>';
const fixed =
  '<meta_attributes id="m"><nvpair id="n" name="allow-migrate" value="false"/></meta_attributes>';
const resource = (id: string, more: string, on: string): string =>
  `<resource id="${id}" resource_agent="ocf:pacemaker:Dummy" role="Started" active="true" ${more}><node name="${on}" id="${on}"/></resource>`;

const why = (state: State, names = MEMBERS): string | undefined => {
  const reason = whyNotNodeByNode(names, stateOf(state));
  if (reason !== undefined) assert.ok(reason.hint.length > 0, 'it says what to do');
  return reason?.message;
};

describe('a change of cluster nodes one by one', () => {
  it('is possible where the others take over from each of them', () => {
    assert.equal(why({}), undefined);
    assert.equal(why({}, ['c1', 'c2']), undefined);
    assert.equal(why({ connections: {} }), undefined);
    assert.equal(why({ attributes: standby }), undefined, 'one may be in standby');
  });

  const guest =
    '<primitive id="vm" class="ocf" provider="heartbeat" type="VirtualDomain"><meta_attributes id="g"><nvpair id="g-n" name="remote-node" value="g1"/></meta_attributes></primitive>';
  const away = 'online="false"';
  const CASES: readonly (readonly [what: string, state: State, said: RegExp])[] = [
    ['guest nodes', { resources: guest }, /guest nodes \(g1\)/],
    ['bundles', { resources: '<bundle id="b"/>' }, /bundles \(b\)/],
    ['a cluster node that is away', { members: { c2: away } }, /not online on c2$/],
    [
      'a cluster node in maintenance',
      { members: { c3: 'online="true" maintenance="true"' } },
      /c3 is in maintenance/,
    ],
    ['no quorum', { quorum: false }, /no quorum/],
    ['a connection that is not up', { connections: { r1: '' } }, /not up: r1$/],
    [
      'an unmanaged resource on a cluster node',
      { running: resource('db', 'managed="false"', 'c2') },
      /may not be stopped there .*: db$/,
    ],
    [
      'a blocked resource on a cluster node',
      { running: resource('db', 'managed="true" blocked="true"', 'c2') },
      /may not be stopped there .*: db$/,
    ],
    [
      'a connection that must not be migrated everywhere',
      { connections: { r1: 'c1', r2: 'c2', r3: 'c3' }, meta: fixed },
      /cannot be migrated .*: r1, r2, r3$/,
    ],
  ];
  for (const [what, state, said] of CASES)
    it(`is refused with ${what}`, () => {
      assert.match(why(state) ?? '', said);
    });

  it('is refused with one cluster node, or one that is not in standby', () => {
    assert.match(why({}, ['c1']) ?? '', /there is only c1$/);
    assert.match(why({ attributes: standby }, ['c1', 'c2']) ?? '', /there is only c2$/);
  });

  it('is not refused for what is unmanaged on a remote node, or protected by a run that died', () => {
    assert.equal(why({ running: resource('db', 'managed="false"', 'r1') }), undefined);
    const left = (text: string): string => applyOperations(text, protect(readCib(text), ['r1']));
    assert.equal(why({ connections: { r1: '' }, left }), undefined);
  });
});

describe('the cluster node that changes first', () => {
  const first = (state: State): string | undefined => firstToChange(stateOf(state), MEMBERS);

  it('is the one with the fewest connections', () => {
    assert.equal(first({ connections: { r1: 'c1', r2: 'c1', r3: 'c2' } }), 'c3');
    assert.equal(first({ connections: {} }), 'c1');
  });

  it('is one that is online and not in standby', () => {
    const members = { c3: 'online="false"' };
    assert.equal(first({ connections: { r1: 'c2' }, members, attributes: standby }), 'c2');
  });

  it('is the one that a run which died has put into standby', () => {
    const left = (text: string): string =>
      applyOperations(text, putIntoStandby(readCib(text), 'c1'));
    assert.equal(first({ connections: { r1: 'c1' }, left }), 'c1');
  });

  it('has no connection that must not be migrated', () => {
    const connections = { r1: 'c1', r2: 'c2', r3: 'c2' };
    assert.equal(first({ connections, meta: fixed }), 'c3');
    assert.equal(first({ connections: { ...connections, r4: 'c3' }, meta: fixed }), undefined);
  });
});

describe('the course of a change of cluster nodes one by one', () => {
  it('ends as the CIB was, also where a run has died', () => {
    for (const left of [
      (text: string): string => text,
      (text: string): string =>
        applyOperations(text, keepApart(readCib(text), new Map([['r1', ['c2', 'c3']]]))),
    ]) {
      const cluster = stateOf({ connections: { r1: 'c1', r2: 'c2' }, attributes: standby, left });
      const steps = courseOf(cluster, MEMBERS);
      assert.equal(steps.length, 3 * MEMBERS.length + 1);
      const after = applyOperations(cluster.cibText, steps.flat());
      assert.doesNotMatch(after, /outrigger/);
      assert.ok(readCib(after).nodeEntries.get('c1')?.standby);
    }
  });

  it('begins with the cluster node that no connection is on', () => {
    const cluster = stateOf({ connections: { r1: 'c1', r2: 'c2' } });
    assert.deepEqual(inTurn(cluster, MEMBERS), ['c3', 'c1', 'c2']);
  });
});

describe('what the scheduler makes of it', () => {
  const { cib } = stateOf({});
  const picture = (places: Readonly<Record<string, string>>): Simulation['after'] => ({
    nodes: new Map(),
    resources: stateOf({
      running: Object.entries(places)
        .map(([id, on]) => resource(id, 'managed="true"', on))
        .join(''),
    }).mon.resources,
  });
  const step = (
    actions: readonly Partial<Simulation['actions'][number]>[],
    fences: readonly string[] = [],
  ): Simulation => ({
    before: picture({}),
    after: picture({ db: 'r1', web: 'c1' }),
    steps: [],
    fences,
    actions: actions.map((action) => ({
      action: 'stop',
      resource: 'web',
      node: undefined,
      source: undefined,
      dest: undefined,
      reason: undefined,
      blocked: false,
      ...action,
    })),
  });
  const judge = (...steps: Simulation[]) => judgeSimulation(cib, [step([]), ...steps]);
  const move = (name: string, source: string, dest: string) =>
    step([{ action: 'move', resource: name, source, dest }]);

  it('tells who leaves a cluster node, each once, and nothing of connections', () => {
    const there = move('web', 'c1', 'c2');
    const back = move('web', 'c2', 'c1');
    const clone = step([{ action: 'stop', resource: 'dlm:1', node: 'c1' }]);
    const { moves, refusal } = judge(there, back, clone, move('r1', 'c1', 'c2'));
    assert.deepEqual([moves, refusal], [['dlm', 'web'], undefined]);
  });

  it('lets a resource come to a remote node and go again', () => {
    assert.equal(judge(move('web', 'c1', 'r1'), move('web', 'r1', 'c1')).refusal, undefined);
  });

  it('refuses to disturb what runs on a remote node', () => {
    for (const disturbed of [
      move('db', 'r1', 'c2'),
      step([{ action: 'stop', resource: 'db', node: 'r1' }]),
      step([{ action: 'restart', resource: 'db', source: 'r1', dest: 'r1' }]),
    ])
      assert.match(judge(disturbed).refusal?.message ?? '', /: db on r1$/);
  });

  it('refuses to have anybody fenced', () => {
    assert.match(judge(step([], ['c2'])).refusal?.message ?? '', /fence c2$/);
  });
});
