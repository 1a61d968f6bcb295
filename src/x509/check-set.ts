import { X509Certificate } from 'node:crypto';
import { messageOf } from '../support/errors.ts';
import { printable } from '../support/printable.ts';
import {
  checkListed,
  checkNamesakes,
  checkRevoked,
  readLists,
  revoking,
  type Revocations,
} from './check-lists.ts';
import { extensionsOf, KNOWN_CRITICAL } from './library.ts';
import { keyMatch } from './key-match.ts';
import { pemBlocks } from './pem.ts';
import type {
  CertificateFinding,
  CertificateSet,
  CertificateSummary,
  CheckedSet,
  Circumstances,
  PublicFile,
} from './certificate-set.ts';
import { day, DAY_MS, timeLeft } from './time-left.ts';
import { teller, type Read, type Tell } from './findings.ts';
import { endOfChain } from './trust.ts';

/** Pacemaker itself logs a warning from 30 days on (3.0.0 lib/common/tls.c, pcmk__tls_check_cert_expiration). */
const WARN_BEFORE_MS = 30 * DAY_MS;

const MIN_RSA_BITS = 2048;
const WEAK_HASHES: readonly string[] = ['SHA-1', 'MD5', 'MD2'];

/** What GnuTLS signs a handshake with by default (NORMAL; seen: 3.8.9); with another key every one fails. */
const KINDS: readonly string[] = ['rsa', 'rsa-pss', 'ec', 'ed25519', 'ed448'];
const CURVES: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1'];
/** Curves that only an authority may have. */
const OLD_CURVES: readonly string[] = ['prime192v1', 'secp224r1'];
const PURPOSES = [
  ['serverAuth', '1.3.6.1.5.5.7.3.1'],
  ['clientAuth', '1.3.6.1.5.5.7.3.2'],
] as const;

/**
 * Checks that each certificate of the set is one that every other node accepts, as client and as server: what
 * Pacemaker's daemons check (chain to the CA file, dates, key usage, revocation; neither host names nor extended key usage:
 * 3.0.0 lib/common/tls.c), and what they would only notice at their next start or connection.
 */
export async function checkSet(set: CertificateSet, around: Circumstances): Promise<CheckedSet> {
  const findings: CertificateFinding[] = [];
  const authorities = readCertificates(set.ca, findings);
  for (const authority of authorities) checkAuthority(set.ca.path, authority, around, findings);
  warnOfPublic(set.ca.path, authorities, around, findings);
  warnOfShared(set.ca.path, authorities, around, findings);
  const chains = set.nodes.map((files) => ({
    files,
    chain: readCertificates(files.certificate, findings),
  }));
  const issuers = [...authorities, ...chains.flatMap(({ chain }) => chain.slice(1))];
  const revoked = set.crl === undefined ? [] : await readLists(set.crl, issuers, around, findings);
  const nodes = new Map<string, CertificateSummary>();
  for (const { files, chain } of chains) {
    const [leaf, ...others] = chain;
    const isKeyOf = keyMatch(files.key, (message) => {
      findings.push({ severity: 'error', path: files.key.path, message });
    });
    if (leaf === undefined) continue;
    nodes.set(files.node, summaryOf(leaf.x509));
    const tell = teller(files.certificate.path, findings);
    for (const { x509 } of chain) checkDates(x509, around, tell);
    checkLeaf(leaf, tell);
    for (const other of others) {
      checkSignature(other, tell);
      checkCurve(other, [...CURVES, ...OLD_CURVES], tell);
    }
    if (isKeyOf?.(leaf.x509) === false)
      teller(files.key.path, findings)('error', `it is not the key of ${files.certificate.path}`);
    const over = wayToAuthority([leaf, ...others], set.ca.path, authorities, tell);
    checkLists(leaf, over, revoked, tell);
    if (!leaf.extensions.namesIssuerKey) checkNamesakes(leaf.x509.issuer, authorities, tell);
  }
  if (chains.some(({ chain }) => chain.length > 1)) {
    teller(set.ca.path, findings)(
      'warning',
      'authorities below it issue certificates: whoever holds one of any of them is a full peer of the cluster, so that the CA file should hold an authority for this cluster alone',
    );
  }
  return {
    ...{ findings, nodes },
    ca: authorities.map(({ x509 }) => summaryOf(x509)),
    revokes: (certificate) => revoking(certificate, revoked) !== undefined,
    revokedCount: revoked.reduce((sum, list) => sum + list.revoked.size, 0),
  };
}

const summaryOf = (x509: X509Certificate): CertificateSummary => ({
  subject: printable(x509.subject.split('\n').join(', ')),
  fingerprint: x509.fingerprint256,
  notBefore: new Date(x509.validFrom),
  notAfter: new Date(x509.validTo),
});

function readCertificates(file: PublicFile, findings: CertificateFinding[]): readonly Read[] {
  const tell = teller(file.path, findings);
  const blocks = pemBlocks(file.text);
  if ('fault' in blocks) {
    tell('error', blocks.fault);
    return [];
  }
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY')))
    tell('error', 'it holds a private key: keep the key in a file of its own');
  const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE');
  if (certificates.length === 0) tell('error', 'it holds no certificate');
  return certificates.flatMap(({ der }) => readOne(der, tell) ?? []);
}

function readOne(der: Uint8Array, tell: Tell): Read | undefined {
  try {
    return { x509: new X509Certificate(der), der, extensions: extensionsOf(der) };
  } catch (thrown) {
    tell('error', `its certificate cannot be read: ${printable(messageOf(thrown))}`);
    return undefined;
  }
}

function checkAuthority(
  path: string,
  { x509, extensions }: Read,
  around: Circumstances,
  findings: CertificateFinding[],
): void {
  const tell = teller(path, findings);
  const { subject } = summaryOf(x509);
  if (!x509.ca) tell('error', `${subject} is not the certificate of an authority (CA:TRUE)`);
  if (extensions.keyUsages?.keyCertSign === false)
    tell('error', `${subject} may not sign certificates (key usage without keyCertSign)`);
  checkDates(x509, around, tell);
  checkCurve({ x509 }, [...CURVES, ...OLD_CURVES], tell);
}

function warnOfPublic(
  path: string,
  authorities: readonly Read[],
  { publicAuthorities }: Circumstances,
  findings: CertificateFinding[],
): void {
  const known = authorities
    .map(({ x509 }) => summaryOf(x509))
    .filter(({ fingerprint }) => publicAuthorities.has(fingerprint));
  const [one] = known;
  if (one === undefined) return;
  const [what, of] =
    known.length === 1
      ? [`${one.subject} is a public authority`, 'it']
      : [`it holds ${known.length} public authorities`, 'any of them'];
  teller(path, findings)(
    'warning',
    `${what}: whoever holds any certificate of ${of} is a full peer of the cluster; use an authority for this cluster alone`,
  );
}

/** Nobody makes an authority below another one, or one with policies, for a single cluster. */
function warnOfShared(
  path: string,
  authorities: readonly Read[],
  { publicAuthorities }: Circumstances,
  findings: CertificateFinding[],
): void {
  for (const { x509, extensions } of authorities) {
    const { subject, fingerprint } = summaryOf(x509);
    const isShared = extensions.servesMany || x509.subject !== x509.issuer;
    if (!isShared || publicAuthorities.has(fingerprint)) continue;
    teller(path, findings)(
      'warning',
      `${subject} looks like the authority of an organisation: whoever holds any certificate of it is a full peer of the cluster; use an authority for this cluster alone`,
    );
  }
}

function checkDates(
  x509: X509Certificate,
  { now, warnBeforeMs = WARN_BEFORE_MS }: Circumstances,
  tell: Tell,
): void {
  const { subject, notBefore, notAfter } = summaryOf(x509);
  if (notAfter <= now) tell('error', `${subject} expired on ${day(notAfter)}`);
  else if (notBefore > now) tell('error', `${subject} is not valid before ${day(notBefore)}`);
  else if (notAfter.getTime() - now.getTime() < warnBeforeMs)
    tell('expiry', `${subject} expires in ${timeLeft(now, notAfter)}, on ${day(notAfter)}`);
}

function checkLeaf(leaf: Read, tell: Tell): void {
  checkUsage(leaf, tell);
  checkStrength(leaf, tell);
  checkPurposes(leaf, tell);
}

function checkUsage({ extensions: { keyUsages, critical } }: Read, tell: Tell): void {
  if (keyUsages?.digitalSignature === false)
    tell('error', 'it may not be used for TLS (key usage without digitalSignature)');
  const unknown = critical.filter((type) => !KNOWN_CRITICAL.has(type));
  if (unknown.length > 0)
    tell('error', `it has a critical extension that GnuTLS does not know (${unknown.join(', ')})`);
}

function checkStrength(leaf: Read, tell: Tell): void {
  checkSignature(leaf, tell);
  const { asymmetricKeyType: kind = '', asymmetricKeyDetails: details } = leaf.x509.publicKey;
  const bits = details?.modulusLength ?? 0;
  if (kind === 'rsa' && bits < MIN_RSA_BITS)
    tell('error', `its RSA key has ${bits} bits: at least ${MIN_RSA_BITS}`);
  if (!KINDS.includes(kind))
    tell('error', `its key is ${kind.toUpperCase()}, with which TLS is not spoken any more`);
  checkCurve(leaf, CURVES, tell);
}

/** That of a certificate that is trusted itself does not count. */
function checkSignature({ x509, extensions: { signatureHash } }: Read, tell: Tell): void {
  if (signatureHash === undefined || !WEAK_HASHES.includes(signatureHash)) return;
  tell(
    'error',
    `${summaryOf(x509).subject} is signed with ${signatureHash}, which is not accepted any more`,
  );
}

function checkCurve({ x509 }: Pick<Read, 'x509'>, known: readonly string[], tell: Tell): void {
  const curve = x509.publicKey.asymmetricKeyDetails?.namedCurve;
  if (curve === undefined || known.includes(curve)) return;
  tell(
    'error',
    `the key of ${summaryOf(x509).subject} is on the curve ${curve}, which GnuTLS does not use: P-256, P-384 or P-521`,
  );
}

/** A cluster node is a client, a remote node a server; a certificate that says both serves either way. */
function checkPurposes({ x509 }: Read, tell: Tell): void {
  // node:crypto calls the extended key usage `keyUsage`; @types/node says it is always there.
  const purposes = x509.keyUsage as readonly string[] | undefined;
  if (purposes === undefined) return;
  const missing = PURPOSES.filter(([, id]) => !purposes.includes(id)).map(([name]) => name);
  if (missing.length > 0)
    tell(
      'warning',
      `its extended key usage lacks ${missing.join(' and ')}: Pacemaker 3.0.0 does not look at it, another version may`,
    );
}

/** GnuTLS looks at the whole chain, as far as there are lists (lib/x509/verify-high.c). */
function checkLists(
  leaf: Read,
  over: readonly X509Certificate[] | undefined,
  lists: readonly Revocations[],
  tell: Tell,
): void {
  checkRevoked(leaf.x509, lists, tell);
  if (over === undefined) return;
  for (const issuer of over) checkRevoked(issuer, lists, tell, summaryOf(issuer).subject);
  checkListed(leaf, lists, tell);
}

/** The authorities over which a chain leads to one of the CA file; undefined: it does not. */
function wayToAuthority(
  [leaf, ...others]: readonly [Read, ...Read[]],
  caFile: string,
  authorities: readonly Read[],
  tell: Tell,
): readonly X509Certificate[] | undefined {
  if (authorities.length === 0) return undefined; // as was told
  const x509Of = ({ x509 }: Read): X509Certificate => x509;
  const end = endOfChain([leaf.x509, ...others.map(x509Of)], authorities.map(x509Of));
  if ('trusted' in end) return end.over;
  const issuer = printable(end.brokenAt.issuer.split('\n').join(', '));
  tell('error', `it is not issued by an authority of ${caFile} (its issuer is ${issuer})`);
  return undefined;
}
