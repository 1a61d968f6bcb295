import { readLock, releaseLock } from '../../apply/lock/lock.ts';
import type { ConnectHost } from '../../host/host.ts';
import { lockedText, type Lock } from '../../pacemaker/procedures/lock.ts';
import type { Spec } from '../../inventory/spec.ts';
import { OutriggerError } from '../../support/errors.ts';
import { firstAnswer } from '../plan/first-member.ts';

export interface Unlocking {
  readonly spec: Spec;
  readonly connect: ConnectHost;
  readonly signal: AbortSignal;
  /** Rejects unless the operator confirms that the holder is gone. */
  readonly confirm: (held: string) => Promise<void>;
}

/** Takes away the lock of this ID. Rejects with REFUSED when the cluster has another, or none. */
export async function unlock(
  id: string,
  { spec, connect, signal, confirm }: Unlocking,
): Promise<void> {
  const { host, answer } = await firstAnswer(spec, connect, { signal }, readLock);
  try {
    const { lock } = answer;
    if (lock === undefined) throw new OutriggerError('REFUSED', 'the cluster is not locked');
    const held = `the cluster is ${lockedText(lock)}`;
    if (lock.id !== id) throw new OutriggerError('REFUSED', `the lock ID does not match: ${held}`);
    await confirm(held);
    refuseAlive(lock, (await readLock(host)).lock);
    const left = await releaseLock(host, id);
    if (left.lock?.id === id)
      throw new OutriggerError('NOT_CONVERGED', 'the lock still exists', { host: host.name });
  } finally {
    await host.close();
  }
}

/** A holder that extends its lock is not gone, even if the operator has confirmed it. */
function refuseAlive(shown: Lock, now: Lock | undefined): void {
  if (now?.id !== shown.id || now.expires === shown.expires) return;
  throw new OutriggerError(
    'REFUSED',
    `the run that holds the lock is in progress and has just extended it: ${lockedText(now)}`,
    { hint: 'wait for that run, or stop it where it runs' },
  );
}
