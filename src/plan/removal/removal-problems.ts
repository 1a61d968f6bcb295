import { nodeConnection } from '../../pacemaker/cib/cib.ts';
import { liveTwinOf } from '../../pacemaker/cib/twins.ts';
import { isQuietUnfinished } from '../../pacemaker/procedures/edit.ts';
import type { ResourceStatus } from '../../pacemaker/status/cluster-status.ts';
import { holderOf, mixedUp } from '../problems/cib-conflicts.ts';
import { corosyncsKey } from '../../credentials/corosync-key.ts';
import type { ClusterFacts, Facts } from '../../model/facts.ts';
import type { RemovedNode } from './removed-node.ts';
import type { Problem } from '../../model/plan.ts';
import { clusterNodeToo, connectedElsewhere, orphaned } from '../problems/problems.ts';
import { stateInClusterOf } from './state-in-cluster.ts';

type Reason = Pick<Problem, 'code' | 'message' | 'hint'>;

/** A node that is to leave, as far as it is known from the cluster and an unreachable host. */
export type Leaving = Pick<RemovedNode, 'vm' | 'silence'> & {
  readonly node: { readonly name: string };
};

/** Why a node that shall be absent is left as it is: it would cause damage, or it is not what the inventory declares. */
export const refuseRemoval = (
  removedNode: RemovedNode,
  facts: Facts,
  cluster: ClusterFacts,
): Reason | undefined =>
  isOther(removedNode, cluster) ??
  orphaned(removedNode.node.name, cluster) ??
  (removedNode.host &&
    (clusterNodeToo(removedNode.host, facts) ??
      corosyncsKey(removedNode.host) ??
      connectedElsewhere(removedNode.host, cluster))) ??
  wouldHurt(removedNode, cluster);

/** Why a node cannot leave in good order. */
export const wouldHurt = (leaving: Leaving, cluster: ClusterFacts): Reason | undefined =>
  unfinished(leaving, cluster) ??
  unfit(leaving, cluster) ??
  unmanaged(leaving, cluster) ??
  (leaving.silence === undefined ? unclean(leaving, cluster) : unproven(leaving, cluster));

function isOther(
  { node: { name }, vm }: RemovedNode,
  { cib, mon }: ClusterFacts,
): Reason | undefined {
  const twin = liveTwinOf({ cib, mon }, name);
  if (twin !== undefined)
    return {
      code: 'NAME_TAKEN',
      message: mixedUp(name, twin),
      hint: `nothing was removed: to remove ${twin.name}, write its name as in the cluster`,
    };
  const clusterNode = cib.clusterNodes.find((node) => node.name === name);
  const holder =
    clusterNode === undefined ? holderOf(cib, name, vm) : `the cluster node ${clusterNode.name}`;
  if (holder === undefined) return undefined;
  return {
    code: 'NAME_TAKEN',
    message: `its name is already used in the cluster: ${holder}`,
    hint: 'nothing was removed: correct its name, its kind or its resource in the inventory',
  };
}

/** Markers of an interrupted run protect a VM or resources: only the procedure that set them can remove them safely. */
function unfinished({ node: { name } }: Leaving, { cib, mon }: ClusterFacts): Reason | undefined {
  const connection = nodeConnection(cib, name);
  if (connection === undefined) return undefined;
  const isHeld = connection.isGuest && connection.guarded;
  if (!isHeld && !isQuietUnfinished(cib, mon, name)) return undefined;
  return {
    code: 'RUN_UNFINISHED',
    message: 'an interrupted run of outrigger has left its restart protection in place',
    hint: 'apply once with its previous state, then with `state: absent`',
  };
}

function unfit({ node: { name } }: Leaving, { cib }: ClusterFacts): Reason | undefined {
  const around = cib.remoteConnections.get(name)?.enclosing.at(0);
  if (around === undefined) return undefined;
  return {
    code: 'RESOURCE_UNSUITABLE',
    message: `its connection is inside the ${around.name} ${around.id}`,
    hint: `remove it from ${around.id} first`,
  };
}

const isLeftAlone = ({ active, managed, maintenance, blocked }: ResourceStatus): boolean =>
  active && (!managed || maintenance || blocked);

/** What the cluster does not stop would go on running there, and be started elsewhere as well. */
function unmanaged({ node: { name } }: Leaving, { cib, mon }: ClusterFacts): Reason | undefined {
  const connection = nodeConnection(cib, name);
  // That a join failed and is blocked is our own doing, and so is its undoing.
  if (connection === undefined || connection.joining) return undefined;
  const kept = mon.resources
    .filter((resource) => resource.id === name || resource.nodes.includes(name))
    .filter(isLeftAlone)
    .map(({ id }) => id)
    .sort();
  if (kept.length === 0) return undefined;
  return {
    code: 'RESOURCE_UNMANAGED',
    message: `the cluster would not stop its resources, because they are unmanaged, blocked or in maintenance mode: ${kept.join(', ')}`,
    hint: 'make them managed first (is-managed, maintenance), or clean them up (`crm_resource --cleanup`)',
  };
}

function unclean({ node: { name } }: Leaving, { cib, mon }: ClusterFacts): Reason | undefined {
  if (nodeConnection(cib, name) === undefined || mon.nodes.get(name)?.unclean !== true)
    return undefined;
  return {
    code: 'NODE_UNCLEAN',
    message: 'the node is unclean and has not been fenced yet',
    hint: 'have the cluster fence it, or fix its fence device; then plan again',
  };
}

/** Without an answer over SSH it may run all the same: what it runs must not be started elsewhere as well. */
function unproven(
  { node: { name }, vm, silence }: Leaving,
  cluster: ClusterFacts,
): Reason | undefined {
  const stateInCluster = stateInClusterOf(cluster, name);
  if (stateInCluster === 'none' || stateInCluster === 'out') return undefined;
  const stop =
    vm === undefined
      ? `stop its connection (\`crm_resource --resource ${name} --meta --set-parameter target-role --parameter-value Stopped\`)`
      : `stop its VM ${vm}`;
  if (stateInCluster === 'in')
    return {
      code: 'HOST_UNREACHABLE',
      message: `${silence?.message ?? 'it is unreachable'}, but the cluster is connected to it: it is running`,
      hint: `fix the SSH connection to it; or ${stop}, so that the cluster reports it offline and clean`,
    };
  if (vm === undefined) return undefined;
  return {
    code: 'HOST_UNREACHABLE',
    message: `${silence?.message ?? 'it is unreachable'}, and the cluster does not report it stopped gracefully`,
    hint: `${stop}, or have the cluster recover it; then plan again`,
  };
}
