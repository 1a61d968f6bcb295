import { setTimeout as sleep } from 'node:timers/promises';
import { readCluster } from '../../probe/read-cluster.ts';
import type { QueryNode } from '../../host/host.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import { patience } from './patience.ts';

const INTERVAL_MS = 700;

/** How a wait ended: with what was waited for, or with the last state seen, and why it was not waited for any longer. */
export type Watched =
  | { readonly kind: 'reached'; readonly cluster: ClusterFacts; readonly why?: undefined }
  | { readonly kind: 'limit'; readonly cluster: ClusterFacts; readonly why: string };

/** Reads the cluster again and again until `isReached` holds, or nothing has moved for `limitMs` (see `patience`). */
export async function watchCluster(
  queryNode: QueryNode,
  limitMs: number,
  isReached: (cluster: ClusterFacts) => boolean,
): Promise<Watched> {
  const isOver = patience(limitMs, performance.now());
  for (;;) {
    const cluster = await readCluster(queryNode);
    if (isReached(cluster)) return { kind: 'reached', cluster };
    const why = isOver(cluster, performance.now());
    if (why !== undefined) return { kind: 'limit', cluster, why };
    await sleep(INTERVAL_MS);
  }
}
