import { setTimeout as sleep } from 'node:timers/promises';
import { readCluster } from '../../probe/read-cluster.ts';
import type { QueryNode } from '../../host/host.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import { patience } from './patience.ts';

const INTERVAL_MS = 700;

/** How a wait ended. */
export interface Watched {
  /** The last state seen. */
  readonly cluster: ClusterFacts;
  /** Why it was not waited for any longer; undefined: what was waited for is so. */
  readonly why: string | undefined;
}

/** Reads the cluster again and again until `isReached` holds, or nothing has moved for `limitMs` (see `patience`). */
export async function watchCluster(
  queryNode: QueryNode,
  limitMs: number,
  isReached: (cluster: ClusterFacts) => boolean,
): Promise<Watched> {
  const isOver = patience(limitMs, performance.now());
  for (;;) {
    const cluster = await readCluster(queryNode);
    if (isReached(cluster)) return { cluster, why: undefined };
    const why = isOver(cluster, performance.now());
    if (why !== undefined) return { cluster, why };
    await sleep(INTERVAL_MS);
  }
}
