import type { OutriggerError } from '../../support/errors.ts';
import { keyTypeOf, type KnownHost, sameKey, trustedEntries } from '../known-hosts/known-hosts.ts';
import { authorityIn } from './route/certificates.ts';
import { hostKeyUnpinned, noHostKey, type Peer } from './route/failures.ts';
import { hostKeyProblem } from './trust/host-key.ts';
import type { Endpoint } from './route/route.ts';
import type { OfferedKey } from './scan.ts';

/** What the keys that a server offers say about it. */
export type Judged =
  /** Nothing is known of it: these may be recorded after somebody has compared them. */
  | {
      readonly kind: 'new';
      readonly keys: readonly OfferedKey[];
      /** An authority is trusted to certify it, which outrigger does not check. */
      readonly authority: KnownHost | undefined;
    }
  /** It shows a key that is known. Its other keys are not needed, and nothing proves that they are its own. */
  | { readonly kind: 'known' }
  | {
      readonly kind: 'refused';
      readonly known: readonly OfferedKey[];
      readonly why: OutriggerError;
    };

/**
 * Whether a server is the one that is known. A host is known or not, whatever the types of its keys: one that is known
 * and shows none of its known keys is another one. Each type is asked for in a connection of its own, so a man in the
 * middle may let one through and answer the next himself: a known key vouches for no other.
 */
export function judgeKeys(
  peer: Peer,
  { hostKeys }: Pick<Endpoint, 'hostKeys'>,
  offered: readonly OfferedKey[],
  entries: readonly KnownHost[],
): Judged {
  const [first] = offered;
  if (first === undefined) return { kind: 'refused', known: [], why: noHostKey(peer) };
  if (hostKeys.kind === 'pinned') return judgePinned(peer, hostKeys.fingerprints, first, offered);
  const judged = offered.map((key) => ({ key, problem: hostKeyProblem(peer, key.blob, entries) }));
  const known = judged.flatMap(({ key, problem }) => (problem === undefined ? [key] : []));
  const why = judged
    .filter(({ key, problem }) => problem !== undefined && isGrave(key, known, entries))
    .flatMap(({ problem }) => (problem?.code === 'HOST_KEY_CHANGED' ? [problem] : []))[0];
  if (why !== undefined) return { kind: 'refused', known, why };
  return known.length > 0
    ? { kind: 'known' }
    : { kind: 'new', keys: offered, authority: authorityIn(entries) };
}

/** Beside a known key, one of a type that is not known says nothing; a revoked one, or another of a known type, does. */
const isGrave = (
  { blob }: OfferedKey,
  known: readonly OfferedKey[],
  entries: readonly KnownHost[],
): boolean =>
  known.length === 0 ||
  entries.some(({ marker, blob: other }) => marker === 'revoked' && sameKey(other, blob)) ||
  trustedEntries(entries).some(({ keyType }) => keyType === keyTypeOf(blob));

function judgePinned(
  peer: Peer,
  pinned: readonly string[],
  first: OfferedKey,
  offered: readonly OfferedKey[],
): Judged {
  if (offered.some(({ fingerprint }) => pinned.includes(fingerprint))) return { kind: 'known' };
  const why = hostKeyUnpinned(peer, first.blob, first.type, pinned);
  return { kind: 'refused', known: [], why };
}
