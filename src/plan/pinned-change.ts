import { connectedNames, type Cib } from '../pacemaker/cib.ts';
import {
  isApart,
  isInOurStandby,
  isInStandby,
  isQuiet,
  quietlyProtected,
  stationary,
} from '../pacemaker/cib-edit.ts';
import { connectionNode, connectionState } from '../pacemaker/crm-mon.ts';
import { someOf } from '../support/some-of.ts';
import type { ClusterFacts } from './facts.ts';

/** Why a change of credentials cannot be made node by node, and what to do about it. */
export interface Reason {
  readonly message: string;
  readonly hint: string;
}

// As in labs of three cluster nodes (3.0.0): standby, restart and return of one; what runs on it may take longer to stop.
export const PINNED_SECONDS = { clusterNode: 25, nodes: 20 } as const;

/** Which of the cluster nodes may carry connections: online, and kept from it by no operator. */
export const eligible = ({ cib, mon }: ClusterFacts, names: readonly string[]): readonly string[] =>
  names.filter((name) => {
    const node = mon.nodes.get(name);
    return node?.online === true && !node.maintenance && !isInStandby(cib, name);
  });

/**
 * The cluster node that changes first, while all connections are on the others: the one that a run which died had begun
 * with, else the one with the fewest connections; where they may not be migrated, one without them. Undefined: there is none.
 */
export function firstToChange(cluster: ClusterFacts, names: readonly string[]): string | undefined {
  const { cib, mon } = cluster;
  const on = (member: string, connections: readonly string[]): number =>
    connections.filter((name) => connectionNode(mon, name) === member).length;
  const fixed = stationary(cib);
  const candidates = eligible(cluster, names).filter((name) => on(name, fixed) === 0);
  const begun = candidates.find((name) => isInOurStandby(cib, name));
  if (begun !== undefined) return begun;
  const all = connectedNames(cib);
  const fewest = Math.min(...candidates.map((name) => on(name, all)));
  return candidates.find((name) => on(name, all) === fewest);
}

/** What makes it impossible to change cluster nodes one by one, while connections stay with those of their own kind. */
export const whyNotPinned = (
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
    message: `the cluster has guest nodes (${someOf(guestNodes.map(({ name }) => name))}): the connection of one is always where its machine runs, so that the machine would have to be stopped to get among cluster nodes with its new credentials`,
    hint: 'take what needs sbd, DLM, GFS2 or lvmlockd out of the cluster for that time, or the guest nodes',
  };
}

function bundles({ bundles: found }: Cib): Reason | undefined {
  if (found.length === 0) return undefined;
  return {
    message: `the cluster has bundles (${someOf(found)}): the connection of one is always where its container runs`,
    hint: 'stop them, and take them out of the cluster for that time',
  };
}

function offline(names: readonly string[], { mon }: ClusterFacts): Reason | undefined {
  const away = names.filter((name) => mon.nodes.get(name)?.online !== true);
  if (away.length === 0) return undefined;
  return {
    message: `Pacemaker is not online on ${someOf(away)}`,
    hint: 'start it there first: each cluster node leaves for a moment, and the others take over what it runs',
  };
}

function maintenance(names: readonly string[], { cib, mon }: ClusterFacts): Reason | undefined {
  const kept = names.filter(
    (name) => mon.nodes.get(name)?.maintenance === true || cib.nodeEntries.get(name)?.maintenance,
  );
  if (kept.length === 0) return undefined;
  return {
    message: `${someOf(kept)} is in maintenance: what runs there would not leave it before Pacemaker is restarted`,
    hint: 'end maintenance of that cluster node first',
  };
}

function tooFew(names: readonly string[], cluster: ClusterFacts): Reason | undefined {
  const able = eligible(cluster, names);
  if (able.length > 1) return undefined;
  return {
    message: `it takes two cluster nodes that are online and not in standby, and there ${able.length === 0 ? 'is none' : `is only ${able.join('')}`}`,
    hint: 'connections stay with cluster nodes of their own kind all the time: bring another one into the cluster, or out of standby',
  };
}

const quorum = ({ haveQuorum }: Cib): Reason | undefined =>
  haveQuorum
    ? undefined
    : {
        message: 'the cluster has no quorum',
        hint: 'bring its cluster nodes back first: without quorum nobody takes over what a cluster node runs',
      };

/** Those that a run which died protects may be away. */
function notIn({ cib, mon }: ClusterFacts): Reason | undefined {
  const names = connectedNames(cib).filter(
    (name) => connectionState(mon, name).state !== 'truly-in' && !isQuiet(cib, name),
  );
  if (names.length === 0) return undefined;
  return {
    message: `connections are not up: ${someOf(names)}`,
    hint: 'bring them up first, or take these nodes out of the cluster: each is moved to a cluster node with its new credentials, and proven there',
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
    hint: 'give them back to the cluster first: they have to leave a cluster node before Pacemaker is restarted there',
  };
}

function immovable(names: readonly string[], cluster: ClusterFacts): Reason | undefined {
  if (isApart(cluster.cib) || firstToChange(cluster, names) !== undefined) return undefined;
  return {
    message: `connections that must not be migrated (allow-migrate=false) are on every cluster node: ${someOf(stationary(cluster.cib))}`,
    hint: 'allow it, or have one cluster node without them: to move such a connection stops what runs on its node',
  };
}
