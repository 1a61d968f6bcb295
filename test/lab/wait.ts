/** Waiting with a limit that is told when it is reached. */
import { setTimeout as sleep } from 'node:timers/promises';

/** A limit is for what hangs: a slow machine, or one that other labs keep busy, takes several times as long. */
const PATIENCE = 5;

/**
 * Asks again and again until `probe` says `true`. Any other answer is what is still missing, and is
 * part of the error at the limit. `quietLimitMs`: several times what it takes on a quiet machine.
 */
export async function waitFor(
  what: string,
  quietLimitMs: number,
  probe: () => true | string | Promise<true | string>,
  everyMs = 100,
): Promise<void> {
  const limitMs = PATIENCE * quietLimitMs;
  const end = Date.now() + limitMs;
  for (;;) {
    const answer = await probe();
    if (answer === true) return;
    if (Date.now() >= end)
      throw new Error(`lab: ${what}: not within ${limitMs / 1000} s: ${answer}`);
    await sleep(everyMs);
  }
}

/** Runs `work` on every item, at most `width` at a time; the first failure stops the rest from starting. */
export async function eachOf<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await work(item);
      } catch (error) {
        queue.length = 0;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: width }, lane));
  for (const result of lanes) if (result.status === 'rejected') throw result.reason;
}
