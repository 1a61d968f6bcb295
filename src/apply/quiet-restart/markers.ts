import { managedResourceOf, connectedNames } from '../../pacemaker/cib/cib.ts';
import { isQuiet, quietlyProtected } from '../../pacemaker/procedures/edit.ts';
import { activeOn, connectionState } from '../../pacemaker/status/crm-mon.ts';
import type { ClusterFacts } from '../../model/facts.ts';

/** What the cluster has to do with a node's daemon at the moment. */
export type DaemonUse =
  /** It is connected, or may be: a restart has to be quiet. */
  | 'connected'
  /** An operator keeps the connection from the cluster. */
  | 'unmanaged'
  /** Its start failed or it is stopped, and nothing runs there: a restart disturbs nothing. */
  | 'none';

/** Our own protection does not count as an operator's: an interrupted run left it, and this one takes it up. */
export function daemonUseOf({ cib, mon }: ClusterFacts, name: string): DaemonUse {
  if (quietlyProtected(cib).includes(managedResourceOf(cib, name))) return 'connected';
  const connection = mon.resources.find(({ id }) => id === name);
  const isOnline = mon.nodes.get(name)?.online === true;
  if (!isOnline && activeOn(mon, name).length === 0) return 'none';
  if (connection?.blocked === true) return 'none';
  return connection?.managed === false || connection?.maintenance === true
    ? 'unmanaged'
    : 'connected';
}

/**
 * Whether a connection is kept from the cluster, or was released and is not in again. That it is pinned is no evidence: the
 * pins of all go together, and last, so that batch by batch each would wait for the others.
 */
export function isStillOut({ cib, mon }: ClusterFacts, name: string): boolean {
  const isMarked = quietlyProtected(cib).includes(managedResourceOf(cib, name));
  return isMarked || (isQuiet(cib, name) && connectionState(mon, name).state !== 'node-online');
}

/**
 * The markers that are removed once the nodes in `back` are in again: all but those of connections that are still protected, and
 * of what may run on their nodes. Without fencing the cluster shows nothing at all on a node that it has lost, although
 * everything still runs there; released then, it would be started a second time elsewhere (seen on 3.0.0). So only
 * `lastSeen`, from before the protection, shows what is there; where nothing does, every resource keeps its marker. A node
 * that was lost by then already has been dealt with by the cluster, but for what an earlier run had protected.
 */
export function releasable(
  cluster: ClusterFacts,
  back: readonly string[],
  lastSeen: ClusterFacts | undefined,
): readonly string[] {
  const { cib } = cluster;
  const marks = quietlyProtected(cib);
  const kept = connectedNames(cib).filter(
    (name) => !back.includes(name) && isStillOut(cluster, name),
  );
  const freed = back.map((name) => managedResourceOf(cib, name));
  const needed = new Set(kept.map((name) => managedResourceOf(cib, name)));
  for (const name of kept) {
    for (const id of heldFor(name, marks, lastSeen)) if (!freed.includes(id)) needed.add(id);
  }
  return marks.filter((id) => !needed.has(id));
}

/** What has to be left alone because it may run on a node that is not back. */
function heldFor(
  name: string,
  marks: readonly string[],
  lastSeen: ClusterFacts | undefined,
): readonly string[] {
  if (lastSeen === undefined) return marks;
  const isSeen = lastSeen.mon.nodes.get(name)?.online === true;
  return isSeen ? activeOn(lastSeen.mon, name) : quietlyProtected(lastSeen.cib);
}
