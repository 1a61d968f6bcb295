import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import type { Forecast, Plan } from '../../../src/model/plan.ts';
import { otherCircumstances, type FreshPlan } from '../../../src/plan/saved/saved-plan.ts';
import { sinceShown } from '../../../src/plan/saved/since-shown.ts';
import { quietEffects, quietPlan } from '../report/plans.ts';

const CIB = `<cib epoch="1" num_updates="0" admin_epoch="0" have-quorum="1"><configuration><crm_config/><nodes><node id="1" uname="c1"/><node id="2" uname="c2"/></nodes><resources>
  <primitive id="fence1" class="stonith" type="fence_dummy"/>
  <primitive id="h1" class="ocf" provider="pacemaker" type="remote"/>
  <primitive id="d1" class="ocf" provider="pacemaker" type="Dummy"/>
</resources><constraints/></configuration><status/></cib>`;

type Effects = Partial<Forecast['effects']>;
const planWith = (effects: Effects | undefined, more: Partial<Plan> = {}): Plan => ({
  ...quietPlan,
  forecast: effects && {
    effects: { ...quietEffects, ...effects },
    fencedOnFailure: [],
    withoutEligibleNode: [],
  },
  ...more,
});

/** Nothing but the forecast and what stands in the cluster differs. */
const made = (plan: Plan): FreshPlan =>
  ({
    plan,
    cluster: { cib: readCib(CIB) },
    differences: { onHosts: new Map(), inCib: new Map() },
    removals: { onHosts: new Map(), inCib: new Map() },
    facts: { clusterNodes: new Map(), remoteNodes: new Map(), guestNodes: new Map() },
    removedNodes: { hosts: new Map() },
  }) as unknown as FreshPlan;

const since = (shown: Plan, now: Plan) => sinceShown(made(shown), made(now));

const d1 = { resource: 'd1', from: 'h2', to: 'h1' };
const NOT_SHOWN: readonly (readonly [string, Effects | undefined, Effects, readonly string[]])[] = [
  [
    'the same move to another target',
    { moves: [d1] },
    { moves: [{ ...d1, to: 'h3' }] },
    ['d1: moves from h2 to h3 now, not in the plan'],
  ],
  [
    'a start, where nothing was to be asked',
    undefined,
    { starts: [{ resource: 'd2', on: 'h1' }] },
    ['d2: starts on h1 now, not in the plan'],
  ],
  [
    'a start elsewhere',
    { starts: [{ resource: 'd2', on: 'h1' }] },
    { starts: [{ resource: 'd2', on: 'h2' }] },
    ['d2: starts on h2 now, not in the plan'],
  ],
  [
    'a clone that grows by more',
    { cloneGrowth: [{ clone: 'cl', by: 1 }] },
    { cloneGrowth: [{ clone: 'cl', by: 2 }] },
    ['cl: grows by 2 now, and was to grow by 1'],
  ],
  [
    'another instance of a clone on the same node',
    { starts: [{ resource: 'cl-one:4', on: 'h1' }] },
    {
      starts: [
        { resource: 'cl-one:3', on: 'h1' },
        { resource: 'cl-one:4', on: 'h1' },
      ],
    },
    ['cl-one:4: starts on h1 now, not in the plan'],
  ],
  [
    'a move of a connection',
    {},
    { moves: [{ resource: 'h1', from: 'c1', to: 'c2' }] },
    ['h1: moves from c1 to c2 now, not in the plan'],
  ],
  [
    'the start of another connection',
    { connectionStarts: [{ node: 'h1', on: 'c1' }] },
    {
      connectionStarts: [
        { node: 'h1', on: 'c1' },
        { node: 'h2', on: 'c1' },
      ],
    },
    ['h2: connects from c1 now, not in the plan'],
  ],
  [
    'the stop of a fence device',
    {},
    { stops: [{ resource: 'fence1', on: 'c1' }] },
    ['fence1: stops on c1 now, not in the plan'],
  ],
  [
    'the restart of a fence device',
    {},
    { others: [{ action: 'restart', resource: 'fence1', on: 'c1' }] },
    ['fence1: restarts on c1 now, not in the plan'],
  ],
  [
    'a stop where a move was shown',
    { moves: [d1] },
    { stops: [{ resource: 'd1', on: 'h2' }] },
    ['d1: stops on h2 now, not in the plan'],
  ],
];

describe('what the cluster would do now, and what was shown', () => {
  for (const [what, shown, now, lines] of NOT_SHOWN)
    it(`differ by ${what}`, () => {
      assert.deepEqual(since(planWith(shown), planWith(now)).unannounced, lines);
    });

  it('do not differ where it is the same', () => {
    for (const [, , now] of NOT_SHOWN) {
      const { unannounced, dropped, elsewhere } = since(planWith(now), planWith(now));
      assert.deepEqual([unannounced, dropped, elsewhere], [[], [], []]);
    }
  });

  it('is told where it is less', () => {
    for (const [, , now] of NOT_SHOWN) {
      const { unannounced, dropped } = since(planWith(now), planWith(undefined));
      assert.deepEqual(unannounced, []);
      assert.notDeepEqual(dropped, []);
    }
    const less = since(planWith({ moves: [d1] }), planWith({}));
    assert.deepEqual(less.dropped, ['d1: moves from h2 to h1 no longer']);
  });

  it('agree where a resource that was to move has been stopped meanwhile, and starts there', () => {
    const { unannounced } = since(
      planWith({ moves: [d1] }),
      planWith({ starts: [{ resource: 'd1', on: 'h1' }] }),
    );
    assert.deepEqual(unannounced, []);
  });

  it('agree where a clone numbers its instances otherwise', () => {
    const start = (resource: string) => planWith({ starts: [{ resource, on: 'h1' }] });
    const { unannounced, dropped } = since(start('cl-one:4'), start('cl-one:3'));
    assert.deepEqual([unannounced, dropped], [[], []]);
  });

  it('agree where a connection or a fence device is on another cluster node, and that is told', () => {
    const on = (node: string) =>
      planWith({
        connectionStarts: [{ node: 'h9', on: node }],
        others: [{ action: 'restart', resource: 'fence1', on: node }],
        stops: [{ resource: 'h1', on: node }],
      });
    assert.deepEqual(since(on('c1'), on('c2')), {
      unannounced: [],
      dropped: [],
      elsewhere: [
        'h9: connects from c2 now (in the plan: connects from c1)',
        'h1: stops on c2 now (in the plan: stops on c1)',
        'fence1: restarts on c2 now (in the plan: restarts on c1)',
      ],
    });
  });
});

describe('what stands in the cluster now, and when a plan was shown', () => {
  const cluster = (hasQuorum: boolean): Partial<Plan> => ({
    cluster: { ...quietPlan.cluster, hasQuorum },
  });
  const fencedBy = (devices: readonly string[] | undefined): Plan =>
    planWith(undefined, { fencing: [{ node: 'h1', devices, extended: undefined }] });

  it('differ by the quorum', () => {
    const [whole, lost] = [true, false].map((has) => planWith(undefined, cluster(has)));
    assert.ok(whole && lost);
    assert.deepEqual(otherCircumstances(whole, lost), ['the cluster has lost its quorum now']);
    assert.deepEqual(otherCircumstances(lost, whole), ['the cluster has quorum now']);
  });

  it('differ by a fence device that is gone', () => {
    const lines = (now: readonly string[] | undefined): readonly string[] =>
      since(fencedBy(['f1', 'f2']), fencedBy(now)).unannounced;
    assert.deepEqual(lines([]), [
      'h1: the fence device f1 can no longer fence it',
      'h1: the fence device f2 can no longer fence it',
    ]);
    assert.deepEqual(lines(['f2']), ['h1: the fence device f1 can no longer fence it']);
    assert.deepEqual(lines(undefined), [
      'h1: no cluster node reports now whether f1, f2 can fence it',
    ]);
    assert.deepEqual(lines(['f1', 'f2', 'f3']), []);
  });
});
