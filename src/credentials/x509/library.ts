/** The one door to @peculiar/x509, for what node:crypto does not do: extensions, CRLs, and issuing. */
import 'reflect-metadata';
import { createPublicKey, type KeyObject } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  ExtensionsAttribute,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  PemConverter,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509Crl,
  X509CrlGenerator,
} from '@peculiar/x509';

/** What node:crypto does not provide of a certificate. */
export interface Extensions {
  /** Undefined: no key usage is stated, so that all are allowed. */
  readonly keyUsages:
    | {
        readonly digitalSignature: boolean;
        readonly keyCertSign: boolean;
        readonly cRLSign: boolean;
      }
    | undefined;
  /** Whether its basic constraints say CA:TRUE, whatever its key usage is; undefined: it states none. */
  readonly isAuthority: boolean | undefined;
  readonly critical: readonly string[];
  /** Whether it has the extensions of a general-purpose CA: where its lists are, by what policies it issues, to which names. */
  readonly servesMany: boolean;
  /** The hash of the signature, upper case; undefined: the algorithm has none of its own (Ed25519). */
  readonly signatureHash: string | undefined;
  /** Whether it names the key that signed it: of two CAs of one name only that identifies the issuer. */
  readonly namesIssuerKey: boolean;
}

/**
 * Critical extensions that GnuTLS supports (RFC 5280: key usage, alternative names, basic constraints, name constraints,
 * policies, extended key usage and so on). With another one it rejects the certificate (seen: 3.8.9).
 */
export const KNOWN_CRITICAL: ReadonlySet<string> = new Set([
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.18',
  '2.5.29.19',
  '2.5.29.30',
  '2.5.29.31',
  '2.5.29.32',
  '2.5.29.36',
  '2.5.29.37',
  '2.5.29.54',
]);

/** Name constraints, places of CRLs, policies, access to information about the issuer. */
const OF_ORGANISATIONS: ReadonlySet<string> = new Set([
  '2.5.29.30',
  '2.5.29.31',
  '2.5.29.32',
  '1.3.6.1.5.5.7.1.1',
]);

const copied = (der: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(der);

/** Reads the extensions of a certificate. */
export function extensionsOf(der: Uint8Array): Extensions {
  const certificate = new X509Certificate(copied(der));
  const usages = certificate.getExtension(KeyUsagesExtension)?.usages;
  const has = (flag: KeyUsageFlags): boolean => ((usages ?? 0) & flag) !== 0;
  return {
    keyUsages:
      usages === undefined
        ? undefined
        : {
            digitalSignature: has(KeyUsageFlags.digitalSignature),
            keyCertSign: has(KeyUsageFlags.keyCertSign),
            cRLSign: has(KeyUsageFlags.cRLSign),
          },
    isAuthority: certificate.getExtension(BasicConstraintsExtension)?.ca,
    critical: certificate.extensions.filter(({ critical }) => critical).map(({ type }) => type),
    servesMany: certificate.extensions.some(({ type }) => OF_ORGANISATIONS.has(type)),
    signatureHash: hashOf(certificate),
    namesIssuerKey: certificate.getExtension(AuthorityKeyIdentifierExtension)?.keyId !== undefined,
  };
}

function hashOf({
  signatureAlgorithm,
}: Pick<X509Certificate, 'signatureAlgorithm'>): string | undefined {
  const { hash } = signatureAlgorithm as { readonly hash?: { readonly name?: string } };
  return hash?.name?.toUpperCase();
}

/** A CRL. */
export interface RevocationList {
  readonly issuer: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  /** Undefined: it has none. */
  readonly number: bigint | undefined;
  readonly namesIssuerKey: boolean;
  /** When each was revoked, by its serial number: lower case hexadecimal without leading zeros. */
  readonly revoked: ReadonlyMap<string, Date>;
  /** Whether the key of this certificate signed it. */
  isSignedBy(der: Uint8Array): Promise<boolean>;
}

/** Reads a CRL; throws when it is none. */
export function readRevocationList(der: Uint8Array): RevocationList {
  const crl = new X509Crl(copied(der));
  const times = [crl.thisUpdate, crl.nextUpdate, ...crl.entries.map((one) => one.revocationDate)];
  if (times.some((time) => time !== undefined && Number.isNaN(time.getTime())))
    throw new Error('one of its times is invalid');
  return {
    issuer: crl.issuer,
    thisUpdate: crl.thisUpdate,
    nextUpdate: crl.nextUpdate,
    number: integerIn(crl.getExtension(CRL_NUMBER)),
    namesIssuerKey: crl.getExtension(AuthorityKeyIdentifierExtension)?.keyId !== undefined,
    revoked: new Map(
      crl.entries.map(({ serialNumber, revocationDate }) => [
        normalSerial(serialNumber),
        revocationDate,
      ]),
    ),
    isSignedBy: async (issuer) => {
      try {
        return await crl.verify({ publicKey: new X509Certificate(copied(issuer)).publicKey });
      } catch {
        return false; // a key of another kind than the signature
      }
    },
  };
}

/** What a certificate request asks for. */
export interface CertificateRequest {
  /** The public half of its key, SPKI in DER form. */
  readonly publicKey: Uint8Array;
  readonly subject: string;
  /** Its alternative names, as `dns:NAME`. */
  readonly names: readonly string[];
  readonly extensions: readonly RawExtension[];
  /** The types of its attributes, one for each value of each. */
  readonly attributes: readonly string[];
  /** As in `Extensions`. */
  readonly signatureHash: string | undefined;
  /** Whether it is signed with the key that it is for. */
  isSigned(): Promise<boolean>;
}

/** An extension as its bytes are. */
export interface RawExtension {
  /** Its object identifier. */
  readonly type: string;
  readonly critical: boolean;
  /** DER, hexadecimal. */
  readonly value: string;
}

const rawOf = ({ type, critical, value }: Extension): RawExtension => ({
  type,
  critical,
  value: Buffer.from(value).toString('hex'),
});

/** The extensions that `make-request.sh` asks for. */
export const requestedExtensions = (node: string): readonly RawExtension[] =>
  [
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    new SubjectAlternativeNameExtension([{ type: 'dns', value: node }]),
  ].map(rawOf);

/** Reads a certificate request; throws when it is none. */
export function readRequest(der: Uint8Array): CertificateRequest {
  const request = new Pkcs10CertificateRequest(copied(der));
  const extensions = request.attributes.flatMap((attribute) =>
    attribute instanceof ExtensionsAttribute ? attribute.items : [],
  );
  const alternatives = extensions.filter(
    (extension) => extension instanceof SubjectAlternativeNameExtension,
  );
  return {
    publicKey: new Uint8Array(request.publicKey.rawData),
    subject: request.subject,
    names: alternatives.flatMap(({ names }) =>
      names.items.map(({ type, value }) => `${type}:${value}`),
    ),
    extensions: extensions.map(rawOf),
    attributes: request.attributes.flatMap(({ type, values }) => values.map(() => type)),
    signatureHash: hashOf(request),
    isSigned: async () => {
      try {
        return await request.verify();
      } catch {
        return false; // a key of another kind than the signature
      }
    },
  };
}

/** A serial number in one spelling. */
export const normalSerial = (hexadecimal: string): string =>
  hexadecimal.toLowerCase().replace(/^0+(?=.)/, '');

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A certificate that is to be made. */
export interface CertificateTerms {
  /** The common name of its subject. */
  readonly name: string;
  /** Positive, at most 20 bytes (RFC 5280, 4.1.2.2), hexadecimal. */
  readonly serial: string;
  /** The key that it is for: ECDSA over P-256. */
  readonly key: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Who signs: the certificate of an authority in PEM form, and its key. */
export interface Issuer {
  readonly certificate: string;
  readonly key: KeyObject;
}

/** A certificate that signs itself and may sign those of nodes, and CRLs; no authority below it. In PEM form. */
export async function signAuthority(terms: CertificateTerms): Promise<string> {
  const publicKey = publicHalf(terms.key);
  return pemOf(
    await X509CertificateGenerator.create({
      ...shared(terms, publicKey),
      issuer: nameOf(terms.name),
      signingKey: await signing(terms.key),
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(publicKey),
      ],
    }),
  );
}

/** A certificate for a node, which is a server to some and a client to others. In PEM form. */
export async function signCertificate(terms: CertificateTerms, issuer: Issuer): Promise<string> {
  const authority = new X509Certificate(issuer.certificate);
  const publicKey = publicHalf(terms.key);
  return pemOf(
    await X509CertificateGenerator.create({
      ...shared(terms, publicKey),
      issuer: authority.subjectName,
      signingKey: await signing(issuer.key),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension([{ type: 'dns', value: terms.name }]),
        await SubjectKeyIdentifierExtension.create(publicKey),
        await AuthorityKeyIdentifierExtension.create(authority.publicKey),
      ],
    }),
  );
}

/** What a CRL shall say. */
export interface ListTerms {
  /** RFC 5280, 5.2.3: greater than that of the list before. */
  readonly number: bigint;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly revoked: ReadonlyMap<string, Date>;
}

/** A CRL in PEM form, under the label that OpenSSL and GnuTLS know (the library's own is `CRL`). */
export async function signRevocationList(
  { number, thisUpdate, nextUpdate, revoked }: ListTerms,
  issuer: Issuer,
): Promise<string> {
  const authority = new X509Certificate(issuer.certificate);
  const list = await X509CrlGenerator.create({
    issuer: authority.subjectName,
    thisUpdate,
    nextUpdate,
    signingAlgorithm: EC,
    signingKey: await signing(issuer.key),
    entries: [...revoked].map(([serialNumber, revocationDate]) => ({
      serialNumber: evenLength(serialNumber),
      revocationDate,
    })),
    extensions: [
      await AuthorityKeyIdentifierExtension.create(authority.publicKey),
      new Extension(CRL_NUMBER, false, derInteger(number)),
    ],
  });
  return `${PemConverter.encode(list.rawData, 'X509 CRL')}\n`;
}

/** RFC 5280, 5.2.3. */
const CRL_NUMBER = '2.5.29.20';

/** The integer of an extension that is nothing else; undefined: it is not, or negative. */
function integerIn(extension: Extension | null): bigint | undefined {
  const [type, length, ...bytes] = new Uint8Array(extension?.value ?? []);
  const isInteger = type === 0x02 && length === bytes.length && (bytes[0] ?? 0x80) < 0x80;
  return isInteger ? BigInt(`0x${Buffer.from(bytes).toString('hex')}`) : undefined;
}

function derInteger(value: bigint): Uint8Array<ArrayBuffer> {
  const bytes = copied(Buffer.from(evenLength(value.toString(16)), 'hex'));
  const sign = (bytes[0] ?? 0) >= 0x80 ? [0] : [];
  return Uint8Array.from([0x02, bytes.length + sign.length, ...sign, ...bytes]);
}

const evenLength = (hexadecimal: string): string =>
  hexadecimal.length % 2 === 0 ? hexadecimal : `0${hexadecimal}`;

const nameOf = (name: string) => [{ CN: [name] }];

const shared = ({ name, serial, notBefore, notAfter }: CertificateTerms, publicKey: PublicKey) => ({
  serialNumber: evenLength(serial),
  subject: nameOf(name),
  notBefore,
  notAfter,
  publicKey,
  signingAlgorithm: EC,
});

const pemOf = (certificate: X509Certificate): string => `${certificate.toString('pem')}\n`;

const publicHalf = (key: KeyObject): PublicKey =>
  new PublicKey(copied(createPublicKey(key).export({ type: 'spki', format: 'der' })));

const signing = (key: KeyObject) =>
  crypto.subtle.importKey(
    'pkcs8',
    copied(key.export({ type: 'pkcs8', format: 'der' })),
    EC,
    false,
    ['sign'],
  );
