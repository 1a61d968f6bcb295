import { readCluster } from '../../probe/read-cluster.ts';
import { nodeConnection } from '../../pacemaker/cib/cib.ts';
import { liveTwinOf } from '../../pacemaker/cib/twins.ts';
import { beginRemoval, type CibOperation } from '../../pacemaker/procedures/edit.ts';
import { activeOn } from '../../pacemaker/status/crm-mon.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import type { Verdict } from '../../model/run-event.ts';
import { writeCib } from '../cluster/cib.ts';
import type { EditContext, PlayName } from '../run/edit-context.ts';
import { reportWatching } from '../run/waiting.ts';
import { isIdle } from '../../pacemaker/status/dc-state.ts';
import { disturbance, recordVm, type VmRecord } from '../run/vms.ts';
import { runScript } from '../../host/run-script.ts';
import { watchCluster, type Watched } from '../cluster/watch-cluster.ts';

// What runs on a node is stopped or moved, each resource within its own timeout.
const STOP_LIMIT_MS = 600_000;
const NOTICE_LIMIT_MS = 60_000;
const GONE_LIMIT_MS = 180_000;
const CONFIRM_TIMEOUT_MS = 90_000;
// Right after an edit the DC may not have begun yet.
const IDLE_READS = 2;

type Failed = Extract<Verdict, { readonly kind: 'failed' }>;

/** Why nodes could not be taken out, by name. */
export type LeaveFailures = ReadonlyMap<string, Failed>;

/** What is taken out, and how. */
interface Leaving {
  readonly names: readonly string[];
  /** Of these the operator has confirmed that their power is off. */
  readonly confirmedOff: ReadonlySet<string>;
  /** What goes from the CIB for a node on which nothing runs any more; undefined: it is not to be touched after all. */
  readonly editsFor: (cluster: ClusterFacts, name: string) => readonly CibOperation[] | undefined;
}

/**
 * Takes nodes out of the cluster so that no node is fenced and nothing else moves: what runs there is stopped or moved by
 * the cluster, which then disconnects; only then what the CIB has of them goes, for all at once. To delete a connection that has failed,
 * or to unmanage it first as the undo of a join does, is no way: a dead node that was online would be probed for what it runs, and the
 * errors that this gives took a VM down (3.0.0). A node whose power is off, as the operator has confirmed, is reported
 * to the cluster as fenced; before that its connection is stopped, or the cluster would start it, fail, and fence again.
 * What an earlier run left half-done is continued. `forgetNodes` belongs after it.
 */
export async function leaveCluster(
  context: EditContext,
  play: PlayName,
  { names, confirmedOff, editsFor }: Leaving,
): Promise<LeaveFailures> {
  const failures = new Map<string, Failed>();
  const left = (): readonly string[] => names.filter((name) => !failures.has(name));
  const vms = new Map<string, VmRecord>();
  await writeCib(context, play, 'remove-stop', (cluster) => {
    for (const name of names) {
      const connection = nodeConnection(cluster.cib, name);
      if (connection?.isGuest === true)
        vms.set(name, recordVm(cluster, connection.managedResource));
    }
    return beginRemoval(cluster.cib, names);
  });
  await confirm(
    context,
    play,
    names.filter((name) => confirmedOff.has(name)),
  );
  reportWatching(context, play, 'the nodes to be stopped and disconnected', STOP_LIMIT_MS);
  const { cluster: stopped, why: over } = await settled(context, STOP_LIMIT_MS, (cluster) =>
    names.every((name) => whatStays(cluster, name) === undefined || isStuck(cluster, name)),
  );
  for (const name of names) {
    const why = whatStays(stopped, name);
    if (why !== undefined)
      failures.set(name, notStopped(why, isStuck(stopped, name) ? undefined : over));
  }
  const overtaken = new Set<string>();
  await writeCib(context, play, 'remove-delete', (cluster) => {
    overtaken.clear();
    return left().flatMap((name) => {
      const edits = editsFor(cluster, name);
      if (edits === undefined) overtaken.add(name);
      return edits ?? [];
    });
  });
  for (const name of overtaken) failures.set(name, OVERTAKEN);
  reportWatching(context, play, 'the nodes to disappear from the cluster', GONE_LIMIT_MS);
  const { cluster: gone, why: ended } = await settled(context, GONE_LIMIT_MS, ({ cib, mon }) =>
    left().every(
      (name) =>
        nodeConnection(cib, name) === undefined && mon.resources.every(({ id }) => id !== name),
    ),
  );
  for (const name of left()) {
    const vm = vms.get(name);
    const disturbed = vm && disturbance(vm, gone);
    if (gone.mon.resources.some(({ id }) => id === name))
      failures.set(name, failed(`its connection still exists: ${ended ?? 'it came back'}`));
    else if (disturbed !== undefined) failures.set(name, failed(disturbed));
  }
  return failures;
}

const NEXT = 'check `crm_mon -1`; the next apply continues from there';

const failed = (because: string, hint = NEXT): Failed => ({ kind: 'failed', because, hint });

const notStopped = (why: string, over: string | undefined): Failed =>
  failed(over === undefined ? why : `${why}: ${over}`);

/** That a node is no longer as the plan showed it. */
export const OVERTAKEN = failed(
  'its configuration in the cluster has changed since the plan was made',
  'plan again, and review the difference',
);

/** Tells the cluster of nodes that are off and that it waits to fence. */
async function confirm(
  context: EditContext,
  play: PlayName,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  await settled(context, NOTICE_LIMIT_MS, () => true);
  const { cib, mon } = await readCluster(context.queryNode);
  // The fencer compares without regard to case: a twin of the name would count as fenced, too.
  const waits = (name: string): boolean =>
    mon.nodes.get(name)?.unclean === true && liveTwinOf({ cib, mon }, name) === undefined;
  for (const name of names.filter(waits)) {
    context.emit({
      type: 'action',
      play: play.name,
      host: name,
      item: 'node-record',
      action: 'confirm-off',
    });
    await context.lease.confirm();
    await runScript(context.queryNode, 'confirm-off', {
      params: [name],
      timeoutMs: CONFIRM_TIMEOUT_MS,
    });
  }
}

/** What keeps a node in the cluster yet; undefined: nothing runs there, and it has no connection. */
function whatStays({ cib, mon }: ClusterFacts, name: string): string | undefined {
  const running = activeOn(mon, name);
  if (running.length > 0) return `${running.join(', ')} still runs there`;
  const node = mon.nodes.get(name);
  if (node?.unclean === true) return 'the node is unclean and has not been fenced yet';
  const connection = cib.remoteConnections.has(name)
    ? mon.resources.find(({ id }) => id === name)
    : undefined;
  return connection !== undefined && (connection.active || connection.pending !== undefined)
    ? 'its connection is not stopped'
    : undefined;
}

/** What is blocked there will not be stopped, however long one waits. */
const isStuck = ({ mon }: ClusterFacts, name: string): boolean =>
  mon.resources.some(
    ({ id, nodes, active, blocked }) => active && blocked && (id === name || nodes.includes(name)),
  );

/** The cluster once it is idle and in that state by two readings in a row, or as it is at the limit. */
async function settled(
  { queryNode }: EditContext,
  limitMs: number,
  isReached: (cluster: ClusterFacts) => boolean,
): Promise<Watched> {
  let reads = 0;
  return watchCluster(queryNode, limitMs, (seen) => {
    reads = isIdle(seen) && isReached(seen) ? reads + 1 : 0;
    return reads >= IDLE_READS;
  });
}
