import { readFile, stat } from 'node:fs/promises';
import ssh2, { type ParsedKey } from 'ssh2';
import { messageOf } from '../../support/errors.ts';

/** A private key read from a file, or why there is none. */
export type KeyFile =
  | { readonly kind: 'key'; readonly path: string; readonly key: ParsedKey }
  | { readonly kind: 'absent'; readonly path: string }
  | { readonly kind: 'encrypted'; readonly path: string }
  | { readonly kind: 'exposed'; readonly path: string }
  | { readonly kind: 'unusable'; readonly path: string; readonly why: string };

/** Parsing is slow for some keys, and a fleet shares them: once per path and process. */
const files = new Map<string, Promise<KeyFile>>();

export function keyFile(path: string): Promise<KeyFile> {
  const known = files.get(path) ?? read(path);
  files.set(path, known);
  return known;
}

async function read(path: string): Promise<KeyFile> {
  try {
    const { mode, uid } = await stat(path);
    // As ssh does: a key of our own that others can read is not a secret any more.
    if (uid === process.getuid?.() && (mode & 0o077) !== 0) return { kind: 'exposed', path };
    return parse(path, await readFile(path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return { kind: 'absent', path };
    }
    return { kind: 'unusable', path, why: messageOf(error) };
  }
}

function parse(path: string, content: Buffer): KeyFile {
  const key = ssh2.utils.parseKey(content);
  if (key instanceof Error) {
    const encrypted = /encrypted|passphrase/i.test(key.message);
    return encrypted
      ? { kind: 'encrypted', path }
      : { kind: 'unusable', path, why: 'it is not a private key that ssh2 can read' };
  }
  return key.isPrivateKey()
    ? { kind: 'key', path, key }
    : { kind: 'unusable', path, why: 'it holds a public key' };
}
