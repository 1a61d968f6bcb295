import { CERTIFICATE_ROLES, type CertificateRole } from '../pacemaker/basics/names.ts';
import {
  variablesFor,
  type CertificateFault,
  type ExpiringFile,
  type DesiredCertificates,
} from '../credentials/certificates.ts';
import {
  remoteHosts,
  type Facts,
  type OwnCertificateFacts,
  type OwnFileFacts,
} from '../model/facts.ts';
import { accessTo } from '../credentials/file-access.ts';
import type { X509OnHostsSpec } from '../inventory/spec.ts';
import { groupBy } from '../support/text/group-by.ts';
import type { CertificateSummary, NodeFiles } from '../credentials/x509/checks/certificate-set.ts';
import { checkSet } from '../credentials/x509/checks/check-set.ts';
import {
  described,
  endsOf,
  publicAuthorities,
  validityOf,
  type Credentials,
} from './load-certificates.ts';

/** A host with its own certificates, and whether it is a cluster node. */
interface Owner {
  readonly name: string;
  readonly isClusterNode: boolean;
  readonly own: OwnCertificateFacts;
}

/** Most that a host tells of a file. */
const MOST_BYTES: Readonly<Record<CertificateRole, number>> = {
  ca: 1_048_576,
  certificate: 1_048_576,
  key: 1_048_576,
  crl: 4_194_304,
};

/**
 * Checks the certificates that the hosts have already, from what they told of them: each certificate against the CA file
 * and the CRL of every host that will see it, which is each cluster node for a Pacemaker Remote node, and the
 * other way round. What is wrong is told by host: nothing is thrown, since the others may go on.
 */
export async function judgeOwnCertificates(
  { warnBeforeMs, removesAuthkey }: X509OnHostsSpec,
  facts: Facts,
  now: Date,
): Promise<Credentials> {
  const owners = ownersIn(facts);
  const lines = new Map<string, Set<string>>();
  const add = (host: string, line: string): void => {
    lines.set(host, (lines.get(host) ?? new Set()).add(line));
  };
  for (const { name, own } of owners) for (const line of lacks(own)) add(name, line);
  const whole = owners.filter(({ name }) => !lines.has(name));
  const notes = new Set<string>();
  const expiring = new Map<string, ExpiringFile>();
  const summaries = new Map<string, CertificateSummary>();
  const authorities = new Map<string, readonly CertificateSummary[]>();
  const around = { now, publicAuthorities: publicAuthorities(), warnBeforeMs };
  for (const judges of groupBy(whole, judgeOf).values()) {
    const judged = whole.filter((one) => judges.some((judge) => isSeenBy(one, judge)));
    const checked = await checkSet(setOf(judges, judged), around);
    for (const { name } of judges) authorities.set(name, checked.ca);
    for (const [name, summary] of checked.nodes) summaries.set(name, summary);
    for (const { severity, path, message, isExpiry } of checked.findings) {
      const { host, file } = fileOf(path);
      if (severity === 'warning')
        if (isExpiry === true) expiring.set(path + message, { host, path: file, message });
        else notes.add(`${path}: ${message}`);
      else if (host === undefined) for (const { name } of judges) add(name, `${file}: ${message}`);
      else
        blame(host, judges, judged).forEach((name) => {
          add(name, `${name === host ? file : path}: ${message}`);
        });
    }
  }
  const faults = faultsOf(owners, lines);
  const used = owners.filter(({ name }) => !faults.has(name));
  const all = used.flatMap(({ name }) => {
    const summary = summaries.get(name);
    return [...(authorities.get(name) ?? []), ...(summary === undefined ? [] : [summary])];
  });
  const desired = {
    nodes: new Map(
      owners.map((one) => [one.name, desiredOf(one, authorities.get(one.name), summaries)]),
    ),
    removesAuthkey,
    validity: validityOf(all, now),
    notes: [...notes],
    expiring: [...expiring.values()],
    ends: endsOf(summaries),
    faults,
  };
  return {
    desired,
    contentOf: () => {
      throw new Error('certificates of the hosts are not written');
    },
  };
}

const ownersIn = (facts: Facts): readonly Owner[] =>
  [
    ...[...facts.clusterNodes.values()].map((host) => ({ host, isClusterNode: true })),
    ...remoteHosts(facts).map((host) => ({ host, isClusterNode: false })),
  ].flatMap(({ host: { name, ownCertificates: own }, isClusterNode }) =>
    own === undefined ? [] : [{ name, isClusterNode, own }],
  );

/** What a host lacks before anything can be judged. */
function lacks({ files, hasOpenssl }: OwnCertificateFacts): readonly string[] {
  const lines = CERTIFICATE_ROLES.flatMap((role) => {
    const file = files[role];
    if (file === undefined) return [];
    if (file.state === 'missing') return [`${file.path} does not exist`];
    if (file.state === 'other') return [`${file.path} is not a regular file`];
    if (file.bytes > MOST_BYTES[role])
      return [`${file.path} is larger than ${MOST_BYTES[role] / 1_048_576} MiB`];
    return file.holdsKey && role !== 'key'
      ? [`${file.path}: it holds a private key: keep the key in a file of its own`]
      : [];
  });
  if (lines.length > 0 || hasOpenssl) return lines;
  return [
    'openssl is not installed, so it cannot be verified that the key belongs to the certificate',
  ];
}

/** Hosts with the same CA file and list accept the same. */
const judgeOf = ({ own: { files } }: Owner): string =>
  `${files.ca?.digest ?? ''} ${files.crl?.digest ?? ''}`;

/** Cluster nodes connect to Pacemaker Remote nodes, and no others; what a host thinks of itself counts as well. */
const isSeenBy = (one: Owner, judge: Owner): boolean =>
  one.isClusterNode !== judge.isClusterNode || one.name === judge.name;

const pathIn = (name: string, file: OwnFileFacts | undefined): string =>
  `${name}:${file?.path ?? ''}`;

function fileOf(path: string): { readonly host: string | undefined; readonly file: string } {
  const colon = path.indexOf(':');
  return path.startsWith('/')
    ? { host: undefined, file: path }
    : { host: path.slice(0, colon), file: path.slice(colon + 1) };
}

function setOf(judges: readonly Owner[], judged: readonly Owner[]) {
  const { ca, crl } = judges[0]?.own.files ?? {};
  return {
    ca: { path: ca?.path ?? '', text: ca?.pem ?? '' },
    crl: crl === undefined ? undefined : { path: crl.path, text: crl.pem },
    nodes: judged.map(({ name, own: { files, key } }): NodeFiles => ({
      node: name,
      certificate: {
        path: pathIn(name, files.certificate),
        text: files.certificate?.pem ?? '',
      },
      key: {
        path: pathIn(name, files.key),
        reported: { ...key, publicDigest: files.key?.digest ?? '' },
      },
    })),
  };
}

/**
 * Who has to stand back when a host's certificate is not right in the eyes of these judges: the host itself; and where a
 * cluster node's is not accepted by Pacemaker Remote nodes, they, since the cluster goes on without them.
 */
function blame(
  host: string,
  judges: readonly Owner[],
  judged: readonly Owner[],
): readonly string[] {
  const isClusterNode = judged.some((one) => one.name === host && one.isClusterNode);
  const isOwnJudge = judges.some(({ name }) => name === host);
  if (!isClusterNode || isOwnJudge) return [host];
  return judges.filter((judge) => !judge.isClusterNode).map(({ name }) => name);
}

function faultsOf(
  owners: readonly Owner[],
  lines: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlyMap<string, CertificateFault> {
  return new Map(
    owners.flatMap(({ name, own }) => {
      const fault = unfit(lines.get(name)) ?? unreadable(own);
      return fault === undefined ? [] : [[name, fault] as const];
    }),
  );
}

function unfit(lines: ReadonlySet<string> | undefined): CertificateFault | undefined {
  if (lines === undefined) return undefined;
  return {
    code: 'CERTIFICATE_UNUSABLE',
    message: `its certificates cannot be used: ${[...lines].join('; ')}`,
    hint: 'a daemon would reject them or lose its connections; the files are unchanged',
  };
}

function unreadable({ files }: OwnCertificateFacts): CertificateFault | undefined {
  for (const role of CERTIFICATE_ROLES) {
    const file = files[role];
    const access = file && accessTo(role, file);
    if (access?.kind === 'refused')
      return { code: 'CERTIFICATE_UNREADABLE', message: access.because, hint: access.hint };
  }
  return undefined;
}

function desiredOf(
  { name, own: { files } }: Owner,
  authorities: readonly CertificateSummary[] = [],
  summaries: ReadonlyMap<string, CertificateSummary>,
): DesiredCertificates {
  const own = summaries.get(name);
  const descriptions: Readonly<Record<CertificateRole, string>> = {
    ca: authorities.map(described).join('; '),
    certificate: own === undefined ? '' : described(own),
    key: 'the key of its certificate',
    crl: 'the one on the host',
  };
  return {
    files: Object.fromEntries(
      CERTIFICATE_ROLES.flatMap((role) => {
        const file = files[role];
        if (file === undefined) return [];
        return [[role, { path: file.path, digest: file.digest, description: descriptions[role] }]];
      }),
    ),
    variables: variablesFor((role) => files[role]?.path),
  };
}
