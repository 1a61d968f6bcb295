import { createHash, X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { readLocalFile } from '../host/local-file.ts';
import { CERTIFICATE_FILES, type CertificateRole } from '../pacemaker/names.ts';
import { certificateVariables, type WantedX509 } from '../plan/certificates.ts';
import { fileOfNode, type X509Spec } from '../spec/spec.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import { reveal, Secret } from '../support/secret.ts';
import type { CertificateSummary, CheckedSet } from '../x509/certificate-set.ts';
import { checkSet } from '../x509/check-set.ts';
import { day } from '../x509/time-left.ts';

/** What `method: x509` wants on hosts, and the bytes of it. */
export interface Credentials {
  readonly wanted: WantedX509;
  /** The content of a node's file. */
  readonly contentOf: (node: string, role: CertificateRole) => Secret;
}

/** More than any bundle of authorities. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads the certificate files of an inventory for these nodes and checks them as a set. Throws INPUT_INVALID with one line
 * for each thing that a daemon would reject: nothing is touched by then.
 */
export async function loadCertificates(
  spec: X509Spec,
  nodes: readonly string[],
  now: Date,
): Promise<Credentials> {
  const files = readFiles(spec, nodes);
  const text = (content: Secret): string => Buffer.from(reveal(content)).toString('latin1');
  const checked = await checkSet(
    {
      ca: { path: spec.ca, text: text(files.ca) },
      crl:
        files.crl && spec.crl !== undefined ? { path: spec.crl, text: text(files.crl) } : undefined,
      nodes: nodes.map((node) => ({
        node,
        certificate: {
          path: fileOfNode(spec.certificatePattern, node),
          text: text(held(files.certificates, node)),
        },
        key: { path: fileOfNode(spec.keyPattern, node), content: held(files.keys, node) },
      })),
    },
    { now, publicAuthorities: publicAuthorities() },
  );
  refuse(checked);
  const contentOf = (node: string, role: CertificateRole): Secret => {
    if (role === 'certificate') return held(files.certificates, node);
    if (role === 'key') return held(files.keys, node);
    const shared = role === 'ca' ? files.ca : files.crl;
    if (shared === undefined) throw new Error('no revocation list');
    return shared;
  };
  return { wanted: wantedOf(spec, { nodes, now, contentOf }, checked), contentOf };
}

interface Files {
  readonly ca: Secret;
  readonly crl: Secret | undefined;
  readonly certificates: ReadonlyMap<string, Secret>;
  readonly keys: ReadonlyMap<string, Secret>;
}

function readFiles(spec: X509Spec, nodes: readonly string[]): Files {
  const each = (pattern: string): ReadonlyMap<string, Secret> =>
    new Map(nodes.map((node) => [node, read(fileOfNode(pattern, node))]));
  return {
    ca: read(spec.ca),
    crl: spec.crl === undefined ? undefined : read(spec.crl),
    certificates: each(spec.certificatePattern),
    keys: each(spec.keyPattern),
  };
}

function read(path: string): Secret {
  try {
    return new Secret(readLocalFile(path, MAX_BYTES));
  } catch (thrown) {
    throw new OutriggerError('INPUT_INVALID', `cannot read ${path}: ${messageOf(thrown)}`);
  }
}

function held(contents: ReadonlyMap<string, Secret>, node: string): Secret {
  const content = contents.get(node);
  if (content === undefined) throw new Error(`no certificate was read for ${node}`);
  return content;
}

/** Those that browsers trust: node has Mozilla's list built in. */
export const publicAuthorities = (): ReadonlySet<string> =>
  new Set(rootCertificates.map((pem) => new X509Certificate(pem).fingerprint256));

function refuse({ findings }: CheckedSet): void {
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  const lines = errors.map(({ path, message }) => `${path}: ${message}`);
  throw new OutriggerError(
    'INPUT_INVALID',
    lines.length === 1
      ? `the certificates cannot be used: ${lines.join()}`
      : `the certificates cannot be used:\n  ${lines.join('\n  ')}`,
    { hint: 'a daemon would reject them, or lose its connections with them; no host was touched' },
  );
}

function wantedOf(
  spec: X509Spec,
  {
    nodes,
    now,
    contentOf,
  }: Pick<Credentials, 'contentOf'> & { readonly nodes: readonly string[]; readonly now: Date },
  { ca, nodes: summaries, findings }: CheckedSet,
): WantedX509 {
  const wanted = (node: string, role: CertificateRole, description: string) => ({
    path: CERTIFICATE_FILES[role].path,
    digest: createHash('sha256')
      .update(reveal(contentOf(node, role)))
      .digest('hex'),
    description,
  });
  const all = [...ca, ...summaries.values()];
  return {
    nodes: new Map(
      nodes.map((node) => {
        const own = summaries.get(node);
        const files = {
          ca: wanted(node, 'ca', ca.map(described).join('; ')),
          certificate: wanted(node, 'certificate', own === undefined ? '' : described(own)),
          key: wanted(node, 'key', 'the key of its certificate'),
          ...(spec.crl === undefined ? {} : { crl: wanted(node, 'crl', 'that of the inventory') }),
        };
        return [node, { files, variables: certificateVariables(spec.crl !== undefined) }];
      }),
    ),
    removesAuthkey: spec.removesAuthkey,
    validity: {
      now,
      from: new Date(Math.max(...all.map(({ notBefore }) => notBefore.getTime()))),
      until: new Date(Math.min(...all.map(({ notAfter }) => notAfter.getTime()))),
    },
    notes: findings
      .filter(({ severity }) => severity === 'warning')
      .map(({ path, message }) => `${path}: ${message}`),
  };
}

/** Eight bytes of a fingerprint: enough to compare by eye. */
const SHOWN = 8 * 3 - 1;

/** A certificate as a plan shows it. */
export const described = ({ subject, fingerprint, notAfter }: CertificateSummary): string =>
  `${subject}, until ${day(notAfter)}, sha256 ${fingerprint.slice(0, SHOWN)}…`;
