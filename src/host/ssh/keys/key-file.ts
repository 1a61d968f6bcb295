import ssh2, { type ParsedKey } from 'ssh2';
import { MOST_BYTES } from '../../../inventory/files-named.ts';
import { errnoOf, messageOf } from '../../../support/errors.ts';
import { reveal, type Secret } from '../../../support/secret.ts';
import { openLocalFile } from '../../files/local-file.ts';

/** A private key read from a file, or why there is none. */
export type KeyFile =
  | { readonly kind: 'key'; readonly path: string; readonly key: ParsedKey }
  | { readonly kind: 'absent'; readonly path: string }
  | EncryptedKey
  | { readonly kind: 'exposed'; readonly path: string }
  | { readonly kind: 'unusable'; readonly path: string; readonly why: string };

/** A private key that only its passphrase opens. */
export interface EncryptedKey {
  readonly kind: 'encrypted';
  readonly path: string;
  readonly content: Buffer;
  /** Its public half, where the file tells it: an agent may hold the same key. */
  readonly publicKey: Buffer | undefined;
}

/** Reads a private key. Whatever is wrong with the file is a kind of its own. */
export function readKeyFile(path: string): KeyFile {
  try {
    const { mode, uid, content } = openLocalFile(path, MOST_BYTES.identity);
    // As ssh does: a key of our own that others can read is not a secret any more.
    if (uid === process.getuid?.() && (mode & 0o077) !== 0) return { kind: 'exposed', path };
    return parse(path, content);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') {
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
      ? { kind: 'encrypted', path, content, publicKey: publicKeyIn(content) }
      : { kind: 'unusable', path, why: 'it is not a private key that ssh2 can read' };
  }
  return key.isPrivateKey()
    ? { kind: 'key', path, key }
    : { kind: 'unusable', path, why: 'it contains a public key' };
}

/** The key that a passphrase opens; undefined: it is not the passphrase. Takes half a second of this process. */
export function unlock({ content }: EncryptedKey, passphrase: Secret): ParsedKey | undefined {
  const key = ssh2.utils.parseKey(content, Buffer.from(reveal(passphrase)));
  return key instanceof Error ? undefined : key;
}

const MAGIC = 'openssh-key-v1\0';

/** The public key in the head of an OpenSSH private key, which is not encrypted (PROTOCOL.key of OpenSSH). */
function publicKeyIn(content: Buffer): Buffer | undefined {
  const armored = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)-----END/.exec(
    content.toString('latin1'),
  );
  const bytes = Buffer.from(armored?.[1] ?? '', 'base64');
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  // Cipher, KDF, its options, the number of keys, and then the first public key.
  let at = MAGIC.length;
  for (let skipped = 0; skipped < 3; skipped += 1) at += 4 + lengthAt(bytes, at);
  at += 4;
  const end = at + 4 + lengthAt(bytes, at);
  return end <= bytes.length ? bytes.subarray(at + 4, end) : undefined;
}

const lengthAt = (bytes: Buffer, at: number): number =>
  at >= 0 && at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0;
