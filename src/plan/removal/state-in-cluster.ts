import { nodeConnection } from '../../pacemaker/cib/cib.ts';
import { connectionState } from '../../pacemaker/status/crm-mon.ts';
import type { ClusterFacts } from '../../model/facts.ts';

/**
 * What the cluster shows of a node whose host gives no answer: no connection at all (`none`); fenced, or stopped in good
 * order (`out`); connected (`in`); or neither, so that what runs there may still run (`unproven`).
 */
type StateInCluster = 'none' | 'out' | 'in' | 'unproven';

export function stateInClusterOf({ cib, mon }: ClusterFacts, name: string): StateInCluster {
  if (nodeConnection(cib, name) === undefined) return 'none';
  if (connectionState(mon, name).state === 'node-online') return 'in';
  const node = mon.nodes.get(name);
  const isDown = node === undefined || (!node.online && !node.unclean && !node.pending);
  const connection = mon.resources.find(({ id }) => id === name);
  const isStopped =
    connection === undefined ||
    (!connection.active && connection.role === 'Stopped' && connection.pending === undefined);
  return isDown && isStopped ? 'out' : 'unproven';
}

/** A remote node that was never in: its join failed, and an interrupted run left it so. */
export const isFailedJoin = ({ cib, mon }: ClusterFacts, name: string): boolean =>
  cib.remoteConnections.get(name)?.joining === true && mon.nodes.get(name)?.online !== true;
