import { readLock, releaseLock } from '../apply/lock.ts';
import type { ConnectHost } from '../host/host.ts';
import { lockedText } from '../pacemaker/cib-lock.ts';
import type { Spec } from '../spec/spec.ts';
import { OutriggerError } from '../support/errors.ts';
import { firstMember } from './first-member.ts';

export interface Unlocking {
  readonly spec: Spec;
  readonly connect: ConnectHost;
  readonly signal: AbortSignal;
  /** Rejects unless somebody knows for sure that the holder is gone. */
  readonly confirm: (held: string) => Promise<void>;
}

/** Takes away the lock of this ID. Rejects with REFUSED when the cluster has another, or none. */
export async function unlock(
  id: string,
  { spec, connect, signal, confirm }: Unlocking,
): Promise<void> {
  const { host, answer } = await firstMember(spec, connect, signal, readLock);
  try {
    const { lock } = answer;
    if (lock === undefined) throw new OutriggerError('REFUSED', 'nobody holds a lock');
    const held = `the cluster is ${lockedText(lock)}`;
    if (lock.id !== id) throw new OutriggerError('REFUSED', `that is not its lock: ${held}`);
    await confirm(held);
    const left = await releaseLock(host, id);
    if (left.lock?.id === id)
      throw new OutriggerError('NOT_CONVERGED', 'the lock is still there', { host: host.name });
  } finally {
    await host.close();
  }
}
