import { X509Certificate } from 'node:crypto';
import { printable } from '../../support/text/printable.ts';
import { pemBlocks } from './pem.ts';

/** The certificates of a file; those that cannot be read are left out. */
export function certificatesIn(text: string): readonly X509Certificate[] {
  const blocks = pemBlocks(text);
  if ('fault' in blocks) return [];
  return blocks
    .filter(({ label }) => label === 'CERTIFICATE')
    .flatMap(({ der }) => readable(der) ?? []);
}

/**
 * Reads a certificate. Throws when it is none; when it does not say how long it is valid, of which no date could be made
 * (node:crypto returns what OpenSSL's ASN1_TIME_print prints: `Bad time value`); and when its key is of no kind that is known,
 * which node:crypto parses when the key is read.
 */
export function readCertificate(der: Uint8Array): X509Certificate {
  const x509 = new X509Certificate(der);
  for (const time of [x509.validFrom, x509.validTo])
    if (Number.isNaN(Date.parse(time))) throw new Error(`its validity period is ${time}`);
  if (x509.publicKey.asymmetricKeyType === undefined) throw new Error('its key type is unknown');
  return x509;
}

/** The subject, as node:crypto writes it; empty: it has none, which is right where it has alternative names (RFC 5280, 4.1.2.6). */
export const subjectOf = (x509: X509Certificate): string => nameIn(x509.subject);

/** The subject of its issuer. */
export const issuerOf = (x509: X509Certificate): string => nameIn(x509.issuer);

/** By @types/node there always is one. */
const nameIn = (name: string | undefined): string => name ?? '';

/** A subject or issuer in one line. */
export const nameInLine = (name: string): string =>
  name === '' ? '(no subject)' : printable(name.split('\n').join(', '));

function readable(der: Uint8Array): X509Certificate | undefined {
  try {
    return readCertificate(der);
  } catch {
    return undefined;
  }
}

export const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

/**
 * Where a chain ends: at an authority that is trusted (`over`: the authorities that lead there), or else at the certificate
 * that none of them has issued.
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
