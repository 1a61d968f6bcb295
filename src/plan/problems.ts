import { connectedNames } from '../pacemaker/cib.ts';
import { platformOf } from '../platform/detect.ts';
import { normalAddress } from '../spec/address.ts';
import { conflictInCib } from './cib-conflicts.ts';
import {
  remoteHosts,
  type ClusterFacts,
  type ClusterNodeFacts,
  type Facts,
  type HostFacts,
} from './facts.ts';
import { unfitForCertificates } from './certificate-problems.ts';
import { usesCertificates, type WantedX509 } from './certificates.ts';
import { corosyncsKey } from './corosync-key.ts';
import { machineDown, machineProblem } from './machine-problem.ts';
import type { Problem } from './plan.ts';
import { runsThere } from './runs-there.ts';
import { olderMember } from './versions.ts';

/** What nodes are connected with: certificates, or else the authkey; `isStated`: the inventory says so. */
export interface Authentication {
  readonly x509: WantedX509 | undefined;
  readonly isStated: boolean;
}

const CLUSTER_UNITS = ['pacemaker.service', 'corosync.service'];

/**
 * Why hosts are left out of a plan: no answer, or something on them that outrigger must not touch. That a host does not
 * answer whose machine the cluster has `stopped` is no problem.
 */
export function findProblems(
  facts: Facts,
  stopped: ReadonlySet<string> = new Set(),
  authentication: Authentication = { x509: undefined, isStated: false },
): readonly Problem[] {
  const unfit = [...facts.machines.keys()].flatMap((host) =>
    asRefused(host, machineProblem(facts, host)),
  );
  const silent = [...facts.unreachable.values()].map(({ name, code, message, hint }): Problem => ({
    ...{ host: name, kind: 'unreachable', code, message, hint },
    ...machineDown(facts, name),
  }));
  const refused = remoteHosts(facts).flatMap((host) =>
    asRefused(host.name, refusal(host, facts, authentication)),
  );
  const seen = new Set(stopped);
  return [...unfit, ...silent, ...refused]
    .filter(({ host }) => !seen.has(host) && seen.add(host))
    .sort((one, other) => (one.host < other.host ? -1 : 1));
}

const asRefused = (host: string, reason: Reason | undefined): readonly Problem[] =>
  reason === undefined ? [] : [{ host, kind: 'refused', ...reason }];

type Reason = Pick<Problem, 'code' | 'message' | 'hint'>;

/** The first reason counts: what is wrong with the machine itself before what the cluster says of it. */
const refusal = (
  host: HostFacts,
  facts: Facts,
  { x509, isStated }: Authentication,
): Reason | undefined =>
  unknownPlatform(host) ??
  clusterMember(host, facts) ??
  corosyncsKey(host) ??
  (x509 === undefined ? certificates(host, isStated) : unfitForCertificates(host, x509)) ??
  unknownServer(host, facts) ??
  inTheWay(host, facts) ??
  sameMachine(host, facts) ??
  (facts.cluster && (connectedElsewhere(host, facts.cluster) ?? runsThere(host, facts.cluster))) ??
  unfitUpgrade(host, facts);

function unknownPlatform(host: HostFacts): Reason | undefined {
  if (platformOf(host) !== undefined) return undefined;
  const { osId, osVersion, packageManager } = host;
  return {
    code: 'PLATFORM_UNKNOWN',
    message: `its platform is not supported: ${osId || 'unknown'} ${osVersion} with ${packageManager || 'no known package manager'}`,
    hint: 'supported so far: Debian, Ubuntu, RHEL, CentOS Stream, AlmaLinux, Rocky Linux and Oracle Linux, with systemd',
  };
}

/** Why a host must not be touched: it is a cluster node. */
export function clusterMember(host: HostFacts, { clusterNodes }: Facts): Reason | undefined {
  const stack = clusterStack(host);
  if (stack === undefined && !clusterNodes.has(host.name)) return undefined;
  return {
    code: 'HOST_IS_CLUSTER_NODE',
    message: `it is a cluster node: ${stack ?? 'its name is one of the cluster nodes'}`,
    hint: 'a host is either a cluster node or a remote or guest node; nothing was removed. If its cluster is gone for good, remove the packages pacemaker and corosync and /etc/corosync/corosync.conf yourself',
  };
}

function certificates(
  { environment, environmentFile }: HostFacts,
  isStated: boolean,
): Reason | undefined {
  if (isStated || !usesCertificates(environment)) return undefined;
  return {
    code: 'HOST_USES_CERTIFICATES',
    message: `its ${environmentFile ?? 'environment file'} sets certificates (PCMK_ca_file and others), which win over the authkey`,
    hint: 'say in the inventory what is wanted: `authentication: { method: x509, … }`, or `authentication: { method: psk }` to take the certificates out of use',
  };
}

function unknownServer({ name }: HostFacts, facts: Facts): Reason | undefined {
  const members = [...facts.clusterNodes.values()];
  const lost = members.filter((member) => hasNoRoute(member, name, facts));
  if (lost.length === 0) return undefined;
  const where = lost.map((member) => member.name).sort();
  return {
    code: 'SERVER_UNKNOWN',
    message: `no route to its server address, or the name does not resolve, on ${where.join(', ')}`,
    hint: 'give an IP address as `server`, or mend the name service of that cluster node',
  };
}

function inTheWay({ name }: HostFacts, facts: Facts): Reason | undefined {
  const { cluster, servers, machines } = facts;
  const server = servers.get(name);
  return (
    cluster && server && conflictInCib(cluster.cib, { name, machine: machines.get(name) }, server)
  );
}

/** One machine under two names, each with an address of its own: the second connection would get the first one fenced. */
function sameMachine({ name, local }: HostFacts, { servers }: Facts): Reason | undefined {
  const own = servers.get(name)?.address;
  const twin = [...servers].find(
    ([other, { address }]) =>
      other !== name && address !== own && local.addresses.has(normalAddress(address)),
  );
  if (twin === undefined) return undefined;
  const [other, { address }] = twin;
  return {
    code: 'HOST_IS_TWICE',
    message: `it has the address ${address}, which is the server address of ${other}: the two are one machine`,
    hint: 'a machine is one node only; keep one of the two entries, or give each its own address',
  };
}

/** Addresses have many spellings, a connection has none: a second one would get the node of the first one fenced. */
export function connectedElsewhere(
  { name, isConnected }: HostFacts,
  { cib }: ClusterFacts,
): Reason | undefined {
  if (!isConnected || connectedNames(cib).includes(name)) return undefined;
  return {
    code: 'HOST_IS_CONNECTED',
    message:
      'a cluster is connected to its pacemaker_remote already, and this one knows no such node by its name',
    hint: 'it may be this cluster under another name, or another cluster: find out with `ss -tn` on the host, and take that connection away first',
  };
}

function clusterStack({ packages, units, hasCorosyncConf }: HostFacts): string | undefined {
  const running = CLUSTER_UNITS.find((unit) => units[unit]?.activeState === 'active');
  if (running !== undefined) return `${running} is active`;
  const enabled = CLUSTER_UNITS.find((unit) => units[unit]?.unitFileState === 'enabled');
  if (enabled !== undefined) return `${enabled} is enabled`;
  if (hasCorosyncConf && packages['corosync'] !== undefined)
    return 'it has /etc/corosync/corosync.conf';
  return packages['pacemaker'] === undefined ? undefined : 'the package pacemaker is installed';
}

/** Why packages must not be upgraded: the package manager would not, or the cluster nodes have to come first. */
function unfitUpgrade({ upgrades }: HostFacts, facts: Facts): Reason | undefined {
  if (upgrades === undefined) return undefined;
  if (upgrades.refusal !== undefined) {
    return {
      code: 'UPGRADE_REFUSED',
      message: `its package manager would not upgrade: ${upgrades.refusal}`,
      hint: 'mend that there (a package that would be removed, one that is held, lists that are missing: `apt-get update`, `dnf makecache`), then run it again',
    };
  }
  const offered = upgrades.offers.find(({ name }) => name === 'pacemaker-remote')?.offered;
  const older = olderMember(offered, facts);
  if (offered === undefined || older === undefined) return undefined;
  return {
    code: 'NEWER_THAN_CLUSTER',
    message: `it would get pacemaker-remote ${offered}, and a cluster node has Pacemaker ${older}`,
    hint: 'upgrade the cluster nodes first: a node may be older than the cluster, not newer',
  };
}

const hasNoRoute = (member: ClusterNodeFacts, name: string, facts: Facts): boolean =>
  member.routes.some(
    ({ server, source }) => server === facts.servers.get(name)?.address && source === undefined,
  );
