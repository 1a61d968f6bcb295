import { waitForLock } from '../../flows/lock/wait-for-lock.ts';
import type { QueryNode } from '../../host/host.ts';
import { OutriggerError } from '../../support/errors.ts';
import { printable } from '../../support/text/printable.ts';
import type { Terminal } from '../process/terminal.ts';

/** For how long a command waits for other runs, all in all. */
export interface LockWait {
  readonly limitMs: number;
  readonly deadline: number;
}

export const lockWaitFromNow = (limitMs = 0): LockWait => ({
  limitMs,
  deadline: performance.now() + limitMs,
});

/**
 * Waits until the other run is over because of whose lock a command was refused, so that it can begin anew. Throws what the
 * command has thrown when that was something else, or when the other run outlasts the time.
 */
export async function outlastLock(
  thrown: unknown,
  queryNode: QueryNode,
  { limitMs, deadline }: LockWait,
  terminal: Terminal,
): Promise<void> {
  if (!(thrown instanceof OutriggerError) || thrown.code !== 'LOCKED' || limitMs === 0)
    throw thrown;
  terminal.err(`${printable(thrown.message)}: waiting up to ${limitMs / 1000} s\n`);
  if (!(await waitForLock(queryNode, deadline, terminal.signal))) throw thrown;
}
