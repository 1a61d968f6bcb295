import type { X509Certificate } from 'node:crypto';
import type { MadeKeys, ReportedKey } from '../../../model/facts.ts';
import { digestOfPublic } from '../checks/key-match.ts';
import { publicDigestOfRequest } from './check-request.ts';
import { pemBlocks } from '../pem.ts';
import { day, timeLeft } from '../time-left.ts';
import { readCertificate } from '../trust.ts';

/** What there is for a node whose key is made on its host. */
export interface RequestedNode {
  readonly keys: Pick<MadeKeys, 'inUse' | 'waiting'>;
  /** The local file with its certificate, and that with its request; undefined: there is no such file. */
  readonly certificate: string | undefined;
  readonly request: string | undefined;
}

/** The rules by which new certificates are requested. */
export interface RequestTerms {
  readonly isSignedByHand: boolean;
  /** What expires within this time is requested again. */
  readonly renewBeforeMs: number;
  readonly now: Date;
}

/** How far a node has come. */
export type RequestState =
  /** Its certificate lies there, and is for this key of its host. */
  | { readonly kind: 'held'; readonly key: ReportedKey }
  /** Its host makes a key, unless one waits there already, and a request for it. */
  | { readonly kind: 'to-request' }
  /** Its request lies there, its certificate does not yet; meanwhile it uses this key, if it can. */
  | { readonly kind: 'awaited'; readonly inUse: ReportedKey | undefined };

/**
 * What has to be done for a node. A staged key on its host means that a new certificate has been requested, so that an
 * interrupted run, or one whose CSRs have still to be signed, is continued.
 */
export function requestState(
  { keys, certificate, request }: RequestedNode,
  isRenewed: boolean,
  terms: RequestTerms,
): RequestState {
  const waiting = usable(keys.waiting);
  const inUse = usable(keys.inUse);
  const x509 = certificateIn(certificate);
  if (x509 === undefined) {
    // What is wrong with a damaged file is reported by the checks of the certificates.
    const isDamaged = certificate !== undefined && !isRenewed;
    const key = isDamaged ? (waiting ?? inUse) : undefined;
    return key === undefined ? requestNew(waiting, request, terms) : { kind: 'held', key };
  }
  if (waiting !== undefined && isFor(waiting, x509)) return { kind: 'held', key: waiting };
  const left = leftOf(x509, terms);
  const current = left > 0 && isFor(inUse, x509) ? inUse : undefined;
  const isRequested = [isRenewed, waiting !== undefined, left <= terms.renewBeforeMs].includes(
    true,
  );
  return current === undefined || isRequested
    ? requestNew(waiting, request, terms, current)
    : { kind: 'held', key: current };
}

/** A new certificate is desired: its CSR may have been sent for signing already. */
function requestNew(
  waiting: ReportedKey | undefined,
  request: string | undefined,
  { isSignedByHand }: RequestTerms,
  inUse?: ReportedKey,
): RequestState {
  if (!isSignedByHand || waiting === undefined || request === undefined)
    return { kind: 'to-request' };
  return publicDigestOfRequest(request) === waiting.publicDigest
    ? { kind: 'awaited', inUse }
    : { kind: 'to-request' };
}

const isFor = (key: ReportedKey | undefined, { publicKey }: X509Certificate): boolean =>
  key?.publicDigest === digestOfPublic(publicKey);

const leftOf = ({ validTo }: X509Certificate, { now }: Pick<RequestTerms, 'now'>): number =>
  new Date(validTo).getTime() - now.getTime();

/** Why a new certificate would have to be requested again at once; undefined: it is valid long enough. */
export function shortOf(
  certificate: string,
  { renewBeforeMs, now }: Pick<RequestTerms, 'renewBeforeMs' | 'now'>,
): string | undefined {
  const x509 = certificateIn(certificate);
  if (x509 === undefined) return undefined;
  if (leftOf(x509, { now }) > renewBeforeMs) return undefined;
  const until = new Date(x509.validTo);
  return `it expires in ${timeLeft(now, until)}, on ${day(until)}, which is within \`renewBefore\`: it would be renewed again immediately`;
}

const usable = (key: ReportedKey | undefined): ReportedKey | undefined =>
  key?.count === 1 && !key.isEncrypted && key.publicDigest !== '' ? key : undefined;

/** The first certificate of a file; undefined: there is none that can be read. */
function certificateIn(text: string | undefined): X509Certificate | undefined {
  const blocks = text === undefined ? [] : pemBlocks(text);
  const block = 'fault' in blocks ? undefined : blocks.find(({ label }) => label === 'CERTIFICATE');
  try {
    return block && readCertificate(block.der);
  } catch {
    return undefined;
  }
}
