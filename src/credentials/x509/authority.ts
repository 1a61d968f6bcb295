import type { Secret } from '../../support/secret.ts';
import type { CertificateTerms, ListTerms, RevocationList } from './library.ts';
import { DAY_MS } from './time-left.ts';
import { certificatesIn, subjectOf } from './trust.ts';

/** What lies in the directory of an authority of our own; undefined, or no entry: there is no such file. */
export interface AuthorityFiles {
  /** The cluster that it is for; undefined: made when that was not kept. */
  readonly cluster?: string | undefined;
  /** The certificate that issues, and while one takes the place of another the other one. */
  readonly ca: string | undefined;
  /** Whether its key is there; the key itself is read when something is signed. */
  readonly hasKey: boolean;
  readonly crl: string | undefined;
  readonly nodes: ReadonlyMap<string, HeldFiles>;
  /** Every certificate that it ever issued. */
  readonly issued: readonly string[];
}

/** The files of a node as they lie there. */
export interface HeldFiles {
  readonly certificate: string | undefined;
  readonly key: Secret | undefined;
}

/** By what rules an authority issues. */
export interface AuthorityTerms {
  readonly validityMs: number;
  /** What expires within this time is made anew. */
  readonly renewBeforeMs: number;
  /** Names of nodes, or serial numbers. */
  readonly revoked: readonly string[];
}

type Dates = Pick<CertificateTerms, 'notBefore' | 'notAfter'>;

/** The clocks of hosts differ, some keep local time: what is issued now is valid everywhere at once. */
const BACKDATED_MS = DAY_MS;

/** A change of the authority concerns every node; the machines do not live that long. */
const AUTHORITY_LIFETIME_MS = 20 * 365 * DAY_MS;

/**
 * Whom the certificate of an authority names, and how long it is valid. Its successors have numbers: of two authorities of
 * one name OpenSSL may take the wrong one.
 */
export const authorityOf = (
  cluster: string,
  now: Date,
  generation = 1,
): Dates & { readonly name: string } => ({
  name: commonName(NAMED + cluster, generation === 1 ? '' : ` ${String(generation)}`),
  notBefore: later(now, -BACKDATED_MS),
  notAfter: later(now, AUTHORITY_LIFETIME_MS),
});

const NAMED = 'outrigger authority of ';
const SUBJECT = new RegExp(`^CN=${NAMED}(\\S+)( \\d+)?$`);

/**
 * The other cluster that an authority is for, by what was kept or else by its own name; undefined: it is for this one, or
 * does not say. Names in certificates may be cut.
 */
export function otherCluster(
  { cluster, ca }: Pick<AuthorityFiles, 'cluster' | 'ca'>,
  own: string,
): string | undefined {
  if (cluster !== undefined) return cluster === own ? undefined : cluster;
  const [, named, end = ''] = SUBJECT.exec(subjectIn(ca)) ?? [];
  if (named === undefined || commonName(NAMED + own, end) === NAMED + named + end) return undefined;
  return named;
}

const subjectIn = (ca: string | undefined): string =>
  certificatesIn(ca ?? '').map(subjectOf)[0] ?? '';

/** How long a certificate issued now is valid: never longer than the authority. */
export const validityOf = (
  { validityMs }: Pick<AuthorityTerms, 'validityMs'>,
  authorityUntil: Date,
  now: Date,
): Dates => ({
  notBefore: later(now, -BACKDATED_MS),
  notAfter: new Date(Math.min(later(now, validityMs).getTime(), authorityUntil.getTime())),
});

/**
 * When a CRL made now begins and lapses (with the certificates, so that daemons are restarted once for both), and
 * its number. Neither goes back with the clock (RFC 5280, 5.2.3); the time in the number keeps it growing where the list
 * before was put back from a copy.
 */
export function listValidity(
  terms: Pick<AuthorityTerms, 'validityMs'>,
  authorityUntil: Date,
  now: Date,
  before?: Pick<RevocationList, 'number' | 'thisUpdate'>,
): Omit<ListTerms, 'revoked'> {
  const { notBefore, notAfter } = validityOf(terms, authorityUntil, now);
  const thisUpdate = later(new Date(Math.max(+notBefore, +(before?.thisUpdate ?? notBefore))), 0);
  const [next, byTime] = [(before?.number ?? -1n) + 1n, BigInt(+notBefore / 1000)];
  return { number: next > byTime ? next : byTime, thisUpdate, nextUpdate: notAfter };
}

/** A serial number made of 16 random bytes: positive, and always as long as they are. */
export function serialOf(random: Uint8Array): string {
  const [first = 0, ...rest] = random;
  return Buffer.from([(first & 0x3f) | 0x40, ...rest]).toString('hex');
}

/** X.520 allows 64 characters (ub-common-name); the name of a node is no longer than that. */
const commonName = (text: string, end: string): string => text.slice(0, 64 - end.length) + end;

/** Certificates know whole seconds. */
const later = (moment: Date, ms: number): Date =>
  new Date(Math.floor((moment.getTime() + ms) / 1000) * 1000);
