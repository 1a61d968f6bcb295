import { connectedNames, type Cib } from '../../pacemaker/cib/cib.ts';
import { withoutInstance } from '../../pacemaker/status/cluster-status.ts';
import { groupBy } from '../../support/text/group-by.ts';
import type { Forecast } from '../../model/plan.ts';

/** How what the cluster itself would do differs from an earlier forecast, one line each. */
export interface OtherForecast {
  /** It would do this as well. */
  readonly unannounced: readonly string[];
  readonly dropped: readonly string[];
  /** The same, on another cluster node: it disturbs nothing. */
  readonly elsewhere: readonly string[];
}

/** One thing that the cluster would do. */
interface Happening {
  readonly name: string;
  /** `moves from h2 to h1` */
  readonly what: string;
  /** Equal where whoever agreed to the one has agreed to the other. */
  readonly key: string;
  /** What was agreed to with it: who moves has to start there, and may be stopped by now. */
  readonly includes?: string;
}

/**
 * Compares two forecasts by value. Where a connection or a fence device runs among the cluster nodes may change at any time in a
 * healthy cluster, and disturbs nothing: what counts of these is that they start, stop or move at all. The numbers of a clone's
 * instances are given out anew at each look (3.0.0 lib/pengine/unpack.c, find_anonymous_clone), and who fences or is fenced is a risk with a name.
 */
export function otherForecast(
  shown: Forecast | undefined,
  now: Forecast | undefined,
  cib: Cib,
): OtherForecast {
  const stateless = new Set([...connectedNames(cib), ...cib.fencingDevices]);
  const [before, after] = [tallied(shown, stateless), tallied(now, stateless)];
  const gone = beyond(before, after);
  const included = new Set(gone.flatMap(({ includes }) => includes ?? []));
  const added = beyond(after, before).filter(({ key }) => !included.has(key));
  return {
    unannounced: [
      ...added.map(({ name, what }) => `${name}: ${what} now, not in the plan`),
      ...grownMore(now, shown, 'now, and was to grow by'),
    ],
    dropped: [
      ...gone.map(({ name, what }) => `${name}: ${what} no longer`),
      ...grownMore(shown, now, 'no longer, but by'),
    ],
    elsewhere: elsewhere(before, after),
  };
}

type Tally = ReadonlyMap<string, readonly Happening[]>;

const tallied = (forecast: Forecast | undefined, stateless: ReadonlySet<string>): Tally =>
  groupBy(happenings(forecast, stateless), ({ key }) => key);

/** What happens more often than in the other forecast. */
const beyond = (all: Tally, others: Tally): readonly Happening[] =>
  [...all].flatMap(([key, same]) => same.slice(others.get(key)?.length ?? 0));

const elsewhere = (before: Tally, after: Tally): readonly string[] =>
  [...after].flatMap(([key, same]) => {
    const known = new Set(before.get(key)?.map(({ what }) => what));
    const others = known.size === 0 ? [] : same.filter(({ what }) => !known.has(what));
    return others.map(
      ({ name, what }) => `${name}: ${what} now (in the plan: ${[...known].join(', ')})`,
    );
  });

/** Clones that grow by more than in the other forecast. */
function grownMore(
  forecast: Forecast | undefined,
  other: Forecast | undefined,
  than: string,
): readonly string[] {
  const others = new Map(other?.effects.cloneGrowth.map(({ clone, by }) => [clone, by]));
  return (forecast?.effects.cloneGrowth ?? [])
    .map(({ clone, by }) => ({ clone, by, known: others.get(clone) ?? 0 }))
    .filter(({ by, known }) => by > known)
    .map(({ clone, by, known }) => `${clone}: grows by ${by} ${than} ${known}`);
}

function happenings(
  forecast: Forecast | undefined,
  stateless: ReadonlySet<string>,
): readonly Happening[] {
  if (forecast === undefined) return [];
  const { connectionStarts, starts, stops, moves, others } = forecast.effects;
  const keyOf = (action: string, id: string, node: string): string => {
    const name = withoutInstance(id);
    return JSON.stringify([action, name, stateless.has(name) ? '' : node]);
  };
  const there = (action: string, name: string, on: string): Happening => {
    const what = ACTIONS[action] ?? `is to ${action}`;
    return { name, what: `${what} on ${on}`, key: keyOf(action, name, on) };
  };
  return [
    ...connectionStarts.map(({ node, on }) => ({
      name: node,
      what: `connects from ${on}`,
      key: JSON.stringify(['connect', node]),
    })),
    ...starts.map(({ resource, on }) => there('start', resource, on)),
    ...stops.map(({ resource, on }) => there('stop', resource, on)),
    ...others.map(({ action, resource, on }) => there(action, resource, on)),
    ...moves.map(({ resource, from, to }) => ({
      name: resource,
      what: `moves from ${from} to ${to}`,
      key: keyOf('move', resource, JSON.stringify([from, to])),
      includes: keyOf('start', resource, to),
    })),
  ];
}

const ACTIONS: Readonly<Record<string, string>> = {
  start: 'starts',
  stop: 'stops',
  restart: 'restarts',
  recover: 'is recovered',
  reload: 'is reloaded',
  promote: 'is promoted',
  demote: 'is demoted',
};
