import { closeSync, fsyncSync, openSync } from 'node:fs';
import { writeWholeFile } from './whole-file.ts';

/**
 * Writes a file that only its owner can read, whole or not at all: also a machine that loses its power has the old one
 * or the new one, and after `syncFolder` the new one. `isNew`: throws EEXIST rather than take the place of another file.
 */
export function writePrivateFile(
  path: string,
  content: string | Uint8Array,
  { isNew = false }: { readonly isNew?: boolean } = {},
): void {
  writeWholeFile(path, content, { mode: 0o600, isNew });
}

/** What was written into a folder is there also after a loss of power. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
