import { realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { LocalFile } from './local-file.ts';

const OTHERS_WRITE = 0o002;
/** In such a folder (/tmp) only its owner can replace a file. */
const STICKY = 0o1000;

/**
 * Why what is in a file may be the work of another user of this machine; undefined: of nobody but the user, the one who
 * became root through sudo, and root. Groups are not looked at: where each user has a group of their own, files are writable by it.
 */
export function whyForeign(
  path: string,
  { mode, uid }: Pick<LocalFile, 'mode' | 'uid'>,
  trusted: ReadonlySet<number> = ourselves(),
): string | undefined {
  if (!trusted.has(uid)) return `it belongs to another user (uid ${uid})`;
  if ((mode & OTHERS_WRITE) !== 0) return 'it is world-writable';
  if (foldersOf(path).some(isOpenToAll)) return 'any user can replace it';
  return undefined;
}

/** As git decides whose repository it trusts (git-config(1), safe.directory): sudo keeps who it was started by. */
function ourselves(): ReadonlySet<number> {
  const own = process.geteuid?.() ?? 0;
  const before = process.env['SUDO_UID'] ?? '';
  return new Set([0, own, ...(own === 0 && /^[0-9]+$/.test(before) ? [Number(before)] : [])]);
}

/** Where the file is as it was named, and where it is in truth. */
function foldersOf(path: string): readonly string[] {
  const named = resolve(path);
  try {
    return [dirname(named), dirname(realpathSync(named))];
  } catch {
    // A pipe of the shell has no place.
    return [];
  }
}

function isOpenToAll(directory: string): boolean {
  const { mode } = statSync(directory);
  return (mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0;
}
