import { setTimeout as sleep } from 'node:timers/promises';
import { readCluster } from '../../probe/read-cluster.ts';
import type { QueryNode } from '../../host/host.ts';
import type { ClusterFacts } from '../../model/facts.ts';

const INTERVAL_MS = 700;

/** How a wait ended: with what was waited for, or with the last state seen when the limit was reached. */
export type Watched =
  | { readonly kind: 'reached'; readonly cluster: ClusterFacts }
  | { readonly kind: 'limit'; readonly cluster: ClusterFacts };

/** Reads the cluster again and again until `isReached` holds, for at most `limitMs`. */
export async function watchCluster(
  queryNode: QueryNode,
  limitMs: number,
  isReached: (cluster: ClusterFacts) => boolean,
): Promise<Watched> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const cluster = await readCluster(queryNode);
    if (isReached(cluster)) return { kind: 'reached', cluster };
    if (performance.now() >= deadline) return { kind: 'limit', cluster };
    await sleep(INTERVAL_MS);
  }
}
