import type { Cib } from '../pacemaker/cib/cib.ts';
import { nodeKey } from '../pacemaker/basics/node-names.ts';
import { OutriggerError } from '../support/errors.ts';
import type { ClusterNodeFacts, Facts, HostFacts } from './facts.ts';

/** A node of a cluster may be called otherwise in the inventory: what counts is the name that it reports itself. In lower case. */
export const nameInCluster = (host: HostFacts | ClusterNodeFacts): string =>
  nodeKey(('uname' in host ? host.uname : undefined) ?? host.name);

/** The first label of a host name, in small letters. */
const shortName = (name: string): string => nodeKey(name.split('.', 1).join());

/** Whether a cluster node that was not read may be the one with this name in the inventory. */
export const mayBeNamed = (node: string, inInventory: string): boolean =>
  shortName(node) === shortName(inInventory);

const clusterNodesOf = ({ clusterNodes }: Facts): readonly ClusterNodeFacts[] =>
  [...clusterNodes.values()].filter(({ membership }) => membership !== undefined);

/** How the cluster nodes that answered differ about quorum or DC; undefined: they agree. */
export function disagreement(facts: Facts): string | undefined {
  const views = clusterNodesOf(facts).map(({ name, membership }) => ({
    name,
    view: `${membership?.haveQuorum === true ? 'quorum' : 'no quorum'}, DC ${membership?.dcUuid ?? 'none'}`,
  }));
  if (new Set(views.map(({ view }) => view)).size < 2) return undefined;
  const each = views.map(({ name, view }) => `${name}: ${view}`).join('; ');
  return `the cluster nodes report different states of the cluster (${each})`;
}

/**
 * Throws CLUSTER_NOT_READY when the cluster nodes that answered do not report the same cluster: they differ about quorum or
 * DC, or one of them belongs to another cluster.
 */
export function checkMembership(facts: Facts, cib: Cib): void {
  const split = disagreement(facts);
  if (split !== undefined) {
    throw new OutriggerError('CLUSTER_NOT_READY', split, {
      hint: 'the cluster may be partitioned or electing a DC: check `crm_mon -1` on each node, then plan again',
    });
  }
  const known = new Set(cib.clusterNodes.map(({ name }) => nodeKey(name)));
  const undeclared = clusterNodesOf(facts).find((node) => !known.has(nameInCluster(node)));
  if (undeclared === undefined) return;
  throw new OutriggerError('CLUSTER_NOT_READY', 'it belongs to another cluster', {
    host: undeclared.name,
    hint: 'an inventory declares the nodes of one cluster: correct its clusterNodes',
  });
}

/** Cluster nodes of the CIB that the inventory does not name, sorted. */
export function undeclaredClusterNodes(
  facts: Facts,
  cib: Cib,
  declared: readonly string[],
): readonly string[] {
  const known = new Set([
    ...declared.map(nodeKey),
    ...[...facts.clusterNodes.values()].map(nameInCluster),
  ]);
  return cib.clusterNodes
    .map(({ name }) => name)
    .filter((name) => !known.has(nodeKey(name)))
    .sort();
}
