import { X509Certificate } from 'node:crypto';
import { pemBlocks } from './pem.ts';

/** The certificates of a file; those that cannot be read are left out. */
export function certificatesIn(text: string): readonly X509Certificate[] {
  const blocks = pemBlocks(text);
  if ('fault' in blocks) return [];
  return blocks
    .filter(({ label }) => label === 'CERTIFICATE')
    .flatMap(({ der }) => readable(der) ?? []);
}

function readable(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

export const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

/**
 * Where a chain ends: at an authority that is trusted (`over`: the authorities that lead there), or else at the certificate
 * that nobody of them has issued.
 */
export type ChainEnd =
  | { readonly trusted: X509Certificate; readonly over: readonly X509Certificate[] }
  | { readonly brokenAt: X509Certificate };

/** As GnuTLS walks: from the certificate over those that stand below it in its file to one of the CA file. */
export function endOfChain(
  [leaf, ...others]: readonly [X509Certificate, ...X509Certificate[]],
  authorities: readonly X509Certificate[],
): ChainEnd {
  let current = leaf;
  const left = new Set(others);
  const over: X509Certificate[] = [];
  for (;;) {
    const found = current;
    const trusted = authorities.find((authority) => isIssuedBy(found, authority));
    if (trusted !== undefined) return { trusted, over };
    const next = [...left].find((other) => other.ca && isIssuedBy(found, other));
    if (next === undefined) return { brokenAt: found };
    left.delete(next);
    over.push(next);
    current = next;
  }
}

/** The authority by which a certificate file is accepted; undefined: it is not. */
export function trustedBy(
  [leaf, ...others]: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): X509Certificate | undefined {
  if (leaf === undefined) return undefined;
  const end = endOfChain([leaf, ...others], authorities);
  return 'trusted' in end ? end.trusted : undefined;
}
