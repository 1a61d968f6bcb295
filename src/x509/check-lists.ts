import type { X509Certificate } from 'node:crypto';
import { printable } from '../support/printable.ts';
import type { CertificateFinding, Circumstances, PublicFile } from './certificate-set.ts';
import { teller, type Read, type Tell } from './findings.ts';
import { normalSerial, readRevocationList } from './library.ts';
import { pemBlocks } from './pem.ts';
import { day, DAY_MS, timeLeft } from './time-left.ts';

/** An expired list stops nobody (GnuTLS 3.8.9 as Pacemaker 3.0.0 uses it), but who was revoked since is let in. */
const CRL_ERROR_HOURS = 24;
const CRL_WARN_BEFORE_MS = 7 * DAY_MS;

/** A revocation list, and whose it is. */
export interface Revocations {
  readonly path: string;
  readonly revoked: ReadonlyMap<string, Date>;
  readonly issuer: Read;
}

/** Reads the lists of a file; those that nobody may use are told and left out. */
export async function readLists(
  file: PublicFile,
  issuers: readonly Read[],
  around: Circumstances,
  findings: CertificateFinding[],
): Promise<readonly Revocations[]> {
  const tell = teller(file.path, findings);
  const blocks = pemBlocks(file.text);
  if ('fault' in blocks) {
    tell('error', blocks.fault);
    return [];
  }
  const lists = blocks.filter(({ label }) => label === 'X509 CRL');
  if (lists.length === 0) tell('error', 'it holds no certificate revocation list (X509 CRL)');
  const read: Revocations[] = [];
  for (const { der } of lists) {
    const list = listOf(der, tell);
    if (list === undefined) continue;
    const issuer = await signerOf(list, issuers);
    if (issuer === undefined) {
      tell(
        'error',
        `it is not signed by an authority of the CA file (it says ${printable(list.issuer)}): Pacemaker does not check that, and would revoke what it lists`,
      );
      continue;
    }
    if (issuer.extensions.keyUsages?.cRLSign === false)
      tell('error', 'its authority may not sign revocation lists (key usage without cRLSign)');
    checkFreshness(list, around, tell);
    if (!list.namesIssuerKey) checkNamesakes(issuer.x509.subject, issuers, tell);
    read.push({ path: file.path, revoked: list.revoked, issuer });
  }
  return read;
}

function listOf(der: Uint8Array, tell: Tell): ReturnType<typeof readRevocationList> | undefined {
  try {
    return readRevocationList(der);
  } catch {
    tell('error', 'its revocation list cannot be read');
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
  tell: Tell,
): void {
  if (thisUpdate > now) tell('error', `its list is not valid before ${day(thisUpdate)}`);
  if (nextUpdate === undefined) return;
  const left = timeLeft(now, nextUpdate);
  const anew = 'get a new one from the authority';
  if (nextUpdate <= now) tell('error', `its list lapsed on ${day(nextUpdate)}: ${anew}`);
  else if (nextUpdate.getTime() - now.getTime() < CRL_ERROR_HOURS * 3_600_000)
    tell('error', `its list lapses in ${left}: ${anew}`);
  else if (nextUpdate.getTime() - now.getTime() < warnBeforeMs)
    tell('expiry', `its list lapses in ${left}, on ${day(nextUpdate)}`);
}

/** Tells a certificate that is on the list of its issuer. */
export function checkRevoked(
  x509: X509Certificate,
  lists: readonly Revocations[],
  tell: Tell,
  called = 'it',
): void {
  const list = revoking(x509, lists);
  if (list !== undefined) tell('error', `${called} is revoked by ${list.path}`);
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

/** Where others have a list: without one of its issuer nobody would learn that it is revoked, and OpenSSL rejects it. */
export function checkListed(leaf: Read, lists: readonly Revocations[], tell: Tell): void {
  const [some] = lists;
  if (some === undefined || lists.some(({ issuer }) => leaf.x509.checkIssued(issuer.x509))) return;
  const issuer = printable(leaf.x509.issuer.split('\n').join(', '));
  tell('error', `${some.path} holds no list of its authority (${issuer})`);
}

/** Two authorities of one name are told apart by their keys' identifiers alone: OpenSSL and GnuTLS try one of them. */
export function checkNamesakes(name: string, authorities: readonly Read[], tell: Tell): void {
  const keys = authorities
    .filter(({ x509 }) => x509.subject === name)
    .map(({ x509 }) => x509.publicKey.export({ type: 'spki', format: 'pem' }));
  if (new Set(keys).size < 2) return;
  const subject = printable(name.split('\n').join(', '));
  tell(
    'error',
    `it does not say which of the authorities of one name (${subject}) has signed it: it needs an authority key identifier, or they names of their own`,
  );
}
