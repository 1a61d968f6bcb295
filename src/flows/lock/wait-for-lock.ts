import { setTimeout as sleep } from 'node:timers/promises';
import { readLock, whyOver } from '../../apply/lock/lock.ts';
import type { QueryNode } from '../../host/host.ts';
import { OutriggerError } from '../../support/errors.ts';

const INTERVAL_MS = 2000;

/** Waits until no run holds the lock of the cluster any more. Returns whether it was released in time. */
export async function waitForLock(
  queryNode: QueryNode,
  deadline: number,
  signal: AbortSignal,
): Promise<boolean> {
  while (performance.now() < deadline) {
    const left = deadline - performance.now();
    try {
      await sleep(Math.max(0, Math.min(INTERVAL_MS, left)), undefined, { signal });
    } catch (thrown) {
      throw new OutriggerError('INTERRUPTED', 'interrupted: nothing was changed', {
        cause: thrown,
      });
    }
    if (whyOver(await readLock(queryNode)) !== undefined) return true;
  }
  return false;
}
