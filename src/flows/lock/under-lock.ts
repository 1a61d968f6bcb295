import { takeLease, takeLeaseLater, type Lease } from '../../apply/lock/lease.ts';
import type { QueryNode } from '../../host/host.ts';
import { lockedText, lockIn } from '../../pacemaker/procedures/lock.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import { isRestless } from '../../plan/restless.ts';
import { OutriggerError } from '../../support/errors.ts';

export interface LockRequest {
  /** The cluster node through which the cluster is changed. */
  readonly queryNode: QueryNode;
  /** The cluster as it was when it was decided what to change. */
  readonly cluster: ClusterFacts;
  /** For how long the lock is taken at a time. */
  readonly leaseMs: number | undefined;
  /** Hears what an operator should know of it. */
  readonly report: (message: string) => void;
}

/**
 * Changes the cluster while no other run does: takes the lock of the cluster before and releases it afterwards,
 * whatever happens. Where an edit of the CIB would wake the cluster, it is taken by the first one that has to be made. Rejects with LOCKED while another run holds it, or when one ended since the cluster was read.
 */
export async function underLock<Result>(
  { queryNode, cluster, leaseMs, report }: LockRequest,
  work: (lease: Lease) => Promise<Result>,
): Promise<Result> {
  const take = isRestless(cluster) ? takeLeaseLater : takeLease;
  const lease = await take(queryNode, leaseMs);
  try {
    const { replaced } = lease;
    const seen = lockIn(cluster.cib);
    if (seen !== undefined && seen.id !== replaced?.lock.id) {
      const message = `another run ended while this run was being planned (${lockedText(seen)})`;
      throw new OutriggerError('LOCKED', message, {
        hint: 'run again to make a new plan',
      });
    }
    if (replaced !== undefined)
      report(`the lock was taken over: ${replaced.because} (${lockedText(replaced.lock)})`);
    return await work(lease);
  } finally {
    const because = await lease.release();
    if (because !== undefined)
      report(`the lock of the cluster could not be released and will expire: ${because}`);
  }
}
