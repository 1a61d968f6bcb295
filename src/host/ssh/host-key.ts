import type { ServerHostKeyAlgorithm } from 'ssh2';
import type { OutriggerError } from '../../support/errors.ts';
import { keyTypeOf, type KnownHost } from '../known-hosts.ts';
import { hostKeyChanged, hostKeyRevoked, hostKeyUnknown, type Peer } from './failures.ts';

/** Signature algorithms by the type of host key that makes them, the preferred ones first. SHA-1 is never accepted. */
export const HOST_KEY_ALGORITHMS: ReadonlyMap<string, readonly ServerHostKeyAlgorithm[]> = new Map<
  string,
  readonly ServerHostKeyAlgorithm[]
>([
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
]);

const trusted = (entries: readonly KnownHost[]): readonly KnownHost[] =>
  entries.filter(({ marker }) => marker === 'none');

/**
 * The algorithms to offer: those of the key types that are known of this host first, so that it answers with a key
 * that can be compared; the others behind them, so that a host which has lost those keys is told apart from a dead one.
 */
export function offeredAlgorithms(entries: readonly KnownHost[]): ServerHostKeyAlgorithm[] {
  const known = new Set(trusted(entries).map(({ keyType }) => keyType));
  const types = [...HOST_KEY_ALGORITHMS.keys()];
  const ordered = [
    ...types.filter((type) => known.has(type)),
    ...types.filter((type) => !known.has(type)),
  ];
  return ordered.flatMap((type) => [...(HOST_KEY_ALGORITHMS.get(type) ?? [])]);
}

/** Compares the key that a host answers with to what known_hosts says about it: undefined means it is the host. */
export function hostKeyProblem(
  peer: Peer,
  blob: Uint8Array,
  entries: readonly KnownHost[],
): OutriggerError | undefined {
  const same = entries.filter((entry) => Buffer.from(entry.blob).equals(blob));
  const revoked = same.find(({ marker }) => marker === 'revoked');
  if (revoked !== undefined) return hostKeyRevoked(peer, blob, revoked);
  if (trusted(same).length > 0) return undefined;
  const type = keyTypeOf(blob);
  const others = trusted(entries);
  const other = others.find(({ keyType }) => keyType === type) ?? others[0];
  return other === undefined ? hostKeyUnknown(peer, blob) : hostKeyChanged(peer, blob, other);
}
