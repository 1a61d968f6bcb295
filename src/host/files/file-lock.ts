import { randomUUID } from 'node:crypto';
import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { printable } from '../../support/text/printable.ts';
import { isGone, processIdentity } from './process-identity.ts';
import { errnoOf } from '../../support/errors.ts';

const LIMIT_MS = 15_000;
const STEP_MS = 20;

/**
 * Runs `work`, which is short, while no other run of outrigger writes the file. What an interrupted run on this machine has
 * left is taken over at once; of one elsewhere nobody can know, and the lock stays until somebody removes it. `signal`: an end
 * of the wait before its time.
 */
export async function whileLocked<T>(
  file: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const held = await take(`${file}.outrigger-lock`, signal);
  try {
    return await work();
  } finally {
    releaseManagement(held);
  }
}

/**
 * A lock that is held. It is a file that is made once, whole, and names its holder. Nobody removes that of another one who
 * has died: two would, and the second might remove what the first has made since. Instead a file is made whose name is
 * that of the dead holder's lock with its ID, which again only one can do, and so on. The last one of that row holds the lock; it removes
 * the first one first, and from then on the whole row is out of use, since no ID comes twice.
 */
interface Held {
  readonly lock: string;
  readonly ownPath: string;
  /** Those of the dead that it stands behind, the first of them `lock`. */
  readonly row: readonly string[];
}

interface Holder {
  readonly id: string;
  readonly identity: string;
  readonly reported: string;
}

async function take(lock: string, signal: AbortSignal | undefined): Promise<Held> {
  const own = randomUUID();
  const draft = `${lock}.${own}.new`;
  try {
    for (let waited = 0; ; waited += STEP_MS) {
      // Each time: an empty draft is removed by whoever takes the lock meanwhile.
      if (!existsSync(draft)) writeDraft(draft, own);
      const found = tryToTake(lock, draft, own);
      if (found !== undefined && 'lock' in found) return found;
      if (waited >= LIMIT_MS || signal?.aborted === true) throw held(lock, found?.reported, waited);
      await sleep(STEP_MS / 2 + Math.random() * STEP_MS);
    }
  } finally {
    remove(draft);
  }
}

function writeDraft(draft: string, own: string): void {
  const reported = `process ${process.pid} on ${hostname()}`;
  writeFileSync(draft, `${own}\n${processIdentity() ?? ''}\n${reported}\n`, {
    mode: 0o600,
    flag: 'wx',
  });
}

/** The lock, or who holds it; undefined: it has changed hands meanwhile. */
function tryToTake(lock: string, draft: string, own: string): Held | Holder | undefined {
  const row: string[] = [];
  let first: string | undefined;
  for (let path = lock; ;) {
    const isMade = madeFrom(draft, path);
    const holder = holderIn(path);
    if (holder?.id === own) {
      if (first === undefined) removeRests(lock);
      // Whoever stood here before may have released the whole row.
      else if (holderIn(lock)?.id !== first) {
        remove(path);
        return undefined;
      }
      return { lock, ownPath: path, row };
    }
    if (holder === undefined || isMade) return undefined;
    if (!isGone(holder.identity)) return holder;
    first ??= holder.id;
    row.push(path);
    path = `${lock}.${holder.id}`;
  }
}

/** Each path once: as soon as the lock is gone, the next one may have made its own there. */
function releaseManagement({ lock, ownPath, row }: Held): void {
  for (const path of new Set([lock, ...row, ownPath])) remove(path);
}

/** Makes a file at once, whole, and only where there is none. */
function madeFrom(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (thrown) {
    if (isTakenOrDraftGone(thrown)) return false;
    if (!NO_LINKS.includes(errnoOf(thrown) ?? '')) throw thrown;
  }
  try {
    copyFileSync(draft, path, constants.COPYFILE_EXCL);
    return true;
  } catch (thrown) {
    if (isTakenOrDraftGone(thrown)) return false;
    throw thrown;
  }
}

const isTakenOrDraftGone = (thrown: unknown): boolean =>
  ['EEXIST', 'ENOENT'].includes(errnoOf(thrown) ?? '');

/** What file systems say that know no hard links (link(2)). */
const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** Who made a file; undefined: there is none. What does not say it was made by somebody unknown, who may live. */
function holderIn(path: string): Holder | undefined {
  try {
    const [id = '', identity = '', reported = ''] = readFileSync(path, 'utf8').split('\n');
    return { id, identity, reported };
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const REST = new RegExp(`^\\.${UUID}(?:\\.new)?$`);

/**
 * Whoever holds the lock itself, and stands behind nobody: what the dead have left beside it is out of use. An empty draft
 * is of a process that was killed between open(2) and write(2), or is about to write; the latter makes it again.
 */
function removeRests(lock: string): void {
  const [directory, name] = [dirname(lock), basename(lock)];
  for (const other of readdirSync(directory)) {
    if (!other.startsWith(name) || !REST.test(other.slice(name.length))) continue;
    const path = join(directory, other);
    const holder = holderIn(path);
    if (holder?.id === '' ? other.endsWith('.new') : isGone(holder?.identity ?? '')) remove(path);
  }
}

const remove = (path: string): void => {
  rmSync(path, { force: true });
};

const held = (lock: string, who: string | undefined, waited: number): Error =>
  new Error(
    `${who === undefined || who === '' ? 'another process' : printable(who)} has held ${lock} for ${Math.ceil(waited / 1000)} s (remove it if that process has ended)`,
  );
