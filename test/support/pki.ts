import 'reflect-metadata';
import { createHash, createPublicKey } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** What a certificate of a test differs in from a good one. */
export interface Made {
  readonly name?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly usages?: x509.KeyUsageFlags;
  readonly purposes?: readonly string[];
  readonly isAuthority?: boolean;
  readonly more?: readonly x509.Extension[];
  readonly algorithm?: 'ec' | 'rsa1024';
  /** Of its signature; default: SHA-256. */
  readonly hash?: 'SHA-1';
  /** Those of another certificate; default: new ones. */
  readonly keys?: CryptoKeyPair;
}

/** A certificate with its key, both in PEM form. */
export interface Issued {
  readonly pem: string;
  readonly key: string;
  readonly certificate: x509.X509Certificate;
  readonly keys: CryptoKeyPair;
}

type CryptoKeyPair = Awaited<ReturnType<typeof makeKeys>>;

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 1024,
};

const makeKeys = (algorithm: Made['algorithm']) =>
  algorithm === 'rsa1024'
    ? crypto.subtle.generateKey(RSA, true, ['sign', 'verify'])
    : crypto.subtle.generateKey(EC, true, ['sign', 'verify']);

/** The moment at which the tests look at their certificates. */
export const NOW = new Date('2030-06-01T12:00:00Z');
export const DAY_MS = 24 * 3_600_000;

export const inDays = (days: number): Date => new Date(NOW.getTime() + days * DAY_MS);

let serial = 0x10;

const { keyCertSign, cRLSign, digitalSignature } = x509.KeyUsageFlags;
const AUTHORITY_USAGES: x509.KeyUsageFlags = keyCertSign | cRLSign;

function extensionsOf({ isAuthority, usages, purposes, more = [] }: Made): x509.Extension[] {
  const usual = isAuthority === true ? AUTHORITY_USAGES : digitalSignature;
  return [
    new x509.KeyUsagesExtension(usages ?? usual, true),
    ...(purposes === undefined ? [] : [new x509.ExtendedKeyUsageExtension([...purposes])]),
    ...more,
  ];
}

/** Makes a certificate; without an issuer it signs itself. */
export async function issue(made: Made = {}, issuer?: Issued): Promise<Issued> {
  const { isAuthority = false } = made;
  const keys = made.keys ?? (await makeKeys(made.algorithm));
  const subject = `CN=${made.name ?? 'node'}`;
  serial += 1;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial.toString(16),
    subject,
    issuer: issuer?.certificate.subject ?? subject,
    notBefore: made.notBefore ?? inDays(-1),
    notAfter: made.notAfter ?? inDays(365),
    signingAlgorithm: { ...EC, ...(made.hash && { hash: made.hash }) },
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(isAuthority, undefined, true),
      ...extensionsOf(made),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate,
    keys,
    pem: `${certificate.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  };
}

/** A certificate request in PEM form, for a key of its own unless one is given. */
export async function request(
  name: string,
  {
    subject = name,
    keys,
    signedWith,
    more = [],
    attributes = [],
  }: {
    subject?: string;
    keys?: CryptoKeyPair;
    signedWith?: CryptoKeyPair;
    more?: readonly x509.Extension[];
    attributes?: readonly x509.Attribute[];
  } = {},
): Promise<{ pem: string; keys: CryptoKeyPair; publicDigest: string }> {
  const own = keys ?? (await makeKeys(undefined));
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${subject}`,
    attributes: [...attributes],
    keys: { ...own, privateKey: (signedWith ?? own).privateKey },
    signingAlgorithm: EC,
    extensions: [
      new x509.KeyUsagesExtension(digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
      ...more,
    ],
  });
  const spki = await crypto.subtle.exportKey('spki', own.publicKey);
  const publicHalf = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  return {
    pem: `${made.toString('pem')}\n`,
    keys: own,
    publicDigest: createHash('sha256')
      .update(publicHalf.export({ type: 'spki', format: 'pem' }))
      .digest('hex'),
  };
}

/** The certificate that an authority gives for a request. */
export async function signRequest(
  pem: string,
  authority: Issued,
  made: Made = {},
): Promise<Issued> {
  const { publicKey, subject } = new x509.Pkcs10CertificateRequest(pem);
  const key = (await publicKey.export(EC, ['verify'])) as CryptoKeyPair['publicKey'];
  const keys = { publicKey: key, privateKey: authority.keys.privateKey };
  return issue({ name: subject.replace('CN=', ''), ...made, keys }, authority);
}

/** An authority of its own. */
export const makeAuthority = (made: Made = {}): Promise<Issued> =>
  issue({ name: 'the authority', isAuthority: true, ...made });

/** A CRL; the library's own label is one that OpenSSL and GnuTLS do not know. */
export async function revoke(
  issuer: Issued,
  revoked: readonly Issued[],
  { from = inDays(-1), until = inDays(30) } = {},
): Promise<string> {
  const crl = await x509.X509CrlGenerator.create({
    issuer: issuer.certificate.subject,
    thisUpdate: from,
    nextUpdate: until,
    signingAlgorithm: EC,
    signingKey: issuer.keys.privateKey,
    entries: revoked.map(({ certificate }) => ({
      serialNumber: certificate.serialNumber,
      revocationDate: from,
    })),
  });
  return `${x509.PemConverter.encode(crl.rawData, 'X509 CRL')}\n`;
}
