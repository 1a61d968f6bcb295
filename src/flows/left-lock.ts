import { readLock, releaseLock, whyOver } from '../apply/lock.ts';
import type { Host } from '../host/host.ts';
import { isLockId, lockedText, lockIn } from '../pacemaker/cib-lock.ts';
import type { ClusterFacts } from '../plan/facts.ts';
import { isRestless } from '../plan/restless.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';

/**
 * Gives back the lock of a run that died, perhaps after its last step: where nothing is left to do, no run takes it over, and
 * it would keep others waiting until it expires. Gives what an operator should know of it. A cluster that the edit would wake
 * keeps it.
 */
export async function giveBackLeftLock(
  lead: Host,
  cluster: ClusterFacts,
): Promise<string | undefined> {
  const seen = lockIn(cluster.cib);
  if (seen === undefined || !isLockId(seen.id) || isRestless(cluster)) return undefined;
  try {
    const state = await readLock(lead);
    const because = whyOver(state);
    if (state.lock?.id !== seen.id || because === undefined) return undefined;
    await releaseLock(lead, seen.id);
    return `the lock of a run that died was given back: ${because} (${lockedText(seen)})`;
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    return `the lock of a run that died could not be given back: ${messageOf(thrown)}`;
  }
}
