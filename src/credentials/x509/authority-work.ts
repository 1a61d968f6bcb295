import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { reveal, type Secret } from '../../support/secret.ts';
import type { AuthorityFiles, AuthorityTerms, HeldFiles } from './authority.ts';
import { normalSerial, readRevocationList, type RevocationList } from './library.ts';
import { pemBlocks, type PemBlock } from './pem.ts';
import { caFrom, generationOf, type RolloverStep } from './rollover.ts';
import { day } from './time-left.ts';
import { certificatesIn, isIssuedBy } from './trust.ts';

/** What an authority of our own has still to make. */
export interface AuthorityWork {
  readonly makesAuthority: boolean;
  /** The step of a rollover that is about to begin. */
  readonly step: RolloverStep | undefined;
  /** What `ca.pem` holds then; while the first step begins, what it holds so far. Undefined: nothing yet. */
  readonly ca: string | undefined;
  /** Until when the authority that issues is valid; undefined: there is none. */
  readonly authorityUntil: Date | undefined;
  /** The nodes that get a key and a certificate. */
  readonly nodes: ReadonlySet<string>;
  /** The nodes that need one and get none: the key of the authority is not there. */
  readonly unsigned: ReadonlySet<string>;
  /** What would be made anew if that key were there, and is good for some time yet. */
  readonly postponed: readonly string[];
  /** What the CRL of each authority holds; undefined: `crl.pem` stays as it is. */
  readonly lists: readonly ListWork[] | undefined;
  /** The certificates (PEM) that a list is the first to hold, by serial number. */
  readonly revokes: ReadonlyMap<string, string>;
  /** Why nothing can be made, one line each. */
  readonly faults: readonly string[];
}

/** The CRL of one authority. */
export interface ListWork {
  readonly authority: X509Certificate;
  /** The list (PEM) that lies there and is good; undefined: a new one is made. */
  readonly stays: string | undefined;
  /** The list that it replaces; undefined: it is the first. */
  readonly before: RevocationList | undefined;
  /** The day of each. */
  readonly revoked: ReadonlyMap<string, Date>;
}

/** What a CA has to do. */
export interface DesiredOfAuthority {
  /** The nodes that this is about. */
  readonly nodes: readonly string[];
  /** Those of them that get a new certificate whatever they have. */
  readonly renewed: ReadonlySet<string>;
  readonly terms: AuthorityTerms;
  /** The step of a rollover that shall begin now. */
  readonly step?: RolloverStep | undefined;
  readonly now: Date;
}

/** Whether there is anything to make. */
export const isIdle = ({
  makesAuthority,
  step,
  nodes,
  lists,
}: Pick<AuthorityWork, 'makesAuthority' | 'step' | 'nodes' | 'lists'>): boolean =>
  !makesAuthority && step === undefined && nodes.size === 0 && lists === undefined;

/**
 * Holds what lies in the directory of an authority against what is desired of it. Whatever an interrupted run has left
 * behind (a key without its certificate, a certificate without its key) is made anew. While the key of the authority lies in a
 * safe what is due waits, and so do nodes that have no certificate; what an operator has requested is a fault then.
 */
export async function workOf(
  files: AuthorityFiles,
  desired: DesiredOfAuthority,
): Promise<AuthorityWork> {
  const whole = await workWithKey(files, desired);
  if (files.hasKey || whole.makesAuthority || isIdle(whole)) return whole;
  const terms = { ...desired.terms, renewBeforeMs: 0 };
  const least = await workWithKey(files, { ...desired, terms });
  const isRenewalRequested = desired.nodes.some((node) => desired.renewed.has(node));
  if (isRenewalRequested || whole.step !== undefined || least.lists !== undefined)
    return { ...whole, faults: [...whole.faults, NO_KEY] };
  const due = [...whole.nodes].filter((node) => !least.nodes.has(node));
  const lists = whole.lists === undefined ? [] : ['the CRL'];
  return { ...least, nodes: new Set(), unsigned: least.nodes, postponed: [...due, ...lists] };
}

const NO_KEY =
  'ca.key is missing, but certificates have to be signed: restore it until they are signed';

async function workWithKey(
  files: AuthorityFiles,
  desired: DesiredOfAuthority,
): Promise<AuthorityWork> {
  const { step } = desired;
  if (step === 'issue' || step === 'finish') files = { ...files, ca: caFrom(step, files.ca ?? '') };
  const authorities = certificatesIn(files.ca ?? '');
  const [authority] = authorities;
  if (authority === undefined) return firstWork(files, desired);
  const held = await Promise.all(authorities.map((one) => listOf(files.crl, one)));
  const known = { ...desired, authority, list: held[0]?.list };
  const nodes = new Set(
    desired.nodes.filter(
      (node) => desired.renewed.has(node) || needsNew(node, files.nodes.get(node), known),
    ),
  );
  const { lists, revokes, faults } = revocations(files, held, desired);
  const authorityUntil = new Date(authority.validTo);
  return {
    makesAuthority: false,
    step,
    ca: files.ca,
    authorityUntil,
    nodes,
    lists,
    revokes,
    ...NOTHING_WAITS,
    faults: [
      ...held.flatMap((one) => [...listFault(files, one), ...clockFault(one, desired.now)]),
      ...faults,
    ],
  };
}

const NOTHING_WAITS = { unsigned: new Set<string>(), postponed: [] };

/** What is desired, and the authority that shall do it. */
interface Known extends DesiredOfAuthority {
  readonly authority: X509Certificate;
  /** Undefined: there is none that it has signed. */
  readonly list: RevocationList | undefined;
}

/** An authority, and the list that it has signed. */
interface HeldList {
  readonly authority: X509Certificate;
  readonly list: RevocationList | undefined;
  readonly pem: string | undefined;
}

/** Nothing was ever issued, or the certificate of the authority is lost. */
function firstWork(files: AuthorityFiles, { nodes, terms }: DesiredOfAuthority): AuthorityWork {
  const faults = [
    ...(files.ca === undefined ? [] : ['ca.pem contains no readable certificate']),
    ...(files.ca === undefined && hasIssued(files)
      ? [
          'ca.pem is missing, but certificates issued by it exist: restore it (each host of the cluster has it as /etc/pacemaker/x509-ca.pem)',
        ]
      : []),
    ...terms.revoked.map(neverIssued),
  ];
  return {
    makesAuthority: true,
    step: undefined,
    ca: undefined,
    authorityUntil: undefined,
    nodes: new Set(nodes),
    lists: [],
    revokes: new Map(),
    faults,
    ...NOTHING_WAITS,
  };
}

const hasIssued = ({ crl, nodes, issued }: AuthorityFiles): boolean =>
  crl !== undefined ||
  issued.length > 0 ||
  [...nodes.values()].some(({ certificate }) => certificate !== undefined);

/** The list is written before the first certificate is issued: where it is lost, what was revoked would be valid again. */
function listFault(
  { crl, issued }: AuthorityFiles,
  { authority, list }: HeldList,
): readonly string[] {
  if (list !== undefined) return [];
  const isNew = !issued.some((pem) =>
    certificatesIn(pem).some((certificate) => isIssuedBy(certificate, authority)),
  );
  if (isNew && (crl === undefined || generationOf(authority) > 1)) return [];
  const what = crl === undefined ? 'is missing' : 'is not a CRL of this CA';
  return [
    `crl.pem ${what}, and revoked certificates would become valid again: restore it (each host of the cluster has it as /etc/pacemaker/x509-crl.pem)`,
  ];
}

/** Lists begin a day before they are made: a clock that is behind by more would make one that is not valid yet. */
const clockFault = ({ list }: HeldList, now: Date): readonly string[] =>
  list === undefined || list.thisUpdate <= now
    ? []
    : [
        `crl.pem is valid from ${day(list.thisUpdate)} on, but the clock of this machine shows ${day(now)}: correct the clock`,
      ];

function needsNew(node: string, held: HeldFiles | undefined, known: Known): boolean {
  const certificate = certificateIn(held?.certificate);
  if (certificate === undefined || held?.key === undefined) return true;
  return (
    certificate.subjectAltName !== `DNS:${node}` ||
    certificate.ca ||
    !isIssuedBy(certificate, known.authority) ||
    !isKeyOf(held.key, certificate) ||
    known.list?.revoked.has(serialIn(certificate)) === true ||
    isDue(new Date(certificate.validTo), known)
  );
}

function isKeyOf(key: Secret, certificate: X509Certificate): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(Buffer.from(reveal(key))));
  } catch {
    return false;
  }
}

/** One that ends with the authority cannot be made to last longer. */
function isDue(
  until: Date,
  { authority, terms, now }: Pick<Known, 'authority' | 'terms' | 'now'>,
): boolean {
  const left = until.getTime() - now.getTime();
  return until < new Date(authority.validTo) && left <= terms.renewBeforeMs;
}

/**
 * What was revoked stays revoked, whether or not the inventory still lists it. What an authority has issued that nobody
 * trusts any more is on no list.
 */
function revocations(
  files: AuthorityFiles,
  held: readonly HeldList[],
  desired: DesiredOfAuthority,
): Pick<AuthorityWork, 'lists' | 'revokes' | 'faults'> {
  const { terms, now, step } = desired;
  const faults: string[] = [];
  const revoked = held.map(({ list }) => new Map(list?.revoked));
  const revokes = new Map<string, string>();
  const all = terms.revoked.length === 0 ? [] : files.issued.flatMap(issuedIn);
  for (const entry of terms.revoked) {
    const meant = all.filter(({ certificate }) => isMeant(certificate, entry));
    const serial = normalSerial(plainSerial(entry));
    const isKnown = meant.length > 0 || revoked.some((on) => on.has(serial));
    if (!isKnown) faults.push(neverIssued(entry));
    for (const { certificate, pem } of meant) {
      const serial = serialIn(certificate);
      const on = revoked[held.findIndex(({ authority }) => isIssuedBy(certificate, authority))];
      if (on === undefined || on.has(serial)) continue;
      const user = userOf(serial, files.nodes);
      if (user !== undefined) faults.push(inUse(entry, user));
      else {
        on.set(serial, now);
        revokes.set(serial, pem);
      }
    }
  }
  const lists = held.map(({ authority, list, pem }, index) => {
    const mine = revoked[index] ?? new Map<string, Date>();
    const isGood = mine.size === list?.revoked.size && !isListDue(list, { ...desired, authority });
    return { authority, stays: isGood ? pem : undefined, before: list, revoked: mine };
  });
  const isWhole =
    step !== 'begin' &&
    lists.every(({ stays }) => stays !== undefined) &&
    blocksIn(files.crl, 'X509 CRL').length === lists.length;
  return { lists: isWhole ? undefined : lists, revokes, faults };
}

const isListDue = (
  { nextUpdate }: RevocationList,
  known: Pick<Known, 'authority' | 'terms' | 'now'>,
): boolean => nextUpdate === undefined || isDue(nextUpdate, known);

const issuedIn = (pem: string) => {
  const certificate = certificateIn(pem);
  return certificate === undefined ? [] : [{ certificate, pem }];
};

/** A name means every certificate that the node ever had: copies of an older key are as good as the last one. */
const isMeant = (certificate: X509Certificate, entry: string): boolean =>
  certificate.subjectAltName === `DNS:${entry}` ||
  serialIn(certificate) === normalSerial(plainSerial(entry));

const userOf = (serial: string, nodes: AuthorityFiles['nodes']): string | undefined =>
  [...nodes].find(([, { certificate }]) => {
    const held = certificateIn(certificate);
    return held !== undefined && serialIn(held) === serial;
  })?.[0];

const inUse = (entry: string, node: string): string =>
  `\`${entry}\` is the certificate that ${node} uses: replace it first (\`outrigger rotate certificates --limit ${node}\`), then revoke this one`;

const neverIssued = (entry: string): string =>
  `it has issued no certificate to \`${entry}\` and none with this serial number: nothing would be revoked`;

/** `0A:FF`, `0x0aff` and `0aff` are the same. */
const plainSerial = (text: string): string => text.replace(/^0x/i, '').replaceAll(':', '');

const serialIn = ({ serialNumber }: X509Certificate): string => normalSerial(serialNumber);

/** The first certificate of a file; undefined: there is none that can be read. */
const certificateIn = (text: string | undefined): X509Certificate | undefined =>
  certificatesIn(text ?? '')[0];

/** The list of the file that this authority has signed. */
async function listOf(text: string | undefined, authority: X509Certificate): Promise<HeldList> {
  for (const block of blocksIn(text, 'X509 CRL')) {
    const list = readableList(block.der);
    if ((await list?.isSignedBy(authority.raw)) === true)
      return { authority, list, pem: `${block.text}\n` };
  }
  return { authority, list: undefined, pem: undefined };
}

function readableList(der: Uint8Array): RevocationList | undefined {
  try {
    return readRevocationList(der);
  } catch {
    return undefined;
  }
}

function blocksIn(text: string | undefined, label: string): readonly PemBlock[] {
  const blocks = text === undefined ? [] : pemBlocks(text);
  return 'fault' in blocks ? [] : blocks.filter((block) => block.label === label);
}
