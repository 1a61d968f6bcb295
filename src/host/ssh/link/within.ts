import { OutriggerError } from '../../../support/errors.ts';
import { connectTimedOut, interrupted, type Peer } from '../route/failures.ts';

/** Gives up work on a server at its limit, and when `signal` says so. */
export async function within<T>(
  peer: Peer,
  { limitMs, signal }: { readonly limitMs: number; readonly signal: AbortSignal },
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const outOfTime = new AbortController();
  const timer = setTimeout(() => {
    outOfTime.abort();
  }, limitMs);
  try {
    signal.throwIfAborted();
    return await work(AbortSignal.any([signal, outOfTime.signal]));
  } catch (error) {
    if (signal.aborted) throw interrupted(peer);
    if (error instanceof OutriggerError) throw error;
    throw connectTimedOut(peer, 'no connection', limitMs);
  } finally {
    clearTimeout(timer);
  }
}
