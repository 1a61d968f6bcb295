/** The one door to @peculiar/x509, for what node:crypto does not tell: extensions and revocation lists. */
import 'reflect-metadata';
import { KeyUsageFlags, KeyUsagesExtension, X509Certificate, X509Crl } from '@peculiar/x509';

/** What node:crypto does not tell of a certificate. */
export interface Extensions {
  /** Undefined: no key usage is stated, so that all are allowed. */
  readonly keyUsages:
    | {
        readonly digitalSignature: boolean;
        readonly keyCertSign: boolean;
        readonly cRLSign: boolean;
      }
    | undefined;
  readonly critical: readonly string[];
  /** The hash of the signature, upper case; undefined: the algorithm has none of its own (Ed25519). */
  readonly signatureHash: string | undefined;
}

/**
 * Critical extensions that GnuTLS knows (RFC 5280: key usage, alternative names, basic constraints, name constraints,
 * policies, extended key usage and so on). With another one it rejects the certificate (seen: 3.8.9).
 */
export const KNOWN_CRITICAL: ReadonlySet<string> = new Set([
  ...['2.5.29.15', '2.5.29.17', '2.5.29.18', '2.5.29.19', '2.5.29.30', '2.5.29.31'],
  ...['2.5.29.32', '2.5.29.36', '2.5.29.37', '2.5.29.54'],
]);

const copied = (der: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(der);

/** Reads the extensions of a certificate. */
export function extensionsOf(der: Uint8Array): Extensions {
  const certificate = new X509Certificate(copied(der));
  const usages = certificate.getExtension(KeyUsagesExtension)?.usages;
  const has = (flag: KeyUsageFlags): boolean => ((usages ?? 0) & flag) !== 0;
  const { hash } = certificate.signatureAlgorithm as { readonly hash?: { readonly name?: string } };
  return {
    keyUsages:
      usages === undefined
        ? undefined
        : {
            digitalSignature: has(KeyUsageFlags.digitalSignature),
            keyCertSign: has(KeyUsageFlags.keyCertSign),
            cRLSign: has(KeyUsageFlags.cRLSign),
          },
    critical: certificate.extensions.filter(({ critical }) => critical).map(({ type }) => type),
    signatureHash: hash?.name?.toUpperCase(),
  };
}

/** A certificate revocation list. */
export interface RevocationList {
  readonly issuer: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  /** Serial numbers, lower case hexadecimal without leading zeros. */
  readonly revoked: ReadonlySet<string>;
  /** Whether the key of this certificate signed it. */
  isSignedBy(der: Uint8Array): Promise<boolean>;
}

/** Reads a revocation list; throws when it is none. */
export function readRevocationList(der: Uint8Array): RevocationList {
  const crl = new X509Crl(copied(der));
  return {
    issuer: crl.issuer,
    thisUpdate: crl.thisUpdate,
    nextUpdate: crl.nextUpdate,
    revoked: new Set(crl.entries.map(({ serialNumber }) => normalSerial(serialNumber))),
    isSignedBy: async (issuer) => {
      try {
        return await crl.verify({ publicKey: new X509Certificate(copied(issuer)).publicKey });
      } catch {
        return false; // a key of another kind than the signature
      }
    },
  };
}

/** A serial number in one spelling. */
export const normalSerial = (hexadecimal: string): string =>
  hexadecimal.toLowerCase().replace(/^0+(?=.)/, '');
