import { createPrivateKey, X509Certificate } from 'node:crypto';
import { reveal, type Secret } from '../support/secret.ts';
import type { AuthorityFiles, AuthorityTerms, HeldFiles } from './authority.ts';
import { normalSerial, readRevocationList, type RevocationList } from './library.ts';
import { pemBlocks, type PemBlock } from './pem.ts';
import { isIssuedBy } from './trust.ts';

/** What an authority of our own has still to make. */
export interface AuthorityWork {
  readonly makesAuthority: boolean;
  /** The certificate of the authority that is there (PEM); undefined: there is none. */
  readonly issuer: string | undefined;
  /** Until when the authority that is there is valid; undefined: there is none. */
  readonly authorityUntil: Date | undefined;
  /** The nodes that get a key and a certificate. */
  readonly nodes: ReadonlySet<string>;
  /** What the new revocation list holds, with the day of each; undefined: the one that lies there stays. */
  readonly revoked: ReadonlyMap<string, Date> | undefined;
  /** The certificates (PEM) that this list is the first to hold, by serial number. */
  readonly revokes: ReadonlyMap<string, string>;
  /** Why nothing can be made, one line each. */
  readonly faults: readonly string[];
}

/** What is asked of an authority. */
export interface WantedOfAuthority {
  /** The nodes that this is about. */
  readonly nodes: readonly string[];
  /** Those of them that get a new certificate whatever they have. */
  readonly renewed: ReadonlySet<string>;
  readonly terms: AuthorityTerms;
  readonly now: Date;
}

/** Whether there is anything to sign. */
export const isIdle = ({
  makesAuthority,
  nodes,
  revoked,
}: Pick<AuthorityWork, 'makesAuthority' | 'nodes' | 'revoked'>): boolean =>
  !makesAuthority && nodes.size === 0 && revoked === undefined;

/**
 * Holds what lies in the directory of an authority against what is wanted of it. Whatever a run that died has left
 * behind (a key without its certificate, a certificate without its key) is made anew.
 */
export async function workOf(
  files: AuthorityFiles,
  wanted: WantedOfAuthority,
): Promise<AuthorityWork> {
  const authority = certificateIn(files.ca);
  if (authority === undefined) return firstWork(files, wanted);
  const known = { ...wanted, authority, list: await listIn(files.crl, authority) };
  const nodes = new Set(
    wanted.nodes.filter(
      (node) => wanted.renewed.has(node) || needsNew(node, files.nodes.get(node), known),
    ),
  );
  const { revoked, revokes, faults } = revocations(files, known);
  const authorityUntil = new Date(authority.validTo);
  const issuer = files.ca;
  const work = { makesAuthority: false, issuer, authorityUntil, nodes, revoked, revokes };
  return {
    ...work,
    faults: [...listFault(files, known.list), ...faults, ...keyFault(files, work)],
  };
}

/** What is wanted, and the authority that shall do it. */
interface Known extends WantedOfAuthority {
  readonly authority: X509Certificate;
  /** Undefined: there is none that it has signed. */
  readonly list: RevocationList | undefined;
}

/** Nothing was ever issued, or the certificate of the authority is lost. */
function firstWork(files: AuthorityFiles, { nodes, terms }: WantedOfAuthority): AuthorityWork {
  const faults = [
    ...(files.ca === undefined ? [] : ['ca.pem holds no certificate that can be read']),
    ...(files.ca === undefined && hasIssued(files)
      ? [
          'ca.pem is missing, and certificates of it lie there: put it back (each host of the cluster has it as /etc/pacemaker/x509-ca.pem)',
        ]
      : []),
    ...terms.revoked.map(neverIssued),
  ];
  const made = { makesAuthority: true, nodes: new Set(nodes) };
  return {
    ...made,
    issuer: undefined,
    authorityUntil: undefined,
    revoked: new Map(),
    revokes: new Map(),
    faults,
  };
}

const hasIssued = ({ crl, nodes, issued }: AuthorityFiles): boolean =>
  crl !== undefined ||
  issued.length > 0 ||
  [...nodes.values()].some(({ certificate }) => certificate !== undefined);

/** The list is written before the first certificate is issued: where it is lost, what was revoked would be valid again. */
function listFault(
  { crl, issued }: AuthorityFiles,
  list: RevocationList | undefined,
): readonly string[] {
  if (list !== undefined || (crl === undefined && issued.length === 0)) return [];
  const what = crl === undefined ? 'is missing' : 'is not a revocation list of this authority';
  return [
    `crl.pem ${what}, and what was revoked would be valid again: put it back (each host of the cluster has it as /etc/pacemaker/x509-crl.pem)`,
  ];
}

const keyFault = (
  { hasKey }: AuthorityFiles,
  work: Omit<AuthorityWork, 'faults'>,
): readonly string[] =>
  hasKey || isIdle(work)
    ? []
    : [
        'ca.key is not there, and something has to be signed: put it back for as long as that takes',
      ];

function needsNew(node: string, held: HeldFiles | undefined, known: Known): boolean {
  const certificate = certificateIn(held?.certificate);
  if (certificate === undefined || held?.key === undefined) return true;
  return (
    certificate.subjectAltName !== `DNS:${node}` ||
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
function isDue(until: Date, { authority, terms, now }: Known): boolean {
  const left = until.getTime() - now.getTime();
  return until < new Date(authority.validTo) && left <= terms.renewBeforeMs;
}

/** What was revoked stays revoked, whether the inventory still says so or not. */
function revocations(
  files: AuthorityFiles,
  known: Known,
): Pick<AuthorityWork, 'revoked' | 'revokes' | 'faults'> {
  const { list, terms } = known;
  const faults: string[] = [];
  const revoked = new Map(list?.revoked);
  const revokes = new Map<string, string>();
  const all = terms.revoked.length === 0 ? [] : files.issued.flatMap(issuedIn);
  for (const entry of terms.revoked) {
    const meant = all.filter(({ certificate }) => isMeant(certificate, entry));
    const isKnown = meant.length > 0 || revoked.has(normalSerial(plainSerial(entry)));
    if (!isKnown) faults.push(neverIssued(entry));
    for (const { certificate, pem } of meant) {
      const serial = serialIn(certificate);
      if (revoked.has(serial)) continue;
      const user = userOf(serial, files.nodes);
      if (user !== undefined) faults.push(inUse(entry, user));
      else {
        revoked.set(serial, known.now);
        revokes.set(serial, pem);
      }
    }
  }
  const stays = revoked.size === list?.revoked.size && !isListDue(list, known);
  return { revoked: stays ? undefined : revoked, revokes, faults };
}

const isListDue = ({ nextUpdate }: RevocationList, known: Known): boolean =>
  nextUpdate === undefined || isDue(nextUpdate, known);

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
  `\`${entry}\` is the certificate that ${node} uses: give it another one first (\`outrigger rotate certificates --limit ${node}\`), then revoke this one`;

const neverIssued = (entry: string): string =>
  `it has issued no certificate to \`${entry}\`, nor one with this serial number: nothing would be revoked`;

/** `0A:FF`, `0x0aff` and `0aff` are the same. */
const plainSerial = (text: string): string => text.replace(/^0x/i, '').replaceAll(':', '');

const serialIn = ({ serialNumber }: X509Certificate): string => normalSerial(serialNumber);

/** The first certificate of a file; undefined: there is none that can be read. */
function certificateIn(text: string | undefined): X509Certificate | undefined {
  const [block] = blocksIn(text, 'CERTIFICATE');
  try {
    return block && new X509Certificate(block.der);
  } catch {
    return undefined;
  }
}

/** The list of the file; undefined: there is none that this authority has signed. */
async function listIn(
  text: string | undefined,
  authority: X509Certificate,
): Promise<RevocationList | undefined> {
  const [block] = blocksIn(text, 'X509 CRL');
  try {
    const list = block && readRevocationList(block.der);
    return (await list?.isSignedBy(authority.raw)) === true ? list : undefined;
  } catch {
    return undefined;
  }
}

function blocksIn(text: string | undefined, label: string): readonly PemBlock[] {
  const blocks = text === undefined ? [] : pemBlocks(text);
  return 'fault' in blocks ? [] : blocks.filter((block) => block.label === label);
}
