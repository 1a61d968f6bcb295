import type { ClusterFacts, Facts } from '../../model/facts.ts';
import { checkMembership } from '../../model/membership.ts';
import type { Gathered } from '../../probe/gather.ts';
import { failover, type FailoverNode } from '../../probe/query-node.ts';
import { OutriggerError } from '../../support/errors.ts';
import { noClusterNode } from './no-cluster.ts';

/**
 * The cluster as the first of its nodes reports it, and the way to ask the others when that one is lost. Throws
 * HOST_UNREACHABLE or CLUSTER_NOT_READY where no cluster node has reported it, REFUSED where cluster nodes disagree about the
 * membership.
 */
export function answeringCluster(
  facts: Facts,
  hosts: Gathered['hosts'],
): { cluster: ClusterFacts; queryNode: FailoverNode } {
  const { cluster, clusterNodes } = facts;
  const [first, ...others] = [...clusterNodes.keys()].flatMap((name) => hosts.get(name) ?? []);
  if (cluster === undefined || first === undefined) throw noCluster(facts);
  checkMembership(facts, cluster.cib);
  return { cluster, queryNode: failover([first, ...others], cluster.readFrom) };
}

function noCluster({ unreachable, clusterNodes }: Facts): OutriggerError {
  const [first] = [...unreachable.values()];
  if (clusterNodes.size === 0 && first !== undefined)
    return noClusterNode(first, [...unreachable.values()]);
  return new OutriggerError(
    'CLUSTER_NOT_READY',
    'Pacemaker runs on none of the reachable cluster nodes',
    { hint: 'start the cluster first: outrigger adds nodes to an existing cluster' },
  );
}
