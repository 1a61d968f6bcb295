import { connectedNames, nodeConnection, type Cib } from '../../pacemaker/cib/cib.ts';
import { formerNodes } from '../../pacemaker/cib/leftovers.ts';
import { referencesOf } from '../../pacemaker/procedures/edit.ts';
import { hasManagedHost } from '../../inventory/spec.ts';
import { refuseRemoval } from './removal-problems.ts';
import type { ClusterFacts, Facts } from '../../model/facts.ts';
import type { CibDifference, CibItem, HostDifference, HostItem } from '../../model/item.ts';
import type { RemovedNode } from './removed-node.ts';
import type { Problem } from '../../model/plan.ts';
import type { Risk } from '../../model/risk.ts';
import { stateInClusterOf } from './state-in-cluster.ts';

/** What is still there of nodes that shall be absent, and what stands in the way of taking it away. */
export interface Removals {
  readonly onHosts: ReadonlyMap<HostItem, HostDifference>;
  readonly inCib: ReadonlyMap<CibItem, CibDifference>;
  readonly problems: readonly Problem[];
  readonly risks: readonly Risk[];
  readonly notes: readonly string[];
  /** All of them, in the inventory's order. */
  readonly names: readonly string[];
}

export const NO_REMOVALS: Removals = {
  onHosts: new Map(),
  inCib: new Map(),
  problems: [],
  risks: [],
  notes: [],
  names: [],
};

/** Compares what must be gone with what is there. Pure: the same input gives the same answer. */
export function findRemovals(
  removedNodes: readonly RemovedNode[],
  facts: Facts,
  cluster: ClusterFacts,
  desired: { readonly hostItems: readonly HostItem[]; readonly cibItems: readonly CibItem[] },
): Removals {
  const refused = removedNodes.flatMap((removedNode): Problem[] => {
    const reason = refuseRemoval(removedNode, facts, cluster);
    return reason === undefined
      ? []
      : [{ host: removedNode.node.name, kind: 'refused', ...reason }];
  });
  const going = removedNodes.filter(({ node }) => refused.every(({ host }) => host !== node.name));
  const reported = new Map(going.map(({ node, host }) => [node.name, host]));
  const onHosts = new Map<HostItem, HostDifference>();
  for (const item of desired.hostItems) {
    const host = reported.get(item.host);
    const difference = host === undefined ? undefined : item.compare(host);
    if (difference !== undefined) onHosts.set(item, difference);
  }
  const inCib = new Map<CibItem, CibDifference>();
  for (const item of desired.cibItems.filter((each) => reported.has(each.host))) {
    const difference = item.compare(cluster);
    if (difference !== undefined) inCib.set(item, difference);
  }
  // A state alone comes back by itself and is no drift; it goes where an unfinished removal has work left on the host.
  const former = formerNodes(cluster.cib);
  const unfinished = new Set([...onHosts.keys()].map(({ host }) => host));
  for (const item of inCib.keys())
    if (item.kind === 'node-record' && former.includes(item.host) && !unfinished.has(item.host))
      inCib.delete(item);
  const inCluster = new Set([...inCib.keys()].map(({ host }) => host));
  const names = going.map(({ node }) => node.name);
  return {
    onHosts,
    inCib,
    problems: [...refused, ...going.flatMap((removedNode) => unreachable(removedNode, inCluster))],
    risks: risksOf(going, cluster),
    notes: [
      ...[...onHosts.keys()]
        .filter(({ kind }) => kind === 'service')
        .map(({ host }) => `${host}: its packages stay installed`),
      ...names.flatMap((name) => staying(cluster.cib, name)),
      ...going
        .filter(({ node }) => !hasManagedHost(node) && inCluster.has(node.name))
        .map(({ node }) => `${node.name}: its host stays unchanged: ${OWNER_CLEANS}`),
    ],
    names: removedNodes.map(({ node }) => node.name),
  };
}

const WHEN_BACK =
  'apply cleans it up when it is reachable again; if it no longer exists, remove its entry from the inventory';

const OWNER_CLEANS = 'have its owner stop its daemon and remove the credentials of the cluster';

/** That a host gives no answer keeps what is on it, and only that. */
function unreachable(
  { node: { name }, silence }: RemovedNode,
  inCluster: ReadonlySet<string>,
): Problem[] {
  if (silence === undefined) return [];
  const isTakenOut = inCluster.has(name);
  const state = isTakenOut
    ? 'it is removed from the cluster, but the host is not cleaned up'
    : 'it is not part of the cluster; it is unknown whether the host is cleaned up';
  return [
    {
      host: name,
      kind: 'unreachable',
      code: silence.code,
      hint: WHEN_BACK,
      message: `${silence.message}; ${state}`,
      ...(isTakenOut ? { isOnlyInCluster: true } : {}),
    },
  ];
}

/** Constraints that name a node and others besides, or without which a resource could run anywhere. */
const staying = (cib: Cib, name: string): readonly string[] =>
  referencesOf(cib, name)
    .filter(({ targets }) => targets.length === 0)
    .map(({ id }) => `${name}: the constraint ${id} names it and stays: review it manually`);

/** How many nodes may be removed at once without `--allow`: one, or a tenth of them. */
const maxWithoutConfirmation = (nodes: number): number => Math.max(1, Math.floor(nodes / 10));

function risksOf(going: readonly RemovedNode[], cluster: ClusterFacts): readonly Risk[] {
  const { cib } = cluster;
  const leaving = going
    .map(({ node }) => node.name)
    .filter((name) => nodeConnection(cib, name) !== undefined);
  const unproven = going
    .filter(({ silence }) => silence !== undefined)
    .map(({ node }) => node.name)
    .filter((name) => stateInClusterOf(cluster, name) === 'unproven');
  return [
    { code: 'host-is-off', subjects: unproven },
    {
      code: 'removes-many',
      subjects: leaving.length > maxWithoutConfirmation(connectedNames(cib).length) ? leaving : [],
    },
  ];
}
