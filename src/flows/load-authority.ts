import { createHash } from 'node:crypto';
import type { AuthoritySpec, X509Spec } from '../spec/spec.ts';
import { OutriggerError } from '../support/errors.ts';
import { printable } from '../support/printable.ts';
import { authorityOf, validityOf } from '../x509/authority.ts';
import { isIdle, workOf, type AuthorityWork } from '../x509/authority-work.ts';
import { day } from '../x509/time-left.ts';
import { authorityPaths, readAuthority } from './authority-directory.ts';
import { loadCertificates, type Credentials, type PendingFiles } from './load-certificates.ts';
import { makeCertificates } from './make-certificates.ts';

export interface AuthorityRequest {
  readonly authority: AuthoritySpec;
  readonly cluster: string;
  /** All nodes of the inventory. */
  readonly declared: readonly string[];
  /** Those that this is about. */
  readonly nodes: readonly string[];
  /** Those of them that get a new key and certificate whatever they have. */
  readonly renewed: ReadonlySet<string>;
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
  const work = await workIn(request, now);
  const files = filesOf(authority);
  if (isIdle(work)) return loadCertificates(files, nodes, now);
  return {
    ...(await loadCertificates(files, nodes, now, pendingIn(request, work, now))),
    pending: {
      revokes: new Map([...work.revokes].map(([serial, pem]) => [digestOf(pem), serial])),
      make: async (asking) => {
        const work = await workIn(request, request.now());
        await makeCertificates({ ...{ authority, cluster, work, asking }, now: request.now() });
        return loadCertificates(files, nodes, request.now());
      },
    },
  };
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

async function workIn(
  { authority, declared, nodes, renewed }: AuthorityRequest,
  now: Date,
): Promise<AuthorityWork> {
  const { directory } = authority;
  const held = readAuthority(directory, declared);
  const work = await workOf(held, { nodes, renewed, terms: authority, now });
  if (work.faults.length === 0) return work;
  const lines = work.faults.map((fault) => printable(`${directory}: ${fault}`));
  throw new OutriggerError(
    'INPUT_INVALID',
    lines.length === 1
      ? `the authority cannot be used: ${lines.join()}`
      : `the authority cannot be used:\n  ${lines.join('\n  ')}`,
    { hint: 'nothing was signed and no host was touched' },
  );
}

/** Its directory seen as the files of an existing authority. */
function filesOf({ directory, renewBeforeMs, removesAuthkey }: AuthoritySpec): X509Spec {
  const { ca, crl, certificate, key } = authorityPaths(directory);
  return {
    kind: 'files',
    ...{ ca, crl, removesAuthkey },
    certificatePattern: certificate('{node}'),
    keyPattern: key('{node}'),
    warnBeforeMs: renewBeforeMs,
  };
}

function pendingIn(
  { authority, cluster }: AuthorityRequest,
  { makesAuthority, issuer, authorityUntil, nodes, revoked }: AuthorityWork,
  now: Date,
): PendingFiles {
  const own = authorityOf(cluster, now);
  const { notBefore, notAfter } = validityOf(authority, authorityUntil ?? own.notAfter, now);
  const until = `valid until ${day(notAfter)}`;
  return {
    ca: makesAuthority
      ? { description: `a new one, CN=${own.name}, valid until ${day(own.notAfter)}`, pem: '' }
      : undefined,
    crl: revoked === undefined ? undefined : `a new one, ${until}, ${revoked.size} revoked`,
    certificates: new Map([...nodes].map((node) => [node, `a new one of the authority, ${until}`])),
    issuer,
    validity: { notBefore, notAfter },
  };
}
