import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What a run that died may have left beside a file begins with a dot and ends with this. */
const UNFINISHED = '.outrigger-new';

/**
 * Writes a file that only its owner can read, whole or not at all: also a machine that loses its power has the old one
 * or the new one, and after `syncFolder` the new one. `isNew`: throws EEXIST rather than take the place of another file.
 */
export function writePrivateFile(
  path: string,
  content: string | Uint8Array,
  { isNew = false }: { readonly isNew?: boolean } = {},
): void {
  const unfinished = join(dirname(path), `.${basename(path)}${UNFINISHED}`);
  removeIfThere(unfinished);
  const file = openSync(unfinished, 'wx', 0o600);
  try {
    writeSync(file, Buffer.from(content));
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

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')) throw thrown;
  }
}

/** What was written into a folder is there also after a loss of power. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
