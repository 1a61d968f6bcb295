import type { X509Certificate } from 'node:crypto';
import { printable } from '../../../support/text/printable.ts';
import type { CertificateFinding } from '../../../model/certificate-finding.ts';
import type { Circumstances, PublicFile } from './certificate-set.ts';
import { reporter, type Read, type Report } from './findings.ts';
import { normalSerial, readRevocationList } from '../library.ts';
import { pemBlocks } from '../pem.ts';
import { day, DAY_MS, timeLeft } from '../time-left.ts';
import { issuerOf, nameInLine, subjectOf } from '../trust.ts';

/** One for each authority of a cluster, all of which are tried to find the one that signed it. */
const MAX_LISTS = 20;

/** An expired CRL rejects no certificate (GnuTLS 3.8.9 as Pacemaker 3.0.0 uses it), but certificates that were revoked since are accepted. */
const CRL_ERROR_HOURS = 24;
const CRL_WARN_BEFORE_MS = 7 * DAY_MS;

/** A CRL, and whose it is. */
export interface Revocations {
  readonly path: string;
  readonly revoked: ReadonlyMap<string, Date>;
  readonly issuer: Read;
}

/** Reads the CRLs of a file; unusable ones are reported and left out. */
export async function readLists(
  file: PublicFile,
  issuers: readonly Read[],
  around: Circumstances,
  findings: CertificateFinding[],
): Promise<readonly Revocations[]> {
  const report = reporter(file.path, findings);
  const blocks = pemBlocks(file.text, MAX_LISTS);
  if ('fault' in blocks) {
    report('error', blocks.fault);
    return [];
  }
  const lists = blocks.filter(({ label }) => label === 'X509 CRL');
  if (lists.length === 0) report('error', 'it contains no CRL (X509 CRL)');
  const read: Revocations[] = [];
  for (const { der } of lists) {
    const list = listOf(der, report);
    if (list === undefined) continue;
    const issuer = await signerOf(list, issuers);
    if (issuer === undefined) {
      report(
        'error',
        `it is not signed by a CA of the CA file (issuer ${printable(list.issuer)}): Pacemaker does not check that, and would revoke the certificates listed`,
      );
      continue;
    }
    if (issuer.extensions.keyUsages?.cRLSign === false)
      report('error', 'its CA is not allowed to sign CRLs (key usage without cRLSign)');
    checkFreshness(list, around, report);
    if (!list.namesIssuerKey) checkNamesakes(subjectOf(issuer.x509), issuers, report);
    read.push({ path: file.path, revoked: list.revoked, issuer });
  }
  return read;
}

function listOf(
  der: Uint8Array,
  report: Report,
): ReturnType<typeof readRevocationList> | undefined {
  try {
    return readRevocationList(der);
  } catch {
    report('error', 'its CRL cannot be parsed');
    return undefined;
  }
}

async function signerOf(
  list: ReturnType<typeof readRevocationList>,
  issuers: readonly Read[],
): Promise<Read | undefined> {
  for (const issuer of issuers) if (await list.isSignedBy(issuer.der)) return issuer;
  return undefined;
}

function checkFreshness(
  { thisUpdate, nextUpdate }: ReturnType<typeof readRevocationList>,
  { now, warnBeforeMs = CRL_WARN_BEFORE_MS }: Circumstances,
  report: Report,
): void {
  if (thisUpdate > now) report('error', `its CRL is not valid before ${day(thisUpdate)}`);
  if (nextUpdate === undefined) return;
  const left = timeLeft(now, nextUpdate);
  const anew = 'get a new one from the CA';
  if (nextUpdate <= now) report('error', `its CRL expired on ${day(nextUpdate)}: ${anew}`);
  else if (nextUpdate.getTime() - now.getTime() < CRL_ERROR_HOURS * 3_600_000)
    report('error', `its CRL expires in ${left}: ${anew}`);
  else if (nextUpdate.getTime() - now.getTime() < warnBeforeMs)
    report('expiry', `its CRL expires in ${left}, on ${day(nextUpdate)}`);
}

/** Tells a certificate that is on the list of its issuer. */
export function checkRevoked(
  x509: X509Certificate,
  lists: readonly Revocations[],
  report: Report,
  called = 'it',
): void {
  const list = revoking(x509, lists);
  if (list !== undefined) report('error', `${called} is revoked by ${list.path}`);
}

/** The list by which a certificate is revoked; undefined: none. */
export const revoking = (
  leaf: X509Certificate,
  lists: readonly Revocations[],
): Revocations | undefined =>
  lists.find(
    ({ revoked, issuer }) =>
      revoked.has(normalSerial(leaf.serialNumber)) && leaf.checkIssued(issuer.x509),
  );

/** Where others have a CRL: without one of its issuer no revocation of it would take effect, and OpenSSL rejects it. */
export function checkListed(leaf: Read, lists: readonly Revocations[], report: Report): void {
  const [some] = lists;
  if (some === undefined || lists.some(({ issuer }) => leaf.x509.checkIssued(issuer.x509))) return;
  const issuer = nameInLine(issuerOf(leaf.x509));
  report('error', `${some.path} contains no CRL of its CA (${issuer})`);
}

/** Two CAs of one name differ in their key identifiers only: OpenSSL and GnuTLS try one of them. */
export function checkNamesakes(name: string, authorities: readonly Read[], report: Report): void {
  const keys = authorities
    .filter(({ x509 }) => subjectOf(x509) === name)
    .map(({ x509 }) => x509.publicKey.export({ type: 'spki', format: 'pem' }));
  if (new Set(keys).size < 2) return;
  const subject = nameInLine(name);
  report(
    'error',
    `it does not identify which of the CAs named ${subject} has signed it: it needs an authority key identifier, or the CAs need different names`,
  );
}
