import { isGuardChange } from '../items/node-state.ts';
import { nodeConnection } from '../pacemaker/cib.ts';
import { connectionState, type NotIn } from '../pacemaker/crm-mon.ts';
import type { ClusterFacts } from '../plan/facts.ts';
import type { CibDifference, CibItem } from '../plan/item.ts';
import type { Verdict } from '../plan/run-event.ts';
import { connects, type ItemKind, type Play } from '../playbook/playbook.ts';
import { writeCib } from './cib.ts';
import { conclude, failureOf, type RunContext } from './context.ts';
import { recordMachine } from './machines.ts';
import { proveFencing } from './prove-fencing.ts';
import { proveMachines } from './prove-machines.ts';
import { finishQuietRestarts, quietMove } from './quiet-restart.ts';
import { forgetFailures } from './undo.ts';

/** Runs a play on the CIB: one patch for all nodes of the batch and each kind of item. */
export async function runCibPlay(
  context: RunContext,
  play: Play,
  batch: readonly string[],
): Promise<void> {
  for (const kind of play.items) {
    const items = context.cibItems.filter(
      (item) => item.kind === kind && batch.includes(item.host) && isPlanned(context, item),
    );
    const ready = items.filter((item) => !skipped(context, play, item));
    if (ready.length === 0) continue;
    try {
      // What a run that died left protected is given back first: it would neither connect elsewhere nor come in.
      const hosts = ready.map(({ host }) => host);
      const lost = await finishQuietRestarts(context, play, kind, hosts);
      const left = hosts.filter((host) => !lost.has(host));
      const moved = connects(kind) ? await quietMove(context, play, kind, left) : new Set();
      const items = ready.filter(({ host }) => left.includes(host) && !moved.has(host));
      if (items.length > 0) await write(context, play, kind, items);
    } catch (thrown) {
      const verdict = failureOf(thrown);
      for (const { host } of ready) conclude(context, play, { host, item: kind }, verdict);
    }
  }
}

/** A connection that this run guards has its guard taken off again: that belongs to the same change. */
const isPlanned = ({ plan }: RunContext, { host, kind }: CibItem): boolean => {
  const kinds = kind === 'node-state' ? [kind, 'connection-resource', 'guest-node'] : [kind];
  return plan.plays.some(({ changes }) =>
    changes.some((change) => change.host === host && kinds.includes(change.item)),
  );
};

function skipped(context: RunContext, play: Play, { host, kind }: CibItem): boolean {
  const because = context.failed.get(host);
  if (because !== undefined)
    conclude(context, play, { host, item: kind }, { kind: 'skipped', because });
  return because !== undefined;
}

async function write(
  context: RunContext,
  play: Play,
  kind: ItemKind,
  items: readonly CibItem[],
): Promise<void> {
  const differences = new Map<string, CibDifference>();
  const overtaken = new Set<string>();
  const unproven = new Map<string, Verdict>();
  for (const { host } of items)
    context.emit({ type: 'action', play: play.name, host, item: kind, action: 'write-cib' });
  await writeCib(context, play, kind, (cluster) => {
    differences.clear();
    overtaken.clear();
    unproven.clear();
    for (const item of items) {
      const difference = item.compare(cluster);
      if (difference === undefined) continue;
      const why = kind === 'node-state' ? guardedAndOut(cluster, item.host) : undefined;
      if (why !== undefined) unproven.set(item.host, keptGuard(why));
      else if (isShown(context, item, difference)) differences.set(item.host, difference);
      else overtaken.add(item.host);
    }
    if (connects(kind)) {
      // An earlier round may have wanted to make what somebody else has made meanwhile.
      for (const { host } of items) context.joining.delete(host);
      for (const [host, { joins }] of differences) if (joins) context.joining.add(host);
      rememberMachines(context, cluster, differences);
    }
    return [...differences.values()].flatMap(({ operations }) => operations);
  });
  const wrong = await whatIsWrong(context, play, { kind, items, differences });
  for (const { host } of items) {
    const done = { kind: differences.has(host) ? 'changed' : 'in-sync' } as const;
    const failed = overtaken.has(host) ? OVERTAKEN : (unproven.get(host) ?? wrong.get(host));
    conclude(context, play, { host, item: kind }, failed ?? done);
    if (kind === 'node-state' && failed === undefined) context.joining.delete(host);
  }
}

/** What the edit did not bring about, by node. */
async function whatIsWrong(
  context: RunContext,
  play: Play,
  {
    kind,
    items,
    differences,
  }: {
    readonly kind: ItemKind;
    readonly items: readonly CibItem[];
    readonly differences: ReadonlyMap<string, CibDifference>;
  },
): Promise<ReadonlyMap<string, Verdict>> {
  if (kind === 'fence-device') return proveFencing(context, play, items);
  if (kind !== 'node-state') return cleanUp(context, play, kind, differences);
  return proveMachines(context, play, releasedGuests(context, differences));
}

const isTried = (difference: CibDifference | undefined): boolean =>
  difference !== undefined && (difference.joins || difference.cleansUp);

/** What the machines were like before their connections are tried. */
function rememberMachines(
  { spec, machines }: RunContext,
  cluster: ClusterFacts,
  differences: ReadonlyMap<string, CibDifference>,
): void {
  for (const { name, resource } of spec.guestNodes)
    if (isTried(differences.get(name))) machines.set(name, recordMachine(cluster, resource));
}

/** Guest nodes whose machines have just been given back to the cluster. */
const releasedGuests = (
  { spec }: RunContext,
  differences: ReadonlyMap<string, CibDifference>,
): readonly string[] =>
  spec.guestNodes
    .map(({ name }) => name)
    .filter((name) => differences.get(name)?.attributes.some(isGuardChange));

/** Why a guarded node is not truly in at this moment: without its guard it would be fenced for a failed start. */
function guardedAndOut({ cib, mon }: ClusterFacts, name: string): NotIn | undefined {
  if (nodeConnection(cib, name)?.guarded !== true) return undefined;
  const state = connectionState(mon, name);
  return state.state === 'truly-in' ? undefined : state.why;
}

const keptGuard = (why: NotIn): Verdict => ({
  kind: 'failed',
  because: `it is not truly in (${why}), so that it keeps its guard`,
  hint: 'look at its connection with `crm_mon -1`; the next apply goes on from there',
});

const OVERTAKEN = {
  kind: 'failed',
  because: 'somebody else changed its connection since the plan was made',
  hint: 'plan again, and look at what they did',
} as const;

/**
 * Whether the plan showed this change of a connection resource. What else a colleague does to it meanwhile is not
 * undone unseen; that it failed meanwhile, or came in, changes nothing.
 */
function isShown(
  { plan }: RunContext,
  { host, kind }: CibItem,
  difference: CibDifference,
): boolean {
  if (!connects(kind)) return true;
  const shown = plan.plays
    .flatMap(({ changes }) => changes)
    .find((change) => change.host === host && change.item === kind);
  if (shown === undefined || difference.joins !== (shown.action === 'create')) return false;
  return difference.attributes.every(
    ({ name, before, after }) =>
      (difference.cleansUp && (name === 'start' || name === 'connection')) ||
      shown.attributes.some(
        (known) => known.name === name && known.before === before && known.after === after,
      ),
  );
}

/** Lets the cluster try again where a start has failed; the guard is on by now. Gives the verdicts of those it could not. */
async function cleanUp(
  context: RunContext,
  play: Play,
  kind: ItemKind,
  differences: ReadonlyMap<string, CibDifference>,
): Promise<ReadonlyMap<string, Verdict>> {
  const names = [...differences].filter(([, { cleansUp }]) => cleansUp).map(([name]) => name);
  if (names.length === 0) return new Map();
  for (const host of names)
    context.emit({ type: 'action', play: play.name, host, item: kind, action: 'cleanup' });
  try {
    await forgetFailures(context, play, names);
    return new Map();
  } catch (thrown) {
    const verdict = failureOf(thrown);
    return new Map(names.map((name) => [name, verdict]));
  }
}
