import { managedResourceOf, connectedNames, nodeConnection } from '../../pacemaker/cib/cib.ts';
import { isFencingOn } from '../../pacemaker/cib/cluster-options.ts';
import {
  guard,
  pin,
  protect,
  quietlyProtected,
  reconnectGuests,
  unpin,
  unprotect,
  type CibOperation,
} from '../../pacemaker/procedures/edit.ts';
import { readCluster } from '../../probe/read-cluster.ts';
import { activeOn, connectionNode, connectionState } from '../../pacemaker/status/crm-mon.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import { isMoved } from '../../model/item.ts';
import type { ItemKind } from '../../playbook/item-kinds.ts';
import { connects, type Play } from '../../playbook/playbook.ts';
import { nodesOf, type PacemakerRemoteSpec } from '../../inventory/spec.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import { checkCredentials, checkPorts, portsOf } from './checks.ts';
import { REACH_TIMEOUT_MS } from '../run/reach.ts';
import { writeCib } from '../cluster/cib.ts';
import type { EditContext } from '../run/edit-context.ts';
import type { ProcedureContext } from '../run/run-context.ts';
import type { RunInput } from '../run/run-input.ts';
import { reportChecking, reportWatching } from '../run/waiting.ts';
import { failuresOf } from '../../pacemaker/status/failures.ts';
import { isIdle } from '../../pacemaker/status/dc-state.ts';
import { outliveKeyCache } from './key-cache.ts';
import type { Blockers } from '../run/blockers.ts';
import { prove } from '../cluster/prove.ts';
import { isStillOut, releasable } from './markers.ts';
import { forgetFailures } from '../cluster/undo.ts';
import { watchCluster } from '../cluster/watch-cluster.ts';
import { foldNames } from '../../support/text/fold-names.ts';

// The cluster takes note of a changed meta attribute within a second when it is idle.
const NOTICE_LIMIT_MS = 60_000;
const RETURN_LIMIT_MS = 150_000;
// A resource may be started on a node between the reading and the protection: then that one is protected as well.
const PROTECT_ROUNDS = 3;

/** The nodes that a procedure handles at once, and the item for which it does, whose verdict is reported afterwards. */
interface Handled {
  readonly names: readonly string[];
  readonly item: ItemKind | ((name: string) => ItemKind);
  /** Also where the cluster would wait: what is active on the nodes is protected itself. */
  readonly everything?: boolean;
  /** The authkey of cluster nodes may be new: nothing is connected while one of them remembers another. */
  readonly isNewKey?: boolean;
  /** What speaks against connecting to nodes again; without it, that they do not hold the same credentials. */
  readonly blockersOf?: (nodes: readonly PacemakerRemoteSpec[]) => Promise<Blockers>;
}

/** What shows where connections move. */
type MoveContext = Pick<RunInput, 'plan' | 'cibItems'>;

/** The message for a node that could not be released. */
export const STILL_PROTECTED =
  'resources there stay unmanaged until an apply finds the daemon in the desired state';

/**
 * Makes the cluster keep its hands off these nodes, and waits until it does. Rejects with TIMED_OUT, and with what the
 * edits reject with; then nothing of its protection is left, or the hint says so. Returns what is protected by this run alone, for
 * `takeBack`.
 */
export async function protectNodes(
  context: MoveContext & EditContext,
  play: Play,
  handled: Handled,
): Promise<ReadonlySet<string>> {
  const marked = new Set<string>();
  try {
    await protectInRounds(context, play, handled, marked);
    return marked;
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    try {
      await takeBack(context, play, marked);
    } catch (second) {
      if (!(second instanceof OutriggerError)) throw second;
      const message = `${messageOf(thrown)}; removing the protection failed: ${messageOf(second)}`;
      throw new OutriggerError(thrown.code, message, { hint: STILL_PROTECTED, cause: thrown });
    }
    throw thrown;
  }
}

/** The markers of this run are removed, and the pins unless a run before this one left markers: those of its connections belong to them. */
export const takeBack = (
  context: EditContext,
  play: Play,
  marked: ReadonlySet<string>,
): Promise<void> =>
  writeCib(context, play, 'quiet-rollback', ({ cib }) => {
    const set = quietlyProtected(cib);
    const isAll = set.every((id) => marked.has(id));
    return [...unprotect(set.filter((id) => marked.has(id))), ...(isAll ? unpin(cib) : [])];
  });

/** `marked` collects what is protected by this run and was not before. */
async function protectInRounds(
  context: MoveContext & EditContext,
  play: Play,
  { names, item, everything = false }: Handled,
  marked: Set<string>,
): Promise<void> {
  reportOf(context, play, { names, item }, 'protect');
  let why = '';
  for (let round = 1; round <= PROTECT_ROUNDS; round += 1) {
    await writeCib(context, play, 'quiet-restart', (cluster) => {
      const before = quietlyProtected(cluster.cib);
      const marks = marksFor(context, cluster, names, everything);
      for (const id of marks) if (!before.includes(id)) marked.add(id);
      return [...protect(cluster.cib, marks), ...pin(whereConnected(cluster, names))];
    });
    reportWatching(context, play, 'the connections to become unmanaged', NOTICE_LIMIT_MS);
    const watched = await watchCluster(context.queryNode, NOTICE_LIMIT_MS, isReleased);
    why = watched.why ?? 'others started there meanwhile, again and again';
    if (watched.why !== undefined) break;
    const set = quietlyProtected(watched.cluster.cib);
    if (marksFor(context, watched.cluster, names, everything).every((id) => set.includes(id)))
      return;
  }
  throw new OutriggerError('TIMED_OUT', `the connections did not become unmanaged: ${why}`, {
    hint: 'nothing was restarted; check `crm_mon -1` and apply again',
  });
}

function reportOf(
  context: Pick<EditContext, 'emit'>,
  play: Play,
  { names, item: kind }: Handled,
  action: 'protect' | 'unprotect',
): void {
  for (const host of names) {
    const item = typeof kind === 'string' ? kind : kind(host);
    context.emit({ type: 'action', play: play.name, host, item, action });
  }
}

/**
 * The connections (of a guest node: its VM, whose `is-managed` the connection takes over), and where the cluster
 * would not wait for them what is active on their nodes. For a guest node it never would: it would restart the VM.
 */
function marksFor(
  context: MoveContext,
  cluster: ClusterFacts,
  names: readonly string[],
  everything: boolean,
): readonly string[] {
  const fencing = isFencingOn(cluster) && !everything;
  const resources = names
    .filter(
      (name) =>
        !fencing ||
        nodeConnection(cluster.cib, name)?.isGuest === true ||
        movesOf(context, cluster, name).length > 0,
    )
    .flatMap((name) => activeOn(cluster.mon, name));
  return [...new Set([...names.map((name) => managedResourceOf(cluster.cib, name)), ...resources])];
}

/**
 * The cluster node of each connection; one that is lost already has none, and keeps the pin that it may have. That of a
 * guest node goes where its VM is, and must not be constrained.
 */
const whereConnected = (
  { cib, mon }: ClusterFacts,
  names: readonly string[],
): Map<string, string> => {
  const where = new Map<string, string>();
  for (const name of names.filter((each) => nodeConnection(cib, each)?.isGuest !== true)) {
    const node = connectionNode(mon, name);
    if (node !== undefined && mon.nodes.get(name)?.online === true) where.set(name, node);
  }
  return where;
};

const isReleased = (cluster: ClusterFacts): boolean => {
  const marks = quietlyProtected(cluster.cib);
  const guests = cluster.cib.guestNodes.filter(({ resource }) => marks.includes(resource));
  const marked = [...marks, ...guests.map(({ name }) => name)];
  const { resources } = cluster.mon;
  return (
    resources.every(({ primitive, managed }) => !marked.includes(primitive) || !managed) &&
    isIdle(cluster)
  );
};

/** The edits that bring the connection to where the daemon listens from now on, where that changes. */
export function movesOf(
  context: MoveContext,
  cluster: ClusterFacts,
  name: string,
): readonly CibOperation[] {
  const item = context.cibItems.find(({ kind, host }) => connects(kind) && host === name);
  const planned = context.plan.plays.some(({ changes }) =>
    changes.some(({ host, item: kind }) => host === name && connects(kind)),
  );
  const difference = planned ? item?.compare(cluster) : undefined;
  return difference !== undefined && isMoved(difference) ? difference.operations : [];
}

/**
 * Returns nodes to the management of the cluster: the connections once every cluster node reaches them with the same key, for while
 * they are unmanaged a failure is harmless; the VMs of guest nodes and the resources once their nodes are online and verified and the cluster has found out
 * what runs there. Returns the problems, by node; those stay protected.
 */
export async function release(
  context: ProcedureContext,
  play: Play,
  {
    names,
    item,
    isNewKey = false,
    blockersOf = (nodes) => checkCredentials(context, nodes),
  }: Handled,
  before: ClusterFacts | undefined,
): Promise<ReadonlyMap<string, string>> {
  const nodes = nodesOf(context.spec).filter(({ name }) => names.includes(name));
  reportChecking(context, play, portsOf(nodes), REACH_TIMEOUT_MS);
  const problems = new Map([...(await blockersOf(nodes)), ...(await checkPorts(context, nodes))]);
  const ready = names.filter((name) => !problems.has(name));
  if (isNewKey && ready.length > 0) await outliveKeyCache(context, play);
  if (ready.length === 0) {
    await writeCib(context, play, 'quiet-unpin', (cluster) => unpinned(cluster, [], before));
    return problems;
  }
  await forgetFailedStarts(context, play, ready);
  reportOf(context, play, { names: ready, item }, 'unprotect');
  await writeCib(context, play, 'quiet-release', (cluster) => [
    ...ready.flatMap((name) => movesOf(context, cluster, name)),
    ...reconnectGuests(cluster.cib, ready),
    ...unprotect(quietlyProtected(cluster.cib).filter((id) => ready.includes(id))),
  ]);
  await forgetFailuresOfGuests(context, play, ready);
  reportWatching(context, play, `${foldNames(ready)} to come online`, RETURN_LIMIT_MS);
  for (const [name, because] of await prove(context.queryNode, ready, RETURN_LIMIT_MS)) {
    if (because !== undefined) problems.set(name, because);
  }
  await settledCluster(context, play);
  const back = ready.filter((name) => !problems.has(name));
  await writeCib(context, play, 'quiet-release-resources', (cluster) => [
    ...unprotect(releasable(cluster, back, before)),
    ...unpinned(cluster, back, before),
  ]);
  await settledCluster(context, play);
  return problems;
}

/**
 * A connection whose start failed before it was protected (its host was down) is not tried again by itself. Its next start is
 * guarded: should it fail, the node is not fenced for it. Who is proven to be in is released from that with its node state.
 */
async function forgetFailedStarts(
  context: EditContext,
  play: Play,
  names: readonly string[],
): Promise<void> {
  const { cib, mon } = await readCluster(context.queryNode);
  const failed = names.filter(
    (name) =>
      cib.remoteConnections.has(name) &&
      failuresOf(mon, [name]).some(({ task }) => task === 'start') &&
      connectionState(mon, name).state !== 'node-online',
  );
  if (failed.length === 0) return;
  await writeCib(context, play, 'quiet-guard', (cluster) => guard(cluster.cib, failed));
  await forgetFailures(context, play, failed);
}

/** A connection of a guest node that failed is not tried again by itself; while its VM is unmanaged, a try is safe. */
async function forgetFailuresOfGuests(
  context: EditContext,
  play: Play,
  names: readonly string[],
): Promise<void> {
  const { cib, mon } = await readCluster(context.queryNode);
  const failed = cib.guestNodes
    .map(({ name }) => name)
    .filter((name) => names.includes(name) && failuresOf(mon, [name]).length > 0);
  if (failed.length > 0) await forgetFailures(context, play, failed);
}

/** The pins go when the restarts of this run are over, or the last one that an earlier run left is finished. */
function unpinned(
  cluster: ClusterFacts,
  back: readonly string[],
  before: ClusterFacts | undefined,
): readonly CibOperation[] {
  const { cib } = cluster;
  const isLast = connectedNames(cib).every(
    (name) => back.includes(name) || !isStillOut(cluster, name),
  );
  return before !== undefined || isLast ? unpin(cib) : [];
}

/** Idle by two readings in a row: right after an edit the DC may not have begun yet. */
async function settledCluster(
  context: Pick<EditContext, 'queryNode' | 'emit'>,
  play: Play,
): Promise<void> {
  reportWatching(context, play, 'the cluster to become idle', NOTICE_LIMIT_MS);
  let idle = 0;
  await watchCluster(context.queryNode, NOTICE_LIMIT_MS, (cluster) => {
    idle = isIdle(cluster) ? idle + 1 : 0;
    return idle >= 2;
  });
}
