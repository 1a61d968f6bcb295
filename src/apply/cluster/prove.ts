import { nodeConnection } from '../../pacemaker/cib/cib.ts';
import { connectionState, type NotIn } from '../../pacemaker/status/crm-mon.ts';
import { failuresOf, failureTexts } from '../../pacemaker/status/failures.ts';
import type { QueryNode } from '../../host/host.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import { watchCluster } from './watch-cluster.ts';

/** What became of a connection: undefined is online and verified, otherwise why it is not. */
export type Proof = ReadonlyMap<string, string | undefined>;

const READS_IN_A_ROW = 2;

/** Reasons that waiting does not mend. */
const FINAL: readonly NotIn[] = ['blocked', 'orphaned', 'no-connection'];

const FINAL_FOR_GUESTS: readonly NotIn[] = ['failed', 'not-started'];

const WORDS: Readonly<Record<NotIn, string>> = {
  'no-connection': 'the cluster has no such connection resource',
  orphaned: 'its connection resource was deleted',
  unmanaged: 'its connection resource is unmanaged',
  blocked: 'its connection failed to start and is blocked',
  failed: 'its connection failed',
  'not-started': 'its connection is not started',
  pending: 'its connection is still starting',
  'not-on-one-node': 'its connection is active on several cluster nodes',
  'no-node': 'the cluster does not list it as a node',
  'node-unclean': 'the node is unclean',
  'node-pending': 'the node is still joining',
  'node-offline': 'the node is offline',
};

/** While its VM is unmanaged, a connection of a guest node that failed has no other cluster node to go to. */
const isFinal = ({ cib }: ClusterFacts, name: string, why: NotIn): boolean =>
  FINAL.includes(why) ||
  (FINAL_FOR_GUESTS.includes(why) && nodeConnection(cib, name)?.isGuest === true);

/**
 * Waits until each node is online and verified by two readings in a row, or can no longer become so, or nothing has moved for `limitMs`.
 * A failure that the cluster itself reports is quoted.
 */
export async function prove(
  queryNode: QueryNode,
  names: readonly string[],
  limitMs: number,
): Promise<Proof> {
  const streak = new Map<string, number>(names.map((name) => [name, 0]));
  const isSettled = (cluster: ClusterFacts, name: string): boolean => {
    const state = connectionState(cluster.mon, name);
    streak.set(name, state.state === 'node-online' ? (streak.get(name) ?? 0) + 1 : 0);
    if (state.state === 'node-online') return (streak.get(name) ?? 0) >= READS_IN_A_ROW;
    return isFinal(cluster, name, state.why) && failuresOf(cluster.mon, [name]).length > 0;
  };
  const { cluster, why } = await watchCluster(queryNode, limitMs, (seen) =>
    names.map((name) => isSettled(seen, name)).every((settled) => settled),
  );
  return new Map(names.map((name) => [name, notProven(cluster, name, streak.get(name) ?? 0, why)]));
}

function notProven(
  cluster: ClusterFacts,
  name: string,
  streak: number,
  ended: string | undefined,
): string | undefined {
  if (streak >= READS_IN_A_ROW) return undefined;
  const state = connectionState(cluster.mon, name);
  const why = state.state === 'node-online' ? 'its connection is not stable' : WORDS[state.why];
  const failures = failureTexts(failuresOf(cluster.mon, [name]));
  if (failures.length > 0) return `${why} (${failures.join('; ')})`;
  return ended === undefined ? why : `${why}: ${ended}`;
}
