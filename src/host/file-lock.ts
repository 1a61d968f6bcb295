import { open, stat, unlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const LIMIT_MS = 5000;
const STEP_MS = 25;
/** Nobody needs a file for that long: whoever held the lock has died. */
const STALE_MS = 30_000;

/** Runs `work`, which is short, while no other run of outrigger writes the file. */
export async function whileLocked<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.outrigger-lock`;
  await take(lock);
  try {
    return await work();
  } finally {
    await unlink(lock).catch(() => undefined);
  }
}

async function take(lock: string): Promise<void> {
  for (let waited = 0; waited < LIMIT_MS; waited += STEP_MS) {
    try {
      await (await open(lock, 'wx', 0o600)).close();
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const found = await stat(lock).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > STALE_MS) {
      await unlink(lock).catch(() => undefined);
    } else await sleep(STEP_MS);
  }
  throw new Error(
    `for ${LIMIT_MS / 1000} s somebody else has held ${lock} (remove it if no other outrigger runs)`,
  );
}
