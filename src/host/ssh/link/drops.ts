import { setTimeout as sleep } from 'node:timers/promises';
import { HandshakeError } from './handshake.ts';

/** The waits before trying again: the last one again and again, until the limit. */
const RETRY_AFTER_MS = [250, 500, 1000, 2000];

/** Whether a server hung up before it said anything: sshd does so when many come at once (MaxStartups). */
export const isDrop = (error: unknown): boolean =>
  error instanceof HandshakeError &&
  error.stage === 'before-host-key' &&
  foreignGreeting(error) === undefined &&
  (error.level === 'client-socket' ||
    /^(connection closed|Connection lost before)/.test(error.message));

/** What sshd says before it hangs up on one connection too many (sshd.c, srclimit.c). */
const TOO_MANY = /^(Exceeded MaxStartups|Not allowed at this time)\s*$/;

/** What a server says that does not speak SSH at all. */
export const foreignGreeting = ({ greeting }: HandshakeError): string | undefined =>
  greeting.trim() === '' || TOO_MANY.test(greeting) ? undefined : greeting.trim();

/**
 * Tries again for as long as the server hangs up unheard; at the limit the last such failure is thrown, also where the limit
 * ends another attempt.
 */
export async function afterDrops<T>(limit: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  let dropped: unknown;
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isDrop(error)) throw limit.aborted && dropped !== undefined ? dropped : error;
      dropped = error;
      const wait = RETRY_AFTER_MS[Math.min(tries, RETRY_AFTER_MS.length - 1)] ?? 0;
      // Half of the wait is random, so that those who were dropped together do not come back together.
      const delay = wait / 2 + Math.random() * (wait / 2);
      await sleep(delay, undefined, { signal: limit }).catch(() => {
        throw error;
      });
    }
  }
}
