import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../../support/errors.ts';

/** What an interrupted run may have left beside a file begins with a dot and ends with this. */
const UNFINISHED = '.outrigger-new';

/** Beside the file whose place it takes: a rename stays in one file system. */
const unfinishedName = (path: string): string =>
  join(dirname(path), `.${basename(path)}${UNFINISHED}`);

/**
 * Writes a file whole or not at all: also a machine that loses its power has the old one or the new one. `isNew`: throws
 * EEXIST rather than take the place of another file.
 */
export function writeWholeFile(
  path: string,
  content: string | Uint8Array,
  { mode, isNew = false }: { readonly mode: number; readonly isNew?: boolean },
): void {
  const unfinished = unfinishedName(path);
  const file = openNew(unfinished, mode);
  try {
    // Not writeSync: where a disk gets full, that may write a part and say nothing.
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (isNew) {
    try {
      linkSync(unfinished, path);
    } finally {
      unlinkSync(unfinished);
    }
  } else renameSync(unfinished, path);
}

/** Throws what writing the file would throw, and leaves everything as it was. */
export function tryWholeFile(path: string): void {
  const unfinished = unfinishedName(path);
  closeSync(openNew(unfinished, 0o600));
  unlinkSync(unfinished);
}

/** A file, or a link, that somebody else has put there is not written to. */
function openNew(path: string, mode: number): number {
  try {
    unlinkSync(path);
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
  }
  return openSync(path, 'wx', mode);
}
