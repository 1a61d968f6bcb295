import { createHash, X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { readLocalFile } from '../host/files/local-file.ts';
import { CERTIFICATE_FILES, type CertificateRole } from '../pacemaker/basics/names.ts';
import type { GivenList, Revokes } from '../credentials/revoked-in-use.ts';
import {
  certificateVariables,
  type DesiredFile,
  type DesiredX509,
} from '../credentials/certificates.ts';
import { fileOfNode, type X509Spec } from '../inventory/spec.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import { reveal, Secret } from '../support/secret.ts';
import type { CertificateFinding } from '../model/certificate-finding.ts';
import type {
  CertificateSummary,
  CheckedSet,
  NodeFiles,
} from '../credentials/x509/checks/certificate-set.ts';
import { checkSet } from '../credentials/x509/checks/check-set.ts';
import type { RolloverStep } from '../credentials/x509/rollover.ts';
import { day } from '../credentials/x509/time-left.ts';
import type { Host } from '../host/host.ts';
import type { ReportedKey } from '../model/facts.ts';
import type { Asking } from './authority-key.ts';

/** What `method: x509` wants on hosts, and the bytes of it. */
export interface Credentials {
  readonly desired: DesiredX509;
  /** The content of a node's file. */
  readonly contentOf: (node: string, role: CertificateRole) => Secret;
  /** What has still to be made before anything is given to hosts; undefined: nothing. */
  readonly pending?: PendingWork | undefined;
  /** Undefined: no list is given, or one that has still to be made, which is held against what is in use before. */
  readonly list?: GivenList | undefined;
  /** An authority of our own is being replaced. */
  readonly rollover?: Rollover | undefined;
}

/** The step that nodes are taking, or are about to take. */
export interface Rollover {
  readonly step: RolloverStep;
  /** What the step after it wants; undefined: this one has still something to make, or is the last. */
  readonly next: (() => Promise<Credentials> | undefined) | undefined;
}

/** Makes what is missing, and gives the credentials that are whole. */
export interface PendingWork {
  readonly revokes: Revokes;
  readonly make: (means: Means) => Promise<Credentials>;
}

/** What it takes to make credentials. */
export interface Means extends Asking {
  readonly hosts: ReadonlyMap<string, Host>;
}

/** Files that are still to be made: what the plan calls each, and from when until when all of them will be valid. */
export interface PendingFiles {
  /** `pem`: certificates that it will hold in any case. */
  readonly ca: { readonly description: string; readonly pem: string } | undefined;
  readonly crl: string | undefined;
  /** By node. */
  readonly certificates: ReadonlyMap<string, string>;
  /** The certificate of the authority that makes them; undefined: it has still to be made as well, or is not known. */
  readonly issuer: string | undefined;
  /** Undefined: whoever signs decides. */
  readonly validity: Pick<CertificateSummary, 'notBefore' | 'notAfter'> | undefined;
}

/** An inventory's files of an authority; the keys lie beside them, or are on the hosts. */
type CertificateFiles = Omit<X509Spec, 'kind' | 'keyPattern'> &
  (Pick<X509Spec, 'keyPattern'> | { readonly keysOnHosts: ReadonlyMap<string, ReportedKey> });

/** More than any bundle of authorities. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads the certificate files of an inventory for these nodes and checks them as a set. Throws INPUT_INVALID with one line
 * for each thing that a daemon would reject: nothing is touched by then. Files that are still to be made are not read.
 */
export async function loadCertificates(
  spec: CertificateFiles,
  nodes: readonly string[],
  now: Date,
  pending?: PendingFiles,
): Promise<Credentials> {
  const files = readFiles(spec, nodes, pending);
  const checked = await check(spec, files, now, pending);
  refuse(checked);
  const contentOf = (node: string, role: CertificateRole): Secret => {
    if (role === 'certificate') return held(files.certificates, node);
    if (role === 'key') return contentOfKey(held(files.keys, node));
    const shared = role === 'ca' ? files.ca : files.crl;
    if (shared === undefined) throw new Error(`no such file: ${role}`);
    return shared;
  };
  const digestOf = (node: string, role: CertificateRole): string => {
    const key = role === 'key' ? held(files.keys, node) : undefined;
    return key && 'reported' in key ? key.reported.publicDigest : sha256(contentOf(node, role));
  };
  return {
    desired: desiredOf(spec, { nodes, now, contentOf, digestOf, pending }, checked),
    contentOf,
    list: files.crl && {
      count: checked.revokedCount,
      revokes: checked.revokes,
      certificateOf: (node) => readableText(fileOfNode(spec.certificatePattern, node)),
    },
  };
}

function contentOfKey(key: NodeFiles['key']): Secret {
  if ('content' in key) return key.content;
  throw new Error('a key that was created on its host stays there');
}

const sha256 = (content: Secret): string =>
  createHash('sha256').update(reveal(content)).digest('hex');

interface Files {
  /** Undefined: still to be made. */
  readonly ca: Secret | undefined;
  readonly crl: Secret | undefined;
  readonly certificates: ReadonlyMap<string, Secret>;
  readonly keys: ReadonlyMap<string, NodeFiles['key']>;
}

function readFiles(
  spec: CertificateFiles,
  nodes: readonly string[],
  pending: PendingFiles | undefined,
): Files {
  const there = nodes.filter((node) => pending?.certificates.has(node) !== true);
  const keyOf = (node: string): NodeFiles['key'] => {
    if ('keysOnHosts' in spec)
      return {
        path: `${node}:${CERTIFICATE_FILES.key.path}`,
        reported: held(spec.keysOnHosts, node),
      };
    const path = fileOfNode(spec.keyPattern, node);
    return { path, content: read(path) };
  };
  const certificateOf = (node: string) => read(fileOfNode(spec.certificatePattern, node));
  const hasList = spec.crl !== undefined && pending?.crl === undefined;
  return {
    ca: pending?.ca === undefined ? read(spec.ca) : undefined,
    crl: hasList ? read(spec.crl) : undefined,
    certificates: new Map(there.map((node) => [node, certificateOf(node)])),
    keys: new Map(there.map((node) => [node, keyOf(node)])),
  };
}

const NOT_CHECKED: CheckedSet = {
  findings: [],
  ca: [],
  nodes: new Map(),
  revokes: () => false,
  revokedCount: 0,
};

/** What is there already must be good, whatever is still to be made. */
async function check(
  spec: CertificateFiles,
  files: Files,
  now: Date,
  pending: PendingFiles | undefined,
): Promise<CheckedSet> {
  const ca = files.ca === undefined ? pending?.ca?.pem : textOf(files.ca);
  if (ca === undefined || ca === '') return NOT_CHECKED;
  const nodes = [...files.certificates].map(([node, certificate]) => ({
    node,
    certificate: { path: fileOfNode(spec.certificatePattern, node), text: textOf(certificate) },
    key: held(files.keys, node),
  }));
  const crl =
    files.crl && spec.crl !== undefined ? { path: spec.crl, text: textOf(files.crl) } : undefined;
  return checkSet(
    { ca: { path: spec.ca, text: ca }, crl, nodes },
    { now, publicAuthorities: publicAuthorities(), warnBeforeMs: spec.warnBeforeMs },
  );
}

const textOf = (content: Secret): string => Buffer.from(reveal(content)).toString('latin1');

function read(path: string): Secret {
  try {
    return new Secret(readLocalFile(path, MAX_BYTES));
  } catch (thrown) {
    throw new OutriggerError('INPUT_INVALID', `cannot read ${path}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

/** Undefined: it cannot be read. */
function readableText(path: string): string | undefined {
  try {
    return textOf(read(path));
  } catch {
    return undefined;
  }
}

function held<Held>(contents: ReadonlyMap<string, Held>, node: string): Held {
  const content = contents.get(node);
  if (content === undefined) throw new Error(`no certificate was read for ${node}`);
  return content;
}

let fingerprints: ReadonlySet<string> | undefined;

/** Those that browsers trust: node has Mozilla's list built in. */
export const publicAuthorities = (): ReadonlySet<string> =>
  (fingerprints ??= new Set(
    rootCertificates.map((pem) => new X509Certificate(pem).fingerprint256),
  ));

/** Throws INPUT_INVALID with one line for each error among these. */
export function refuse({ findings }: { readonly findings: readonly CertificateFinding[] }): void {
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  const lines = errors.map(({ path, message }) => `${path}: ${message}`);
  throw new OutriggerError(
    'INPUT_INVALID',
    lines.length === 1
      ? `the certificates cannot be used: ${lines.join()}`
      : `the certificates cannot be used:\n  ${lines.join('\n  ')}`,
    {
      hint: 'a daemon would reject them or lose its connections; no daemon was changed',
    },
  );
}

interface Selection extends Pick<Credentials, 'contentOf'> {
  readonly digestOf: (node: string, role: CertificateRole) => string;
  readonly nodes: readonly string[];
  readonly now: Date;
  readonly pending: PendingFiles | undefined;
}

function desiredOf(
  spec: CertificateFiles,
  { nodes, now, contentOf, digestOf, pending }: Selection,
  { ca, nodes: summaries, findings }: CheckedSet,
): DesiredX509 {
  const desired = (role: CertificateRole, node: string, description: string) => ({
    path: CERTIFICATE_FILES[role].path,
    digest: digestOf(node, role),
    description,
    pem: role === 'ca' || role === 'certificate' ? textOf(contentOf(node, role)) : undefined,
  });
  /** What has still to be made; undefined: the file lies there. */
  const either = (
    role: CertificateRole,
    toBeMade: Pick<DesiredFile, 'description' | 'pem' | 'issuer'> | undefined,
    there: readonly [node: string, description: string],
  ): DesiredFile =>
    toBeMade === undefined
      ? desired(role, ...there)
      : { path: CERTIFICATE_FILES[role].path, digest: undefined, ...toBeMade };
  const issued = (made: string | undefined) =>
    made === undefined ? undefined : { description: made, issuer: pending?.issuer };
  const isKeyMadeThere = 'keysOnHosts' in spec;
  const newKey = isKeyMadeThere ? 'a new key, created on the host' : 'a new key';
  const filesOf = (node: string) => {
    const made = pending?.certificates.get(node);
    const own = summaries.get(node);
    return {
      ca: either('ca', pending?.ca, [node, ca.map(described).join('; ')]),
      certificate: either('certificate', issued(made), [node, own ? described(own) : '']),
      key: either('key', describedAs(made && newKey), [node, 'the key of its certificate']),
      ...(spec.crl === undefined
        ? {}
        : { crl: either('crl', describedAs(pending?.crl), [node, 'the one of the inventory']) }),
    };
  };
  const variables = certificateVariables(spec.crl !== undefined);
  const all = [...ca, ...summaries.values(), ...(pending?.validity ? [pending.validity] : [])];
  return {
    nodes: new Map(
      nodes.map((node) => [node, { files: filesOf(node), variables, isKeyMadeThere }]),
    ),
    removesAuthkey: spec.removesAuthkey,
    validity: validityOf(all, now),
    notes: findings
      .filter(({ severity, isExpiry }) => severity === 'warning' && isExpiry !== true)
      .map(({ path, message }) => `${path}: ${message}`),
    expiring: findings
      .filter(({ isExpiry }) => isExpiry === true)
      .map(({ path, message }) => ({
        host: nodes.find((node) => fileOfNode(spec.certificatePattern, node) === path),
        path,
        message,
      })),
    ends: endsOf(summaries),
  };
}

/** When all of these are valid; without any, always. */
export const validityOf = (
  all: readonly Pick<CertificateSummary, 'notBefore' | 'notAfter'>[],
  now: Date,
) => ({
  now,
  from: new Date(Math.max(0, ...all.map(({ notBefore }) => notBefore.getTime()))),
  until: new Date(Math.min(8.64e15, ...all.map(({ notAfter }) => notAfter.getTime()))),
});

/** When each certificate ends. */
export const endsOf = (
  summaries: ReadonlyMap<string, CertificateSummary>,
): ReadonlyMap<string, Date> =>
  new Map([...summaries].map(([node, { notAfter }]) => [node, notAfter]));

const describedAs = (description: string | undefined) =>
  description === undefined ? undefined : { description };

/** Eight bytes of a fingerprint: enough to compare by eye. */
const SHOWN = 8 * 3 - 1;

/** A certificate as a plan shows it. */
export const described = ({ subject, fingerprint, notAfter }: CertificateSummary): string =>
  `${subject}, until ${day(notAfter)}, sha256 ${fingerprint.slice(0, SHOWN)}…`;
