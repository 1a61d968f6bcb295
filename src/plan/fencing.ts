import { isFencingOn } from '../pacemaker/cib/cluster-options.ts';
import type { ClusterFacts, Facts } from '../model/facts.ts';
import type { Differences } from './differences.ts';
import type { NodeFencing } from '../model/plan.ts';
import type { Risk } from '../model/risk.ts';

/**
 * The fence devices that report that they can fence a node, sorted; undefined: no cluster node reported any. A device that may not
 * run on a cluster node is not known to the fencer there, so that each of them is listened to.
 */
export function devicesFor({ clusterNodes }: Facts, node: string): readonly string[] | undefined {
  const reported = [...clusterNodes.values()].flatMap(({ fencers }) => {
    const devices = fencers.get(node);
    return devices === undefined ? [] : [devices];
  });
  return reported.length === 0 ? undefined : [...new Set(reported.flat())].sort();
}

/** Who can fence each remote node of this plan, and which device will be configured for it; empty where fencing is off. */
export function fencingOf(
  facts: Facts,
  cluster: ClusterFacts,
  { inCib }: Differences,
): readonly NodeFencing[] {
  if (!isFencingOn(cluster)) return [];
  const extended = new Map(
    [...inCib].flatMap(([{ kind, host }, { operations }]) =>
      operations.flatMap((operation) =>
        kind === 'fence-device' && operation.kind === 'extend'
          ? [[host, operation.where.id] as const]
          : [],
      ),
    ),
  );
  // A guest node needs no device: the cluster fences it by restarting its VM.
  return [...facts.servers.keys()]
    .filter((node) => !facts.vms.has(node))
    .map((node) => ({
      node,
      devices: devicesFor(facts, node),
      extended: extended.get(node),
    }));
}

const isOpen = ({ devices = [], extended }: NodeFencing): boolean =>
  devices.length === 0 && extended === undefined;

/** Nobody can fence it, by the word of every fencer that answered. */
export const isUnfenceable = (entry: NodeFencing): boolean =>
  entry.devices !== undefined && isOpen(entry);

/** Nodes that would join although no device is known to be able to fence them. */
export const fencingRisks = (
  fencing: readonly NodeFencing[],
  joining: ReadonlySet<string>,
): readonly Risk[] => [
  {
    code: 'unfenceable',
    subjects: fencing
      .filter((entry) => isOpen(entry) && joining.has(entry.node))
      .map(({ node }) => node),
  },
];

/** Nodes that are online, and for which it is unknown what can fence them. */
export const fencingNotes = (
  fencing: readonly NodeFencing[],
  { cib }: ClusterFacts,
): readonly string[] =>
  fencing
    .filter((entry) => isOpen(entry) && !isUnfenceable(entry))
    .filter(({ node }) => cib.remoteConnections.has(node))
    .map(({ node }) => `${node}: no cluster node reported its fence devices in time`);
