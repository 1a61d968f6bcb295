import type { KeyObject } from 'node:crypto';

const MIN_RSA_BITS = 2048;
const WEAK_HASHES: readonly string[] = ['SHA-1', 'MD5', 'MD2'];

/** What GnuTLS signs a handshake with by default (NORMAL; seen: 3.8.9); with another key every one fails. */
const KINDS: readonly string[] = ['rsa', 'rsa-pss', 'ec', 'ed25519', 'ed448'];
export const CURVES: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1'];

export const isWeakHash = (hash: string | undefined): boolean =>
  hash !== undefined && WEAK_HASHES.includes(hash);

/** Why what is signed with this hash does not count; undefined: it does. */
export const hashWeakness = (hash: string | undefined): string | undefined =>
  isWeakHash(hash) ? `it is signed with ${hash ?? ''}, which is no longer accepted` : undefined;

/** Why TLS is not spoken with a key of this kind or length; undefined: it is, as far as its curve allows. */
export function kindWeakness(key: KeyObject): string | undefined {
  const { asymmetricKeyType: kind = '', asymmetricKeyDetails: details } = key;
  const bits = details?.modulusLength ?? 0;
  if (kind.startsWith('rsa') && bits < MIN_RSA_BITS)
    return `its RSA key has ${bits} bits: at least ${MIN_RSA_BITS}`;
  return KINDS.includes(kind)
    ? undefined
    : `its key is ${kind.toUpperCase()}, which TLS no longer supports`;
}

/** The same, with its curve. */
export function keyWeakness(key: KeyObject): string | undefined {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const fault = kindWeakness(key);
  if (fault !== undefined || curve === undefined || CURVES.includes(curve)) return fault;
  return `its key is on the curve ${curve}, which GnuTLS does not support: use P-256, P-384 or P-521`;
}
