import type { ServerHostKeyAlgorithm } from 'ssh2';
import type { OutriggerError } from '../../../support/errors.ts';
import {
  keyTypeOf,
  type KnownHost,
  sameKey,
  trustedEntries,
} from '../../known-hosts/known-hosts.ts';
import { SIGNATURES } from '../route/algorithms.ts';
import { authorityIn } from '../route/certificates.ts';
import { hostKeyChanged, hostKeyRevoked, hostKeyUnknown, type Peer } from '../route/failures.ts';

/**
 * The algorithms to offer: those of the key types that are known of this host first, so that it answers with a key
 * that can be compared; the others behind them, so that a host which has lost those keys is told apart from a dead one.
 */
export function offeredAlgorithms(
  entries: readonly KnownHost[],
  allowed: readonly ServerHostKeyAlgorithm[],
): readonly ServerHostKeyAlgorithm[] {
  const known = new Set(trustedEntries(entries).map(({ keyType }) => keyType));
  const types = [...SIGNATURES.keys()];
  const ordered = [
    ...types.filter((type) => known.has(type)),
    ...types.filter((type) => !known.has(type)),
  ];
  return ordered
    .flatMap((type) => SIGNATURES.get(type) ?? [])
    .filter((algorithm) => allowed.includes(algorithm));
}

/** Compares the key that a host answers with to what known_hosts says about it: undefined means it is the host. */
export function hostKeyProblem(
  peer: Peer,
  blob: Uint8Array,
  entries: readonly KnownHost[],
): OutriggerError | undefined {
  const same = entries.filter((entry) => sameKey(entry.blob, blob));
  const revoked = same.find(({ marker }) => marker === 'revoked');
  if (revoked !== undefined) return hostKeyRevoked(peer, blob, revoked);
  if (trustedEntries(same).length > 0) return undefined;
  const type = keyTypeOf(blob);
  const others = trustedEntries(entries);
  const other = others.find(({ keyType }) => keyType === type) ?? others[0];
  return other === undefined
    ? hostKeyUnknown(peer, blob, authorityIn(entries))
    : hostKeyChanged(peer, blob, other);
}
