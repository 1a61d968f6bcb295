import { createHash } from 'node:crypto';
import type { AuthoritySpec, X509Spec } from '../inventory/spec.ts';
import { OutriggerError } from '../support/errors.ts';
import { printable } from '../support/text/printable.ts';
import { someOf } from '../support/text/some-of.ts';
import type { CertificateFault } from '../credentials/certificates.ts';
import { authorityOf, otherCluster, validityOf } from '../credentials/x509/authority.ts';
import { isIdle, workOf, type AuthorityWork } from '../credentials/x509/authority-work.ts';
import {
  generationOf,
  ROLLOVER_STEPS,
  stepAfter,
  stepIn,
  type RolloverStep,
} from '../credentials/x509/rollover.ts';
import { day, timeLeft } from '../credentials/x509/time-left.ts';
import { certificatesIn } from '../credentials/x509/trust.ts';
import { whileInUse } from './authority-in-use.ts';
import { authorityPaths, readAuthority } from './authority-directory.ts';
import { loadCertificates, type Credentials, type PendingFiles } from './load-certificates.ts';
import { openAuthority } from './authority-key.ts';
import { beginStep, makeCertificates } from './make-certificates.ts';

export interface AuthorityRequest {
  readonly authority: AuthoritySpec;
  readonly cluster: string;
  /** All nodes of the inventory. */
  readonly declared: readonly string[];
  /** Those that this is about. */
  readonly nodes: readonly string[];
  /** Those of them that get a new key and certificate whatever they have. */
  readonly renewed: ReadonlySet<string>;
  /** The step of a rollover that shall begin now; `begin` where one is under way: nothing. */
  readonly step?: RolloverStep | undefined;
  /** Asked anew when something is made: the answer of an operator takes its time. */
  readonly now: () => Date;
}

/**
 * The certificates of an authority of our own: those that lie in its directory, and those that it has still to make.
 * Changes nothing; `pending.make` does.
 */
export async function loadAuthority(request: AuthorityRequest): Promise<Credentials> {
  const { authority, cluster, nodes } = request;
  const now = request.now();
  const { ca, hasKey } = readAuthority(authority.directory, []);
  const underWay = stepIn(ca ?? '');
  const isBegun = request.step === 'begin' && underWay !== undefined;
  const work = await workIn({ ...request, step: isBegun ? undefined : request.step }, now);
  const files = filesOf(authority);
  const pending = isIdle(work) ? undefined : pendingIn(request, work, now);
  const loaded = await loadCertificates(files, signedOf(nodes, work), now, pending);
  const step = work.step ?? underWay;
  const next = (): Promise<Credentials> | undefined =>
    underWay && loadAuthority({ ...request, step: stepAfter(underWay) });
  const canGoOn = pending === undefined && (hasKey || request.step !== undefined);
  const notes = [
    ...loaded.desired.notes,
    ...notesOn(authority, work, step, now),
    ...waitingForKey(authority, work, step !== undefined && !hasKey),
  ];
  return {
    ...loaded,
    desired: { ...loaded.desired, notes, faults: faultsOf(authority, work) },
    rollover: step && { step, next: canGoOn ? next : undefined },
    pending: pending && {
      revokes: {
        serials: new Map([...work.revokes].map(([serial, pem]) => [digestOf(pem), serial])),
        nodes: new Set([...work.revokes.values()].flatMap(namesIn)),
      },
      make: (asking) =>
        whileInUse(authority.directory, async () => {
          const keys = await openAuthority(authority, cluster, asking);
          const making = { authority, cluster, now: request.now(), keys };
          // Another run may have begun it since.
          const isDue = work.step !== undefined && stepNow(authority) === underWay;
          const all = isDue ? await beginStep(making, work.step) : keys;
          const rest = await workIn({ ...request, step: undefined }, request.now());
          await makeCertificates({ ...making, keys: all, work: rest });
          return loadCertificates(files, signedOf(nodes, rest), request.now());
        }),
    },
  };
}

const signedOf = (
  nodes: readonly string[],
  { unsigned }: Pick<AuthorityWork, 'unsigned'>,
): readonly string[] => nodes.filter((node) => !unsigned.has(node));

const faultsOf = (
  { directory }: AuthoritySpec,
  { unsigned }: AuthorityWork,
): ReadonlyMap<string, CertificateFault> =>
  new Map(
    [...unsigned].map((node) => [
      node,
      {
        code: 'CERTIFICATE_AWAITED',
        message: `its certificate has not been signed yet, and ${authorityPaths(directory).caKey} does not exist`,
        hint: 'restore the key until it is signed, and apply again',
      },
    ]),
  );

/** What goes on as it is while the key of the authority is not there. */
function waitingForKey(
  { directory }: AuthoritySpec,
  { postponed }: AuthorityWork,
  isStepLeft: boolean,
): readonly string[] {
  const waiting = [
    ...(postponed.length === 0 ? [] : [`the renewal that is due (${someOf(postponed)})`]),
    ...(isStepLeft ? ['the next step of the CA replacement'] : []),
  ];
  return waiting.map(
    (what) =>
      `${what} needs ${authorityPaths(directory).caKey}: restore it until the certificates are signed, and apply again`,
  );
}

/** The step that is under way by what lies there. */
const stepNow = ({ directory }: AuthoritySpec): ReturnType<typeof stepIn> =>
  stepIn(readAuthority(directory, []).ca ?? '');

/** Where a rollover is; or that one is due: certificates do not outlive their authority, and get shorter from then on. */
function notesOn(
  { directory, validityMs, renewBeforeMs }: AuthoritySpec,
  { authorityUntil }: AuthorityWork,
  step: RolloverStep | undefined,
  now: Date,
): readonly string[] {
  if (step !== undefined) return [`${directory}: ${ROLLOVER_STEPS[step]}`];
  if (authorityUntil === undefined) return [];
  const left = authorityUntil.getTime() - now.getTime();
  return left > validityMs + renewBeforeMs
    ? []
    : [
        `${directory}: the CA expires in ${timeLeft(now, authorityUntil)}, on ${day(authorityUntil)}, and so do all its certificates: replace it with \`outrigger rotate authority\``,
      ];
}

/** As outrigger's own authority writes them. */
const namesIn = (pem: string): readonly string[] =>
  certificatesIn(pem).flatMap(
    ({ subjectAltName }) => /^DNS:(\S+)$/.exec(subjectAltName ?? '')?.[1] ?? [],
  );

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

async function workIn(
  { authority, cluster, declared, nodes, renewed, step }: AuthorityRequest,
  now: Date,
): Promise<AuthorityWork> {
  const { directory } = authority;
  const held = readAuthority(directory, declared);
  const other = otherCluster(held, cluster);
  if (other !== undefined) throw ofAnother(directory, other, cluster);
  const work = await workOf(held, { nodes, renewed, terms: authority, step, now });
  if (work.faults.length === 0) return work;
  const lines = work.faults.map((fault) => printable(`${directory}: ${fault}`));
  throw new OutriggerError(
    'INPUT_INVALID',
    lines.length === 1
      ? `the CA cannot be used: ${lines.join()}`
      : `the CA cannot be used:\n  ${lines.join('\n  ')}`,
    { hint: 'nothing was signed and no host was changed' },
  );
}

const ofAnother = (directory: string, other: string, cluster: string): OutriggerError =>
  new OutriggerError(
    'REFUSED',
    `the CA ${printable(directory)} belongs to cluster ${printable(other)}, but this cluster is ${cluster}`,
    {
      hint: `a CA is for one cluster only: name another directory under \`authority\`; if the cluster was renamed, write its new name to ${printable(authorityPaths(directory).cluster)}`,
    },
  );

/** Its directory seen as the files of an existing authority. */
function filesOf({ directory, renewBeforeMs, removesAuthkey }: AuthoritySpec): X509Spec {
  const { ca, crl, certificate, key } = authorityPaths(directory);
  return {
    kind: 'files',
    ca,
    crl,
    removesAuthkey,
    certificatePattern: certificate('{node}'),
    keyPattern: key('{node}'),
    warnBeforeMs: renewBeforeMs,
  };
}

function pendingIn(
  { authority, cluster }: AuthorityRequest,
  work: AuthorityWork,
  now: Date,
): PendingFiles {
  const { authorityUntil, nodes, lists, ca = '' } = work;
  const own = authorityOf(cluster, now);
  const { notBefore, notAfter } = validityOf(authority, authorityUntil ?? own.notAfter, now);
  const until = `valid until ${day(notAfter)}`;
  const count = lists?.reduce((sum, { revoked }) => sum + revoked.size, 0);
  const description = caDescribed(work, cluster, now);
  return {
    ca: description === undefined ? undefined : { description, pem: ca },
    crl: count === undefined ? undefined : `new, ${until}, ${String(count)} revoked`,
    certificates: new Map([...nodes].map((node) => [node, `new, issued by the CA, ${until}`])),
    issuer: certificatesIn(ca)[0]?.toString(),
    validity: { notBefore, notAfter },
  };
}

/** What is about to become of `ca.pem`; undefined: nothing. */
function caDescribed(
  { makesAuthority, step, ca = '' }: AuthorityWork,
  cluster: string,
  now: Date,
): string | undefined {
  const authorities = certificatesIn(ca);
  const asNew = (generation: number): string => {
    const { name, notAfter } = authorityOf(cluster, now, generation);
    return `CN=${name}, valid until ${day(notAfter)}`;
  };
  if (makesAuthority) return `new, ${asNew(1)}`;
  const [first] = authorities.map(({ subject }) => printable(subject));
  if (step === 'begin')
    return `with a second, new one, ${asNew(1 + Math.max(...authorities.map(generationOf)))}`;
  if (step === 'issue') return `${first ?? ''} first`;
  return step === 'finish' ? `${first ?? ''} only` : undefined;
}
