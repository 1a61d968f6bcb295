import { isGuardChange } from '../../items/node-state.ts';
import { nodeConnection } from '../../pacemaker/cib/cib.ts';
import type { CibOperation } from '../../pacemaker/procedures/edit.ts';
import type { Twin } from '../../pacemaker/cib/twins.ts';
import { connectionState, type NotIn } from '../../pacemaker/status/crm-mon.ts';
import { mixedUp, twinOf } from '../../plan/problems/cib-conflicts.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import type { CibDifference, CibItem } from '../../model/item.ts';
import type { Verdict } from '../../model/run-event.ts';
import type { ItemKind } from '../../playbook/item-kinds.ts';
import { connects, type Play } from '../../playbook/playbook.ts';
import { writeCib, writeDeclared } from '../cluster/cib.ts';
import { conclude, type VerdictContext } from '../run/conclude.ts';
import type { EditContext } from '../run/edit-context.ts';
import { failureOf } from '../run/failures.ts';
import type { RunContext } from '../run/run-context.ts';
import type { RunHosts } from '../run/run-hosts.ts';
import type { RunInput } from '../run/run-input.ts';
import type { RunProgress } from '../run/run-progress.ts';
import { recordVm } from '../run/vms.ts';
import { proveFencing } from './prove-fencing.ts';
import { verifyVms } from './verify-vms.ts';
import { finishQuietRestarts, quietMove } from '../quiet-restart/quiet-restart.ts';
import { forgetFailures } from '../cluster/undo.ts';

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
      // What an interrupted run left protected is released first: it would neither connect elsewhere nor come in.
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
const isPlanned = ({ plan }: Pick<RunInput, 'plan'>, { host, kind }: CibItem): boolean => {
  const kinds = kind === 'node-state' ? [kind, 'connection-resource', 'guest-node'] : [kind];
  return plan.plays.some(({ changes }) =>
    changes.some((change) => change.host === host && kinds.includes(change.item)),
  );
};

function skipped(context: VerdictContext, play: Play, { host, kind }: CibItem): boolean {
  const because = context.failed.get(host);
  if (because !== undefined)
    conclude(context, play, { host, item: kind }, { kind: 'skipped', because });
  return because !== undefined;
}

/** What it takes to edit the CIB for a play, and to follow up on that. */
type WriteContext = Pick<RunInput, 'spec' | 'plan'> &
  Pick<RunHosts, 'clusterHosts'> &
  EditContext &
  RunProgress;

async function write(
  context: WriteContext,
  play: Play,
  kind: ItemKind,
  items: readonly CibItem[],
): Promise<void> {
  const differences = new Map<string, CibDifference>();
  const overtaken = new Set<string>();
  const unproven = new Map<string, Verdict>();
  for (const { host } of items)
    context.emit({ type: 'action', play: play.name, host, item: kind, action: 'write-cib' });
  /** What a try has brought about whose answer was lost. */
  const carriedOut = new Map<string, CibDifference>();
  const edits = (cluster: ClusterFacts, isUnacknowledged: boolean): readonly CibOperation[] => {
    const tried = isUnacknowledged ? new Map(differences) : NONE;
    differences.clear();
    overtaken.clear();
    unproven.clear();
    for (const item of items) {
      const difference = leftOf(item, cluster, { tried, carriedOut });
      if (difference === undefined) continue;
      const why = kind === 'node-state' ? guardedAndOut(cluster, item.host) : undefined;
      const twin = difference.joins ? twinOf(cluster.cib, item.host) : undefined;
      if (why !== undefined) unproven.set(item.host, keptGuard(why));
      else if (twin !== undefined) unproven.set(item.host, notJoined(item.host, twin));
      else if (isShown(context, item, difference)) differences.set(item.host, difference);
      else overtaken.add(item.host);
    }
    if (connects(kind)) {
      // An earlier round may have planned to create what another user has created meanwhile.
      for (const { host } of items) context.joining.delete(host);
      for (const host of joinedBy(differences, carriedOut)) context.joining.add(host);
      rememberEntries(context, cluster, differences);
      recordVms(context, cluster, differences);
    }
    return [...differences.values()].flatMap(({ operations }) => operations);
  };
  // The state of a node ends the protection in which it joined; the plan has had that judged with all the rest.
  const writing = kind === 'node-state' ? writeCib : writeDeclared;
  await writing(context, play, kind, edits);
  for (const [host, difference] of carriedOut) differences.set(host, difference);
  const wrong = await whatIsWrong(context, play, { kind, items, differences });
  for (const { host } of items) {
    const done = { kind: differences.has(host) ? 'changed' : 'in-sync' } as const;
    const failed = overtaken.has(host) ? OVERTAKEN : (unproven.get(host) ?? wrong.get(host));
    conclude(context, play, { host, item: kind }, failed ?? done);
    if (kind === 'node-state' && failed === undefined) context.joining.delete(host);
  }
}

const joinedBy = (...all: readonly ReadonlyMap<string, CibDifference>[]): readonly string[] =>
  all.flatMap((of) => [...of].flatMap(([host, { joins }]) => (joins ? [host] : [])));

const NONE: ReadonlyMap<string, CibDifference> = new Map();

/**
 * What is left to do of an item after a try whose answer was lost. That was carried out where nothing is left of it, or where a
 * connection is there now, whose start may have failed since.
 */
function leftOf(
  item: CibItem,
  cluster: ClusterFacts,
  {
    tried,
    carriedOut,
  }: {
    readonly tried: ReadonlyMap<string, CibDifference>;
    readonly carriedOut: Map<string, CibDifference>;
  },
): CibDifference | undefined {
  const now = item.compare(cluster);
  const before = tried.get(item.host);
  if (before !== undefined && (now === undefined || (before.joins && !now.joins)))
    carriedOut.set(item.host, before);
  return carriedOut.has(item.host) ? undefined : now;
}

/** What the edit did not bring about, by node. */
async function whatIsWrong(
  context: Pick<RunInput, 'spec'> &
    Pick<RunHosts, 'clusterHosts'> &
    EditContext &
    Pick<RunProgress, 'vms'>,
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
  return verifyVms(context, play, releasedGuests(context, differences));
}

const isTried = (difference: CibDifference | undefined): boolean =>
  difference !== undefined && (difference.joins || difference.cleansUp);

/** What the VMs were like before their connections are tried. */
function recordVms(
  { spec, vms }: Pick<RunInput, 'spec'> & Pick<RunProgress, 'vms'>,
  cluster: ClusterFacts,
  differences: ReadonlyMap<string, CibDifference>,
): void {
  for (const { name, resource } of spec.guestNodes)
    if (isTried(differences.get(name))) vms.set(name, recordVm(cluster, resource));
}

/** The entries of nodes as they were before their join: should it fail, they are put back. */
function rememberEntries(
  { entriesBefore }: Pick<RunProgress, 'entriesBefore'>,
  { cib }: ClusterFacts,
  differences: ReadonlyMap<string, CibDifference>,
): void {
  for (const [host, { joins }] of differences) {
    const entry = cib.nodeEntries.get(host);
    if (joins && entry !== undefined) entriesBefore.set(host, entry);
  }
}

/** Guest nodes whose VMs have just been released to the cluster. */
const releasedGuests = (
  { spec }: Pick<RunInput, 'spec'>,
  differences: ReadonlyMap<string, CibDifference>,
): readonly string[] =>
  spec.guestNodes
    .map(({ name }) => name)
    .filter((name) => differences.get(name)?.attributes.some(isGuardChange));

/** Why a guarded node is not online and verified at this moment: without its guard it would be fenced for a failed start. */
function guardedAndOut({ cib, mon }: ClusterFacts, name: string): NotIn | undefined {
  if (nodeConnection(cib, name)?.guarded !== true) return undefined;
  const state = connectionState(mon, name);
  return state.state === 'node-online' ? undefined : state.why;
}

const keptGuard = (why: NotIn): Verdict => ({
  kind: 'failed',
  because: `it is not online (${why}); its join guard stays`,
  hint: 'check its connection with `crm_mon -1`; the next apply continues from there',
});

/** Somebody has added the twin since the plan was made. */
const notJoined = (name: string, twin: Twin): Verdict => ({
  kind: 'failed',
  because: mixedUp(name, twin),
  hint: 'rename the node',
});

const OVERTAKEN = {
  kind: 'failed',
  because: 'its connection has changed since the plan was made',
  hint: 'plan again, and review the difference',
} as const;

/**
 * Whether the plan showed this change of a connection resource. What else a colleague does to it meanwhile is not
 * undone unseen; that it failed meanwhile, or came in, changes nothing.
 */
function isShown(
  { plan }: Pick<RunInput, 'plan'>,
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

/** Lets the cluster try again where a start has failed; the guard is on by now. Returns the verdicts of those it could not. */
async function cleanUp(
  context: EditContext,
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
