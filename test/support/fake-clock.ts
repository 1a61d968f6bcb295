/** A clock that waits for nobody: a run against fake hosts is told at once that the time is over for which it waits. */
import { syncBuiltinESMExports } from 'node:module';
import { mock } from 'node:test';
import timers from 'node:timers/promises';

/** Real time between two moments, in which whatever goes on besides gets on: files are written, keys made. */
const STEP_MS = 2;

interface Sleeper {
  /** When it wakes, on the clock. */
  readonly at: number;
  readonly wake: () => void;
}

let users = 0;
let stop = (): void => undefined;

/**
 * While this works, whoever sleeps (`node:timers/promises`) is woken when all have had a moment to get on, in the order of
 * their times; `performance.now()` tells each of them the time to which it has slept.
 */
export async function withFakeClock<Result>(work: () => Promise<Result>): Promise<Result> {
  users += 1;
  if (users === 1) stop = begin();
  try {
    return await work();
  } finally {
    users -= 1;
    if (users === 0) stop();
  }
}

function begin(): () => void {
  const steady = performance.now.bind(performance);
  const { setTimeout: sleep } = timers;
  const sleepers = new Set<Sleeper>();
  let ahead = 0;
  let isArmed = false;
  const now = (): number => steady() + ahead;

  const arm = (): void => {
    if (isArmed || sleepers.size === 0) return;
    isArmed = true;
    void sleep(STEP_MS).then(() => {
      isArmed = false;
      const first = Math.min(...[...sleepers].map(({ at }) => at));
      if (sleepers.size > 0) ahead += Math.max(0, first - now());
      for (const sleeper of sleepers) if (sleeper.at <= now()) sleeper.wake();
      arm();
    });
  };
  const asleep = (delay: number, signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const sleeper = {
        at: now() + delay,
        wake: () => {
          leave(resolve);
        },
      };
      const leave = (end: () => void): void => {
        sleepers.delete(sleeper);
        signal?.removeEventListener('abort', give);
        end();
      };
      const give = (): void => {
        leave(() => {
          reject(new DOMException('The operation was aborted', 'AbortError'));
        });
      };
      sleepers.add(sleeper);
      signal?.addEventListener('abort', give);
      if (signal?.aborted === true) give();
      arm();
    });
  const mocked = [
    mock.method(performance, 'now', now),
    mock.method(
      timers,
      'setTimeout',
      async <Value>(delay = 1, value?: Value, options: { signal?: AbortSignal } = {}) => {
        await asleep(delay, options.signal);
        return value;
      },
    ),
  ];
  syncBuiltinESMExports();
  return () => {
    for (const { mock: one } of mocked) one.restore();
    syncBuiltinESMExports();
  };
}
