import type { Complaint } from '../text/causes.ts';
import { compareNames } from '../../support/text/fold-names.ts';
import type { Plan } from '../../model/plan.ts';
import type {
  RunEvent,
  RunResult,
  StepName,
  Verdict,
  VerdictEvent,
} from '../../model/run-event.ts';

/** A run that is over: how it ended and all its events. */
export interface FinishedRun {
  readonly result: RunResult;
  readonly events: readonly RunEvent[];
  /** How long it took. */
  readonly seconds: number;
  /** What stopped it before its end; undefined: nothing. */
  readonly stopped?: string | undefined;
  /** The plan that it carried out. */
  readonly plan?: Pick<Plan, 'plays'> | undefined;
}

export interface RunSummary {
  /** How many steps ended that way; one step is one thing on one host. */
  readonly steps: Readonly<Record<Verdict['kind'], number>>;
  /** How many of the changes that the plan counts were made: what only follows from others is a step, and no change. */
  readonly changes: number;
  /** How many hosts something was changed on or for. */
  readonly changedHosts: number;
  /** Each failed host once, with its first reason. */
  readonly failures: readonly Complaint[];
  /** Hosts that the run did not touch because the plan had a problem with them. */
  readonly leftOut: readonly Complaint[];
  /** Steps that were begun and have no verdict. */
  readonly unfinished: readonly StepName[];
  /** Nodes that were connected and not released: in standby and guarded. */
  readonly stillProtected: readonly string[];
  readonly wasInterrupted: boolean;
  readonly stopped: string | undefined;
  readonly seconds: number;
}

/** What became of a run. */
export function summariseRun({ result, events, seconds, stopped, plan }: FinishedRun): RunSummary {
  const verdicts = events.filter((event) => event.type === 'verdict');
  const steps = { changed: 0, 'in-sync': 0, failed: 0, skipped: 0 };
  for (const { verdict } of verdicts) steps[verdict.kind] += 1;
  const failures = failuresIn(verdicts);
  const changed = verdicts.filter(({ verdict }) => verdict.kind === 'changed');
  const following = consequencesIn(plan);
  return {
    steps,
    changes: changed.filter((step) => !following.has(`${step.host} ${step.item}`)).length,
    changedHosts: new Set(changed.map(({ host }) => host)).size,
    failures,
    leftOut: leftOutBy(result, failures),
    unfinished: unfinishedIn(events),
    stillProtected: unreleasedIn(verdicts, connectionsTriedIn(plan)),
    wasInterrupted: result.wasInterrupted,
    stopped,
    seconds,
  };
}

/** `host item` of what follows from other changes alone. */
function consequencesIn(plan: FinishedRun['plan']): ReadonlySet<string> {
  const changes = plan?.plays.flatMap((play) => play.changes) ?? [];
  const namesOf = (isConsequence: boolean): ReadonlySet<string> =>
    new Set(
      changes
        .filter((change) => change.isConsequence === isConsequence)
        .map(({ host, item }) => `${host} ${item}`),
    );
  const own = namesOf(false);
  // A connection that is tried again is guarded meanwhile: to take that guard off is part of the same change.
  const guarded = changes
    .filter(({ item }) => item === 'connection-resource' || item === 'guest-node')
    .map(({ host }) => `${host} node-state`);
  return new Set([...namesOf(true), ...guarded].filter((name) => !own.has(name)));
}

function failuresIn(verdicts: readonly VerdictEvent[]): readonly Complaint[] {
  const complaints = new Map<string, Complaint>();
  for (const { host, item, verdict } of verdicts) {
    if (verdict.kind !== 'failed' || complaints.has(host)) continue;
    complaints.set(host, { host, message: `${item}: ${verdict.because}`, hint: verdict.hint });
  }
  return sorted([...complaints.values()]);
}

/** Whoever counts as failed without a verdict was so from the start: the plan had a problem with it. */
function leftOutBy({ failed }: RunResult, failures: readonly Complaint[]): readonly Complaint[] {
  const reported = new Set(failures.map(({ host }) => host));
  return sorted([...failed].map(([host, message]) => ({ host, message }))).filter(
    ({ host }) => !reported.has(host),
  );
}

const sorted = (complaints: readonly Complaint[]): readonly Complaint[] =>
  complaints.toSorted((a, b) => compareNames(a.host, b.host));

const keyOf = ({ play, host, item }: StepName): string => JSON.stringify([play, host, item]);

function unfinishedIn(events: readonly RunEvent[]): readonly StepName[] {
  const open = new Map<string, StepName>();
  for (const event of events) {
    if (event.type === 'verdict') open.delete(keyOf(event));
    if (event.type !== 'action') continue;
    open.set(keyOf(event), { play: event.play, host: event.host, item: event.item });
  }
  return [...open.values()];
}

const CONNECTIONS: readonly StepName['item'][] = ['connection-resource', 'guest-node'];

/** Whether a connection is made, or tried again: then it is guarded meanwhile. Not when it only gets another option, or goes. */
function connectionsTriedIn(plan: FinishedRun['plan']): (host: string) => boolean {
  if (plan === undefined) return () => true;
  const tried = plan.plays
    .flatMap(({ changes }) => changes)
    .filter(
      ({ item, action, attributes }) =>
        CONNECTIONS.includes(item) &&
        action !== 'remove' &&
        (action === 'create' ||
          attributes.some(({ name }) => name === 'start' || name === 'connection')),
    );
  const hosts = new Set(tried.map(({ host }) => host));
  return (host) => hosts.has(host);
}

/**
 * A connection is made guarded and in standby, of a guest node with its VM held; only its node state, written after the
 * proof, releases it.
 */
function unreleasedIn(
  verdicts: readonly VerdictEvent[],
  isTried: (host: string) => boolean,
): readonly string[] {
  const connected = new Set<string>();
  for (const { host, item, verdict } of verdicts) {
    const isDone = verdict.kind === 'changed' || verdict.kind === 'in-sync';
    const isConnected = CONNECTIONS.includes(item) && verdict.kind === 'changed' && isTried(host);
    if (isConnected) connected.add(host);
    if (item === 'node-state' && isDone) connected.delete(host);
    if (item === 'node-online' && verdict.kind === 'failed') connected.delete(host);
    if (item === 'node-record') connected.delete(host); // it leaves
  }
  return [...connected].sort(compareNames);
}
