import { readLock, releaseLock, whyOver } from '../../apply/lock/lock.ts';
import type { QueryNode } from '../../host/host.ts';
import { isLockId, lockedText, lockIn } from '../../pacemaker/procedures/lock.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import { isRestless } from '../../plan/restless.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';

/**
 * Releases the lock of an interrupted run, perhaps after its last step: where nothing is left to do, no run takes it over, and
 * it would keep others waiting until it expires. Returns what an operator should know of it. A cluster that the edit would wake
 * keeps it.
 */
export async function releaseLeftLock(
  queryNode: QueryNode,
  cluster: ClusterFacts,
): Promise<string | undefined> {
  const seen = lockIn(cluster.cib);
  if (seen === undefined || !isLockId(seen.id) || isRestless(cluster)) return undefined;
  try {
    const state = await readLock(queryNode);
    const because = whyOver(state);
    if (state.lock?.id !== seen.id || because === undefined) return undefined;
    await releaseLock(queryNode, seen.id);
    return `the lock of a failed run was released: ${because} (${lockedText(seen)})`;
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    return `the lock of a failed run could not be released: ${messageOf(thrown)}`;
  }
}
