import { getCiphers } from 'node:crypto';
import type { CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from 'ssh2';
import { fitsList } from '../../files/pattern.ts';

/** No group exchange: its key generation blocks this process for seconds, for every host. No SHA-1. */
const KEX: readonly KexAlgorithm[] = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group14-sha256',
];

/** Those that ssh2 offers of itself, with their names in OpenSSL: a system in FIPS mode has not all of them. */
const CIPHERS: readonly (readonly [CipherAlgorithm, string])[] = [
  ['aes128-gcm@openssh.com', 'id-aes128-GCM'],
  ['aes256-gcm@openssh.com', 'id-aes256-GCM'],
  ['aes128-ctr', 'aes-128-ctr'],
  ['aes192-ctr', 'aes-192-ctr'],
  ['aes256-ctr', 'aes-256-ctr'],
  ['chacha20-poly1305@openssh.com', 'chacha20'],
];

const MACS: readonly MacAlgorithm[] = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha1-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
  'hmac-sha1',
];

/** Signature algorithms by the type of key that makes them, the preferred ones first. SHA-1 is never accepted. */
export const SIGNATURES: ReadonlyMap<string, readonly ServerHostKeyAlgorithm[]> = new Map<
  string,
  readonly ServerHostKeyAlgorithm[]
>([
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
]);

/** What may be agreed upon with a server, the preferred ones first. */
export interface Algorithms {
  readonly kex: readonly KexAlgorithm[];
  readonly cipher: readonly CipherAlgorithm[];
  readonly mac: readonly MacAlgorithm[];
  readonly hostKey: readonly ServerHostKeyAlgorithm[];
  /** Signatures with which we may log in. */
  readonly publicKey: readonly ServerHostKeyAlgorithm[];
}

const available = getCiphers();
const signatures = [...SIGNATURES.values()].flat();

/** Everything that outrigger can do. */
export const ALL_ALGORITHMS: Algorithms = {
  kex: KEX,
  cipher: CIPHERS.filter(([, name]) => available.includes(name)).map(([cipher]) => cipher),
  mac: MACS,
  hostKey: signatures,
  publicKey: signatures,
};

/**
 * Those of ours that a list of ssh_config leaves (kex.c, kex_assemble_names): names with wildcards, in the order in which
 * they are desired; `-` in front takes them away, `^` puts them first, and `+` adds, which nothing of ours needs.
 */
export function restrict<Name extends string>(
  text: string,
  ours: readonly Name[],
): readonly Name[] {
  const prefix = /^[-+^]/.exec(text)?.[0];
  const patterns = text.slice(prefix?.length ?? 0).split(',');
  if (prefix === '+') return ours;
  if (prefix === '-') return ours.filter((name) => !fitsList(patterns, name));
  const named = patterns.flatMap((pattern) => ours.filter((name) => fitsList([pattern], name)));
  return [...new Set(prefix === '^' ? [...named, ...ours] : named)];
}
