import assert from 'node:assert/strict';
import { lockIn } from '../../src/pacemaker/procedures/lock.ts';
import type { RunEvent } from '../../src/model/run-event.ts';
import { apply, useStateFolder, type Applied, type Run } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';
import type { FakeHost } from '../support/fake-host.ts';
import { BARE_HOST } from '../support/recorded-hosts.ts';
import { sectionsOf } from '../support/replies.ts';

const NODES = ['h1', 'h2'];
const BARE = sectionsOf(BARE_HOST);

/** When a cluster node is lost: before a request was carried out, or after it, so that only its answer is missing. */
const MOMENTS = ['before', 'after'] as const;

type Moment = (typeof MOMENTS)[number];

/** Loses c1 with the `nth` request of a kind that reaches it once `isTime` says so. */
function loseWith(
  lab: FakeLab,
  script: string,
  moment: Moment,
  { nth = 1, params = () => true, isTime = () => true }: Losing = {},
): { wasLost: boolean } {
  const state = { wasLost: false };
  let left = nth;
  const c1 = lab.host('c1');
  c1.intercept = (ran, request, answer) => {
    if (ran !== script || state.wasLost || !isTime() || !params(request.params ?? []))
      return answer();
    left -= 1;
    if (left > 0) return answer();
    state.wasLost = true;
    const lose = (): never => c1.die();
    if (moment === 'before') return lose();
    return Promise.resolve(answer()).then(lose);
  };
  return state;
}

interface Losing {
  readonly nth?: number;
  readonly params?: (params: readonly string[]) => boolean;
  readonly isTime?: () => boolean;
}

const protectedIn = (lab: FakeLab): string[] =>
  [...lab.cib.remoteConnections.values()].filter(({ quiet }) => quiet).map(({ id }) => id);

const movesIn = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) =>
    event.type === 'query-node-changed' ? [`${event.from} ${event.to}: ${event.because}`] : [],
  );

let labs = 0;

/** With a name of its own, so that its records lie in a folder of their own. */
function named(lab: FakeLab): FakeLab {
  labs += 1;
  return Object.assign(lab, { spec: { ...lab.spec, cluster: { name: `prod-${labs}` } } });
}

/** Cluster nodes, and hosts on which nothing is installed. */
const bare = (failing: readonly string[] = []): FakeLab => {
  const lab: FakeLab = new FakeLab(NODES, {
    h1: {
      answers: {
        'stop-service': () => {
          for (const part of ['units', 'listening']) lab.change('h1', part, BARE.get(part) ?? '');
          return '';
        },
      },
    },
  });
  for (const name of failing) lab.failing.add(name);
  return named(lab);
};

/** A cluster that is connected to its nodes. */
async function connected(): Promise<FakeLab> {
  const lab = bare();
  assert.deepEqual([...(await apply(lab)).failed], []);
  lab.forget();
  return lab;
}

const ROTATED: Run = { allowed: ['authkey-replaced'], pause: () => Promise.resolve() };

const rotate = (lab: FakeLab, run: Run = {}): Promise<Applied> =>
  apply(lab, { ...ROTATED, rotates: true, ...run });

const LOST = ['c1 c2: the connection was lost'];

/** What is asked of the query node. */
const REQUESTS = ['read-cluster', 'write-cib', 'verify-cib', 'cleanup', 'forget-nodes'];

/** Something that a run does, from a state of its own. */
interface Procedure {
  readonly what: string;
  readonly begin: () => Promise<FakeLab>;
  readonly run: (lab: FakeLab) => Promise<Applied>;
  /** Whether c1 had done its own part before it was lost: without it, nothing is begun. */
  readonly hasPart: (c1: FakeHost) => boolean;
}

const absent = (lab: FakeLab): FakeLab => {
  const [h1, h2] = lab.spec.remoteNodes;
  assert.ok(h1 !== undefined && h2 !== undefined);
  const gone = { remoteNodes: [h1], guestNodes: [] };
  return Object.assign(lab, { spec: { ...lab.spec, remoteNodes: [h2], absent: gone } });
};

const hasTriedPorts = ({ ran }: FakeHost): boolean => ran.includes('reach');

const PROCEDURES: readonly Procedure[] = [
  {
    what: 'a join',
    begin: () => Promise.resolve(bare()),
    run: (lab) => apply(lab),
    hasPart: hasTriedPorts,
  },
  {
    what: 'a join that fails',
    begin: () => Promise.resolve(bare(['h1'])),
    run: (lab) => apply(lab),
    hasPart: hasTriedPorts,
  },
  {
    what: 'a rotation',
    begin: connected,
    run: (lab) => rotate(lab),
    hasPart: ({ written }) => written.length > 0,
  },
  {
    what: 'a removal',
    begin: async () => absent(await connected()),
    run: (lab) => apply(lab),
    hasPart: () => true,
  },
];

const endOf = (lab: FakeLab, { failed, stopped }: Applied) => ({
  failed: [...failed].map(([name, why]) => `${name}: ${why}`),
  stopped,
  connections: [...lab.cib.remoteConnections.keys()],
  isProtected: protectedIn(lab),
  lock: lockIn(lab.cib),
  hasOneKey: new Set(['c1', 'c2', 'h2'].map((name) => lab.keyOf(name))).size === 1,
});

type End = ReturnType<typeof endOf>;

/** The `nth` request of a kind; of those about the lock, the one that takes or gives it back. */
interface Asked {
  readonly script: string;
  readonly nth: number;
  readonly verb?: 'take' | 'release';
}

function askedIn({ ran }: FakeHost): readonly Asked[] {
  const counts = new Map<string, number>();
  const asked = ran
    .filter((script) => REQUESTS.includes(script))
    .map((script) => {
      const nth = (counts.get(script) ?? 0) + 1;
      counts.set(script, nth);
      return { script, nth };
    });
  const lock = { script: 'lock', nth: 1 } as const;
  return [...asked, { ...lock, verb: 'take' }, { ...lock, verb: 'release' }];
}

/** Loses c1 with one request. */
async function assertGoesOn(
  { begin, run, hasPart }: Procedure,
  moment: Moment,
  { script, nth, verb }: Asked,
  undisturbed: End,
): Promise<void> {
  const lab = await begin();
  const c1 = lab.host('c1');
  const params = ([first]: readonly string[]): boolean => verb === undefined || first === verb;
  const lost = loseWith(lab, script, moment, { nth, params });
  const applied = await run(lab);
  const end = endOf(lab, applied);
  // The lock is released when the run has ended: nobody hears of it.
  const reported = verb === 'release' ? [] : LOST;
  assert.deepEqual([lost.wasLost, movesIn(applied.events)], [true, reported]);
  if (hasPart(c1)) assert.deepEqual(end, undisturbed);
  else {
    const { failed, ...left } = end;
    const clean = { stopped: undefined, isProtected: [], lock: undefined };
    assert.deepEqual({ ...left, ...clean }, left);
    assert.match(failed.join(), /c1.*the connection was lost/);
  }
  if (hasPart(c1) && script !== 'write-cib') return;
  c1.isDead = false;
  lab.failing.clear();
  const next = await apply(lab, ROTATED);
  assert.deepEqual([[...next.failed], next.stopped, protectedIn(lab)], [[], undefined, []]);
}

/** Loses c1 with each request of a procedure, all in labs of their own; what went wrong. */
async function lossesIn(procedure: Procedure): Promise<readonly string[]> {
  const lab = await procedure.begin();
  const undisturbed = endOf(lab, await procedure.run(lab));
  const losses = MOMENTS.flatMap((moment) =>
    askedIn(lab.host('c1'))
      .map((asked) => ({ moment, asked }))
      // What was not carried out is the simpler case.
      .filter((_, index) => moment === 'after' || index % 3 === 0),
  );
  assert.ok(losses.length >= 8, JSON.stringify(losses));
  const wrong = await Promise.all(
    losses.map(async ({ moment, asked }) => {
      try {
        await assertGoesOn(procedure, moment, asked, undisturbed);
        return [];
      } catch (thrown) {
        const why = thrown instanceof Error ? thrown.message : String(thrown);
        return [`${moment} ${asked.script} ${asked.nth}: ${why}`];
      }
    }),
  );
  return wrong.flat();
}

describe('a query node that is lost', function () {
  this.timeout(300_000);
  useStateFolder();

  // Most of it is waiting: all at the same time.
  it('with whatever it was asked, before or after, does not end the run', async () => {
    const wrong = await Promise.all(
      PROCEDURES.map(async (procedure) => [procedure.what, await lossesIn(procedure)] as const),
    );
    assert.deepEqual(
      wrong
        .filter(([, of]) => of.length > 0)
        .map(([what, of]) => `${what}: ${of.join('\n')}`)
        .join('\n'),
      '',
    );
  });

  it('when it has its own part of a rotation already does not end the run either', async () => {
    const lab = await connected();
    const c1 = lab.host('c1');
    lab.host('h1').intercept = (script, _request, answer) => {
      if (script === 'start-service') c1.isDead = true;
      return answer();
    };
    const applied = await rotate(lab);
    assert.deepEqual([...applied.failed, applied.stopped], [undefined]);
    assert.deepEqual(movesIn(applied.events), LOST);
    assert.deepEqual(endOf(lab, applied).hasOneKey, true);
    assert.deepEqual(protectedIn(lab), []);
  });
});
