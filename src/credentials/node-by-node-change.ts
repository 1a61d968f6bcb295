import { connectedNames, type Cib } from '../pacemaker/cib/cib.ts';
import {
  isApart,
  isInOurStandby,
  isInStandby,
  isQuiet,
  quietlyProtected,
  stationary,
} from '../pacemaker/procedures/edit.ts';
import { connectionNode, connectionState } from '../pacemaker/status/crm-mon.ts';
import { someOf } from '../support/text/some-of.ts';
import type { ClusterFacts } from '../model/facts.ts';

/** Why a change of credentials cannot be made node by node, and what to do about it. */
export interface Reason {
  readonly message: string;
  readonly hint: string;
}

// As in labs of three cluster nodes (3.0.0): standby, restart and return of one; what runs on it may take longer to stop.
export const NODE_BY_NODE_SECONDS = { clusterNode: 25, nodes: 20 } as const;

/** Which of the cluster nodes may carry connections: online, and kept from it by no operator. */
export const eligible = ({ cib, mon }: ClusterFacts, names: readonly string[]): readonly string[] =>
  names.filter((name) => {
    const node = mon.nodes.get(name);
    return node?.online === true && !node.maintenance && !isInStandby(cib, name);
  });

/**
 * The cluster node that changes first, while all connections are on the others: the one that an interrupted run had begun
 * with, else the one with the fewest connections; where they may not be migrated, one without them. Undefined: there is none.
 */
export function firstToChange(cluster: ClusterFacts, names: readonly string[]): string | undefined {
  const { cib, mon } = cluster;
  const on = (clusterNode: string, connections: readonly string[]): number =>
    connections.filter((name) => connectionNode(mon, name) === clusterNode).length;
  const fixed = stationary(cib);
  const candidates = eligible(cluster, names).filter((name) => on(name, fixed) === 0);
  const begun = candidates.find((name) => isInOurStandby(cib, name));
  if (begun !== undefined) return begun;
  const all = connectedNames(cib);
  const fewest = Math.min(...candidates.map((name) => on(name, all)));
  return candidates.find((name) => on(name, all) === fewest);
}

/** What makes it impossible to change cluster nodes one by one, while connections stay with those of their own kind. */
export const whyNotNodeByNode = (
  clusterNodes: readonly string[],
  cluster: ClusterFacts,
): Reason | undefined =>
  guests(cluster.cib) ??
  bundles(cluster.cib) ??
  offline(clusterNodes, cluster) ??
  maintenance(clusterNodes, cluster) ??
  tooFew(clusterNodes, cluster) ??
  quorum(cluster.cib) ??
  notIn(cluster) ??
  unstoppable(clusterNodes, cluster) ??
  immovable(clusterNodes, cluster);

function guests({ guestNodes }: Cib): Reason | undefined {
  if (guestNodes.length === 0) return undefined;
  return {
    message: `the cluster has guest nodes (${someOf(guestNodes.map(({ name }) => name))}): the connection of a guest node runs on the same node as its VM, so the VM would have to be stopped to reach a cluster node with the new credentials`,
    hint: 'temporarily remove the resources that need sbd, DLM, GFS2 or lvmlockd from the cluster, or the guest nodes',
  };
}

function bundles({ bundles: found }: Cib): Reason | undefined {
  if (found.length === 0) return undefined;
  return {
    message: `the cluster has bundles (${someOf(found)}): the connection of a bundle node runs on the same node as its container`,
    hint: 'stop them, and temporarily remove them from the cluster',
  };
}

function offline(names: readonly string[], { mon }: ClusterFacts): Reason | undefined {
  const away = names.filter((name) => mon.nodes.get(name)?.online !== true);
  if (away.length === 0) return undefined;
  return {
    message: `Pacemaker is not online on ${someOf(away)}`,
    hint: 'start it there first: each cluster node is briefly in standby, and the others take over its resources',
  };
}

function maintenance(names: readonly string[], { cib, mon }: ClusterFacts): Reason | undefined {
  const kept = names.filter(
    (name) => mon.nodes.get(name)?.maintenance === true || cib.nodeEntries.get(name)?.maintenance,
  );
  if (kept.length === 0) return undefined;
  return {
    message: `${someOf(kept)} is in maintenance mode: its resources would not move before Pacemaker is restarted`,
    hint: 'end maintenance mode of that cluster node first',
  };
}

function tooFew(names: readonly string[], cluster: ClusterFacts): Reason | undefined {
  const able = eligible(cluster, names);
  if (able.length > 1) return undefined;
  return {
    message: `two cluster nodes must be online and not in standby, but there ${able.length === 0 ? 'is none' : `is only ${able.join('')}`}`,
    hint: 'connections can run only on cluster nodes with the same credentials: bring another cluster node online, or end its standby',
  };
}

const quorum = ({ haveQuorum }: Cib): Reason | undefined =>
  haveQuorum
    ? undefined
    : {
        message: 'the cluster has no quorum',
        hint: 'bring its cluster nodes back online first: without quorum resources cannot move',
      };

/** Those that an interrupted run protects may be away. */
function notIn({ cib, mon }: ClusterFacts): Reason | undefined {
  const names = connectedNames(cib).filter(
    (name) => connectionState(mon, name).state !== 'node-online' && !isQuiet(cib, name),
  );
  if (names.length === 0) return undefined;
  return {
    message: `connections are not up: ${someOf(names)}`,
    hint: 'bring them up first, or remove these nodes from the cluster: each connection is moved to a cluster node with its new credentials and verified there',
  };
}

/** What stays on a cluster node although it is in standby. */
function unstoppable(names: readonly string[], { cib, mon }: ClusterFacts): Reason | undefined {
  const ours = quietlyProtected(cib);
  const stuck = mon.resources.filter(
    ({ active, managed, maintenance: isHeld, blocked, primitive, nodes }) =>
      active &&
      (!managed || isHeld || blocked) &&
      !ours.includes(primitive) &&
      nodes.some((node) => names.includes(node)),
  );
  if (stuck.length === 0) return undefined;
  return {
    message: `resources on cluster nodes may not be stopped there (unmanaged or blocked): ${someOf(stuck.map(({ id }) => id))}`,
    hint: 'make them managed and unblock them first: they must leave a cluster node before Pacemaker is restarted there',
  };
}

function immovable(names: readonly string[], cluster: ClusterFacts): Reason | undefined {
  if (isApart(cluster.cib) || firstToChange(cluster, names) !== undefined) return undefined;
  return {
    message: `connections that cannot be migrated (allow-migrate=false) run on every cluster node: ${someOf(stationary(cluster.cib))}`,
    hint: 'allow migration, or keep one cluster node free of them: moving such a connection stops the resources on its node',
  };
}
