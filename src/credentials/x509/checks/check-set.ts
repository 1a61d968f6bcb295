import type { X509Certificate } from 'node:crypto';
import { messageOf } from '../../../support/errors.ts';
import { printable } from '../../../support/text/printable.ts';
import {
  checkListed,
  checkNamesakes,
  checkRevoked,
  readLists,
  revoking,
  type Revocations,
} from './check-lists.ts';
import { extensionsOf, KNOWN_CRITICAL } from '../library.ts';
import { keyMatch } from './key-match.ts';
import { CURVES, isWeakHash, kindWeakness } from '../key-strength.ts';
import { pemBlocks } from '../pem.ts';
import type { CertificateFinding } from '../../../model/certificate-finding.ts';
import type {
  CertificateSet,
  CertificateSummary,
  CheckedSet,
  Circumstances,
  PublicFile,
} from './certificate-set.ts';
import { day, DAY_MS, timeLeft } from '../time-left.ts';
import { reporter, type Read, type Report } from './findings.ts';
import { endOfChain, issuerOf, nameInLine, readCertificate, subjectOf } from '../trust.ts';

/** Pacemaker itself logs a warning from 30 days on (3.0.0 lib/common/tls.c, pcmk__tls_check_cert_expiration). */
const WARN_BEFORE_MS = 30 * DAY_MS;

/** GnuTLS follows a chain over 16 certificates (3.8.9 lib/x509/x509_int.h, DEFAULT_MAX_VERIFY_DEPTH). */
const MAX_CHAIN = 20;

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
    chain: readCertificates(files.certificate, findings, MAX_CHAIN),
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
    const report = reporter(files.certificate.path, findings);
    for (const { x509 } of chain) checkDates(x509, around, report);
    checkLeaf(leaf, report);
    for (const other of others) {
      checkSignature(other, report);
      checkCurve(other, [...CURVES, ...OLD_CURVES], report);
    }
    if (isKeyOf?.(leaf.x509) === false)
      reporter(files.key.path, findings)('error', `it is not the key of ${files.certificate.path}`);
    const over = wayToAuthority([leaf, ...others], set.ca.path, authorities, report);
    checkLists(leaf, over, revoked, report);
    if (!leaf.extensions.namesIssuerKey) checkNamesakes(issuerOf(leaf.x509), authorities, report);
  }
  if (chains.some(({ chain }) => chain.length > 1)) {
    reporter(set.ca.path, findings)(
      'warning',
      'subordinate CAs below it can issue certificates: anyone with a certificate of any of them is a full peer of the cluster, so the CA file should contain a CA for this cluster only',
    );
  }
  return {
    findings,
    nodes,
    ca: authorities.map(({ x509 }) => summaryOf(x509)),
    revokes: (certificate) => revoking(certificate, revoked) !== undefined,
    revokedCount: revoked.reduce((sum, list) => sum + list.revoked.size, 0),
  };
}

/** Without a subject its alternative names tell whose it is. */
const calledIn = (x509: X509Certificate): string => {
  const subject = subjectOf(x509);
  return subject === '' && x509.subjectAltName !== undefined
    ? printable(x509.subjectAltName)
    : nameInLine(subject);
};

const summaryOf = (x509: X509Certificate): CertificateSummary => ({
  subject: calledIn(x509),
  fingerprint: x509.fingerprint256,
  notBefore: new Date(x509.validFrom),
  notAfter: new Date(x509.validTo),
});

function readCertificates(
  file: PublicFile,
  findings: CertificateFinding[],
  most?: number,
): readonly Read[] {
  const report = reporter(file.path, findings);
  const blocks = pemBlocks(file.text, most);
  if ('fault' in blocks) {
    report('error', blocks.fault);
    return [];
  }
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY')))
    report('error', 'it contains a private key: keep the key in a separate file');
  const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE');
  if (certificates.length === 0) report('error', 'it contains no certificate');
  return certificates.flatMap(({ der }) => readOne(der, report) ?? []);
}

function readOne(der: Uint8Array, report: Report): Read | undefined {
  try {
    return { x509: readCertificate(der), der, extensions: extensionsOf(der) };
  } catch (thrown) {
    report('error', `its certificate cannot be parsed: ${printable(messageOf(thrown))}`);
    return undefined;
  }
}

function checkAuthority(
  path: string,
  { x509, extensions }: Read,
  around: Circumstances,
  findings: CertificateFinding[],
): void {
  const report = reporter(path, findings);
  const { subject } = summaryOf(x509);
  if (!x509.ca) report('error', `${subject} is not a CA certificate (CA:TRUE)`);
  if (extensions.keyUsages?.keyCertSign === false)
    report(
      'error',
      `${subject} is not allowed to sign certificates (key usage without keyCertSign)`,
    );
  checkDates(x509, around, report);
  checkCurve({ x509 }, [...CURVES, ...OLD_CURVES], report);
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
      ? [`${one.subject} is a public CA`, 'it']
      : [`it contains ${known.length} public CAs`, 'any of them'];
  reporter(path, findings)(
    'warning',
    `${what}: anyone with a certificate of ${of} is a full peer of the cluster; use a CA for this cluster only`,
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
    const isShared = extensions.servesMany || subjectOf(x509) !== issuerOf(x509);
    if (!isShared || publicAuthorities.has(fingerprint)) continue;
    reporter(path, findings)(
      'warning',
      `${subject} looks like the CA of an organization: anyone with a certificate of it is a full peer of the cluster; use a CA for this cluster only`,
    );
  }
}

function checkDates(
  x509: X509Certificate,
  { now, warnBeforeMs = WARN_BEFORE_MS }: Circumstances,
  report: Report,
): void {
  const { subject, notBefore, notAfter } = summaryOf(x509);
  if (notAfter <= now) report('error', `${subject} expired on ${day(notAfter)}`);
  else if (notBefore > now) report('error', `${subject} is not valid before ${day(notBefore)}`);
  else if (notAfter.getTime() - now.getTime() < warnBeforeMs)
    report('expiry', `${subject} expires in ${timeLeft(now, notAfter)}, on ${day(notAfter)}`);
}

function checkLeaf(leaf: Read, report: Report): void {
  checkNoAuthority(leaf, report);
  checkUsage(leaf, report);
  checkStrength(leaf, report);
  checkPurposes(leaf, report);
}

/**
 * Whoever has the key of a node must not be able to issue certificates for the cluster. `x509.ca` is no help: OpenSSL
 * takes CA:TRUE for nothing where the key usage lacks keyCertSign (3.0.19 crypto/x509/v3_purp.c, check_ca), other programs
 * do not; and without basic constraints it takes keyCertSign alone for an authority. Certificates of cert-manager and
 * easy-rsa say CA:FALSE, those of step-ca, FreeIPA and Microsoft's templates for machines say nothing.
 */
function checkNoAuthority({ extensions: { isAuthority, keyUsages } }: Read, report: Report): void {
  if (isAuthority === true)
    report(
      'error',
      'it is a CA certificate (CA:TRUE): anyone with its key could issue certificates for this cluster; a node needs one with CA:FALSE',
    );
  else if (keyUsages?.keyCertSign !== true) return;
  else if (isAuthority === undefined)
    report(
      'error',
      'it can sign certificates (key usage keyCertSign, no basic constraints): the certificate of a node must not',
    );
  else
    report(
      'warning',
      'its key usage has keyCertSign, which is allowed only for a CA (RFC 5280, 4.2.1.3), but it has CA:FALSE',
    );
}

function checkUsage({ extensions: { keyUsages, critical } }: Read, report: Report): void {
  if (keyUsages?.digitalSignature === false)
    report('error', 'it cannot be used for TLS (key usage without digitalSignature)');
  const unknown = critical.filter((type) => !KNOWN_CRITICAL.has(type));
  if (unknown.length > 0)
    report(
      'error',
      `it has a critical extension that GnuTLS does not support (${unknown.join(', ')})`,
    );
}

function checkStrength(leaf: Read, report: Report): void {
  checkSignature(leaf, report);
  const weakness = kindWeakness(leaf.x509.publicKey);
  if (weakness !== undefined) report('error', weakness);
  checkCurve(leaf, CURVES, report);
}

/** That of a certificate that is trusted itself does not count. */
function checkSignature({ x509, extensions: { signatureHash } }: Read, report: Report): void {
  if (!isWeakHash(signatureHash)) return;
  report(
    'error',
    `${summaryOf(x509).subject} is signed with ${signatureHash ?? ''}, which is no longer accepted`,
  );
}

function checkCurve({ x509 }: Pick<Read, 'x509'>, known: readonly string[], report: Report): void {
  const curve = x509.publicKey.asymmetricKeyDetails?.namedCurve;
  if (curve === undefined || known.includes(curve)) return;
  report(
    'error',
    `the key of ${summaryOf(x509).subject} is on the curve ${curve}, which GnuTLS does not support: use P-256, P-384 or P-521`,
  );
}

/** A cluster node is a client, a remote node a server; a certificate with both is valid either way. */
function checkPurposes({ x509 }: Read, report: Report): void {
  // node:crypto calls the extended key usage `keyUsage`; by @types/node it is always there.
  const purposes = x509.keyUsage as readonly string[] | undefined;
  if (purposes === undefined) return;
  const missing = PURPOSES.filter(([, id]) => !purposes.includes(id)).map(([name]) => name);
  if (missing.length > 0)
    report(
      'warning',
      `its extended key usage lacks ${missing.join(' and ')}: Pacemaker 3.0.0 does not check it, other versions may`,
    );
}

/** GnuTLS looks at the whole chain, as far as there are lists (lib/x509/verify-high.c). */
function checkLists(
  leaf: Read,
  over: readonly X509Certificate[] | undefined,
  lists: readonly Revocations[],
  report: Report,
): void {
  checkRevoked(leaf.x509, lists, report);
  if (over === undefined) return;
  for (const issuer of over) checkRevoked(issuer, lists, report, summaryOf(issuer).subject);
  checkListed(leaf, lists, report);
}

/** The authorities over which a chain leads to one of the CA file; undefined: it does not. */
function wayToAuthority(
  [leaf, ...others]: readonly [Read, ...Read[]],
  caFile: string,
  authorities: readonly Read[],
  report: Report,
): readonly X509Certificate[] | undefined {
  if (authorities.length === 0) return undefined; // already reported
  const x509Of = ({ x509 }: Read): X509Certificate => x509;
  const end = endOfChain([leaf.x509, ...others.map(x509Of)], authorities.map(x509Of));
  if ('trusted' in end) return end.over;
  const issuer = nameInLine(issuerOf(end.brokenAt));
  report('error', `it is not issued by a CA of ${caFile} (its issuer is ${issuer})`);
  return undefined;
}
