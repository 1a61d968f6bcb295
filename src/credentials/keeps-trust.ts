import type { X509Certificate } from 'node:crypto';
import { connectedNames, type Cib } from '../pacemaker/cib/cib.ts';
import { certificatesIn, trustedBy } from './x509/trust.ts';
import { REMOTE_UNIT } from '../pacemaker/basics/names.ts';
import { nodeKey } from '../pacemaker/basics/node-names.ts';
import { isThatFile, type DesiredFile, type DesiredX509 } from './certificates.ts';
import {
  allHosts,
  remoteHosts,
  type CertificateFileFacts,
  type Facts,
  type HostFacts,
} from '../model/facts.ts';
import { nameInCluster } from '../model/membership.ts';

/** What one end of connections shows and accepts, as it is and as it shall be. */
interface End {
  /** Certificate files; in the place of one that has still to be made that of its authority. */
  readonly shows: { readonly now: string; readonly desired: string };
  /** CA files. */
  readonly accepts: { readonly now: string; readonly desired: string };
}

/**
 * Whether the two ends of every connection go on accepting each other while each of them changes its certificates in its
 * own time: each certificate, the one that an end has and the one that it gets, is accepted by the CA file that the other
 * end has and by the one that it gets. Where it is not known what an end has (its host gave no answer, or its daemon is
 * older than its files), no end may begin to present what another may not accept, or cease to accept what another may present.
 */
export function keepsTrust(facts: Facts, cib: Cib, x509: DesiredX509): boolean {
  const connected = connectedNames(cib);
  const clusterNodes = [...facts.clusterNodes.values()];
  const nodes = remoteHosts(facts).filter(({ name }) => connected.includes(name));
  const hosts = [...clusterNodes, ...nodes];
  const read = (some: readonly HostFacts[]): readonly End[] => some.map((one) => endOf(one, x509));
  const [servers, clients] = [read(nodes), read(clusterNodes)];
  const isOther = hosts.some((host) => hasOther(host, x509, 'ca'));
  if (isOther && !(accept(servers, clients) && accept(clients, servers))) return false;
  const names = [...connected, ...cib.clusterNodes.map(({ name }) => name)];
  const areAllThere = names.every((name) =>
    hosts.some((host) => nameInCluster(host) === nodeKey(name)),
  );
  const isUnknown = (role: 'ca' | 'certificate'): boolean =>
    !areAllThere || nodes.some((host) => isOlderThan(host, role));
  const ends = [...servers, ...clients];
  return (
    (!isUnknown('ca') || ends.every(showsNothingNew(ends))) &&
    (!isUnknown('certificate') || ends.every(acceptsNoLess))
  );
}

/**
 * Cluster nodes and connected nodes that are not known to use the desired certificates: a step that
 * stands on this one cannot begin.
 */
export function notYetUsing(facts: Facts, cib: Cib, x509: DesiredX509): readonly string[] {
  const isUsing = (host: HostFacts): boolean =>
    (['ca', 'certificate'] as const).every(
      (role) =>
        isThatFile(host.certificates[role], x509.nodes.get(host.name)?.files[role]) &&
        !(isRemote(host, facts) && isOlderThan(host, role)),
    );
  const hosts = allHosts(facts);
  const users = new Set(hosts.filter(isUsing).map(nameInCluster));
  const names = [...cib.clusterNodes.map(({ name }) => name), ...connectedNames(cib)];
  return names.filter((name) => !users.has(nodeKey(name))).sort();
}

const isRemote = ({ name }: HostFacts, { clusterNodes }: Facts): boolean => !clusterNodes.has(name);

/** Whether a daemon has still what was in a file before. */
function isOlderThan({ certificates, units }: HostFacts, role: 'ca' | 'certificate'): boolean {
  const { startedAt } = units[REMOTE_UNIT] ?? {};
  const { modifiedAt = 0 } = certificates[role] ?? {};
  return startedAt !== undefined && startedAt < modifiedAt;
}

export const hasOther = (
  { name, certificates }: HostFacts,
  { nodes }: DesiredX509,
  role: 'ca' | 'certificate',
): boolean => {
  const desired = nodes.get(name)?.files[role];
  return (
    desired !== undefined &&
    certificates[role] !== undefined &&
    !isThatFile(certificates[role], desired)
  );
};

function endOf({ name, certificates }: HostFacts, { nodes }: DesiredX509): End {
  const files = nodes.get(name)?.files;
  return {
    shows: textsOf(certificates.certificate, files?.certificate),
    accepts: textsOf(certificates.ca, files?.ca),
  };
}

/** A file that is not there is about to be. */
function textsOf(found: CertificateFileFacts | undefined, file: DesiredFile | undefined) {
  const desired = file?.pem ?? file?.issuer ?? '';
  const isSame = found === undefined || isThatFile(found, file);
  return { now: isSame ? desired : (found.pem ?? ''), desired };
}

const accept = (some: readonly End[], others: readonly End[]): boolean => {
  const files = new Set(some.flatMap(({ accepts }) => [accepts.now, accepts.desired]));
  const shown = others.flatMap(({ shows }) => [shows.now, shows.desired]);
  const chains = [...new Set(shown)].map(certificatesIn);
  return [...files]
    .map(certificatesIn)
    .every((authorities) => chains.every((chain) => authorityOf(chain, authorities) !== undefined));
};

/** The authority by which a chain is accepted, as a fingerprint; one that stands in the CA file itself is its own. */
const authorityOf = (
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): string | undefined =>
  (
    authorities.find(({ fingerprint256 }) => fingerprint256 === chain[0]?.fingerprint256) ??
    trustedBy(chain, authorities)
  )?.fingerprint256;

/** Whether an end will show a certificate of an authority of which another end presents one already. */
function showsNothingNew(ends: readonly End[]): (end: End) => boolean {
  const authorityAt = ({ shows, accepts }: End, when: 'now' | 'desired'): string | undefined =>
    authorityOf(certificatesIn(shows[when]), certificatesIn(accepts[when]));
  const shown = new Set(ends.map((end) => authorityAt(end, 'now')));
  return (end) => shown.has(authorityAt(end, 'desired'));
}

function acceptsNoLess({ accepts }: End): boolean {
  if (accepts.now === accepts.desired) return true;
  const kept = new Set(certificatesIn(accepts.desired).map(({ fingerprint256 }) => fingerprint256));
  return certificatesIn(accepts.now).every(({ fingerprint256 }) => kept.has(fingerprint256));
}
