import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a program may put things in order after SIGTERM. */
const GRACE_MS = 2000;
/** Nobody survives SIGKILL, except in the kernel (a file system that gives no answer), and then nothing helps. */
const LIMIT_MS = 4000;
const STEP_MS = 50;

/** The variable by which everything that a program starts is found again, wherever it has gone. */
export const MARK = 'OUTRIGGER_PROGRAM';

/** What has to end: the process that was started, and the mark that it was given. */
interface Started {
  readonly leader: number;
  readonly mark: string;
  /** It leads a group of processes. */
  readonly isApart: boolean;
}

/**
 * Ends a program and everything that it has started: SIGTERM, and after a while SIGKILL. Its group is not enough: in ours it
 * has none of its own (it would lose the terminal), and what has made itself a session is in no group of it; so the
 * environment is looked at as well, where there is a /proc. Resolves when nothing of it is left.
 */
export async function endProgram(started: Started): Promise<void> {
  if (!existsSync('/proc/self/stat')) return endGroup(started);
  const terminated = new Set<number>();
  let quiet = 0;
  // One that is just being started may be missed by one look.
  const begin = performance.now();
  for (let waited = 0; quiet < 2 && waited < LIMIT_MS; waited = performance.now() - begin) {
    const left = processesOf(started);
    const isLast = waited >= GRACE_MS;
    for (const pid of left) {
      if (isLast || !terminated.has(pid)) signal(pid, isLast ? 'SIGKILL' : 'SIGTERM');
      terminated.add(pid);
    }
    quiet = left.length === 0 ? quiet + 1 : 0;
    await sleep(STEP_MS);
  }
}

/** Where nobody can be asked what it has started: what is left of its group. */
async function endGroup({ leader, isApart }: Started): Promise<void> {
  const target = isApart ? -leader : leader;
  signal(target, 'SIGTERM');
  await sleep(GRACE_MS);
  signal(target, 'SIGKILL');
}

const processesOf = (started: Started): readonly number[] =>
  attempted(() => readdirSync('/proc'), [])
    .filter((name) => /^[1-9]\d*$/.test(name) && isPart(Number(name), started))
    .map(Number);

/** Of others' processes nobody may read the environment, nor end them. */
function isPart(pid: number, { leader, mark, isApart }: Started): boolean {
  const [state = '', , group] = textOf(`/proc/${pid}/stat`)
    .replace(/^.*\)\s+/s, '')
    .split(' ');
  // A zombie has ended, and waits for somebody to ask how.
  if (['', 'Z', 'X'].includes(state)) return false;
  if (pid === leader || (isApart && group === String(leader))) return true;
  return textOf(`/proc/${pid}/environ`).split('\0').includes(`${MARK}=${mark}`);
}

const textOf = (path: string): string => attempted(() => readFileSync(path, 'latin1'), '');

const signal = (pid: number, what: NodeJS.Signals): boolean =>
  attempted(() => process.kill(pid, what), false);

function attempted<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
