import { nodeConnection } from '../../pacemaker/cib/cib.ts';
import { DEFAULT_PORT, REMOTE_UNIT } from '../../pacemaker/basics/names.ts';
import { endOfOrphans, orphanedConnection } from '../../pacemaker/cib/orphans.ts';
import { platformOf } from '../../platform/detect.ts';
import { normalAddress } from '../../support/values/address.ts';
import { conflictInCib } from './cib-conflicts.ts';
import {
  clusterOnlyNodes,
  remoteHosts,
  type ClusterFacts,
  type ClusterNodeFacts,
  type Facts,
  type HostFacts,
} from '../../model/facts.ts';
import { unfitForCertificates } from '../../credentials/certificate-problems.ts';
import type { DesiredX509 } from '../../credentials/certificates.ts';
import { corosyncsKey } from '../../credentials/corosync-key.ts';
import { certificatesOn } from '../../credentials/in-use.ts';
import { vmDown, vmProblem } from './vm-problem.ts';
import type { Problem } from '../../model/plan.ts';
import { runsThere } from './already-active.ts';
import { olderClusterNode } from './versions.ts';
import { oncePer } from '../../support/values/once-per.ts';
import { groupBy } from '../../support/text/group-by.ts';

/** What nodes are connected with: certificates, or else the authkey; `isStated`: the inventory states it. */
export interface Authentication {
  readonly x509: DesiredX509 | undefined;
  readonly isStated: boolean;
}

const CLUSTER_UNITS = ['pacemaker.service', 'corosync.service'];

/**
 * Why hosts are left out of a plan: no answer, or something on them that outrigger must not touch. That a host does not
 * answer whose VM the cluster has `stopped` is no problem.
 */
export function findProblems(
  facts: Facts,
  stopped: ReadonlySet<string> = new Set(),
  authentication: Authentication = { x509: undefined, isStated: false },
): readonly Problem[] {
  const unfit = [...facts.vms.keys()].flatMap((host) => asRefused(host, vmProblem(facts, host)));
  const unreachable = [...facts.unreachable.values()].map(
    ({ name, code, message, hint }): Problem => ({
      host: name,
      kind: 'unreachable',
      code,
      message,
      hint,
      ...vmDown(facts, name),
    }),
  );
  const refused = remoteHosts(facts).flatMap((host) =>
    asRefused(host.name, refusal(host, facts, authentication)),
  );
  const ofOthers = [...clusterOnlyNodes(facts)].flatMap((name) =>
    asRefused(name, refusalByCluster(name, facts)),
  );
  const seen = new Set(stopped);
  return [...unfit, ...unreachable, ...refused, ...ofOthers]
    .filter(({ host }) => !seen.has(host) && seen.add(host))
    .sort((one, other) => (one.host < other.host ? -1 : 1));
}

const asRefused = (host: string, reason: Reason | undefined): readonly Problem[] =>
  reason === undefined ? [] : [{ host, kind: 'refused', ...reason }];

type Reason = Pick<Problem, 'code' | 'message' | 'hint'>;

/** The first reason counts: what is wrong with the host itself before what the cluster reports of it. */
const refusal = (
  host: HostFacts,
  facts: Facts,
  { x509, isStated }: Authentication,
): Reason | undefined =>
  notOurs(host, facts) ??
  (x509 === undefined ? certificates(host, isStated) : unfitForCertificates(host, x509)) ??
  unknownServer(host, facts) ??
  blocking(host, facts) ??
  sameHost(host, facts) ??
  (facts.cluster &&
    (orphaned(host.name, facts.cluster) ??
      connectedElsewhere(host, facts.cluster) ??
      runsThere(host, facts.cluster))) ??
  unfitUpgrade(host, facts);

/** A node whose host is managed by others is known from the cluster only. */
const refusalByCluster = (name: string, facts: Facts): Reason | undefined =>
  unknownServer({ name }, facts) ??
  blocking({ name }, facts) ??
  (facts.cluster && orphaned(name, facts.cluster));

const notOurs = (host: HostFacts, facts: Facts): Reason | undefined =>
  unknownPlatform(host) ??
  clusterNodeToo(host, facts) ??
  corosyncsKey(host) ??
  foreignDaemon(host, facts);

function unknownPlatform(host: HostFacts): Reason | undefined {
  if (platformOf(host) !== undefined) return undefined;
  const { osId, osVersion, packageManager } = host;
  return {
    code: 'PLATFORM_UNKNOWN',
    message: `its platform is not supported: ${osId || 'unknown'} ${osVersion} with ${packageManager || 'no known package manager'}`,
    hint: 'supported so far: Debian, Ubuntu, RHEL, CentOS Stream, AlmaLinux, Rocky Linux and Oracle Linux, with systemd; `manage: cluster-only` manages only the cluster configuration',
  };
}

/** Why a host must not be touched: it is a cluster node. */
export function clusterNodeToo(host: HostFacts, { clusterNodes }: Facts): Reason | undefined {
  const stack = clusterStack(host);
  if (stack === undefined && !clusterNodes.has(host.name)) return undefined;
  return {
    code: 'HOST_IS_CLUSTER_NODE',
    message: `it is a cluster node: ${stack ?? 'its name is one of the cluster nodes'}`,
    hint: 'a host is either a cluster node or a remote or guest node; nothing was removed. If its cluster no longer exists, remove the packages pacemaker and corosync and /etc/corosync/corosync.conf manually',
  };
}

function certificates(host: HostFacts, isStated: boolean): Reason | undefined {
  const message = isStated ? undefined : certificatesOn(host);
  if (message === undefined) return undefined;
  return {
    code: 'HOST_USES_CERTIFICATES',
    message,
    hint: 'declare the credentials in the inventory: `authentication: { method: x509, … }`, or `authentication: { method: psk }` to stop using the certificates',
  };
}

/**
 * A daemon that systemd did not start as our unit: in a container, or by hand. The unit could not start beside it, and once it is
 * enabled the two would race for the port at each boot.
 */
function foreignDaemon(
  { name, units, listening }: HostFacts,
  { servers }: Facts,
): Reason | undefined {
  const port = servers.get(name)?.port ?? DEFAULT_PORT;
  const state = units[REMOTE_UNIT]?.activeState ?? 'inactive';
  if (!listening.includes(port) || !['inactive', 'failed'].includes(state)) return undefined;
  return {
    code: 'PORT_IN_USE',
    message: `another process listens on port ${port} there, while ${REMOTE_UNIT} is ${state}`,
    hint: `find it (\`ss -ltnp 'sport = :${port}'\`): outrigger manages only the unit, not a daemon in a container or one that was started manually. Stop it, or use another port for the node; if this is intended, \`manage: cluster-only\` manages only the cluster configuration`,
  };
}

function unknownServer({ name }: Pick<HostFacts, 'name'>, facts: Facts): Reason | undefined {
  const clusterNodes = [...facts.clusterNodes.values()];
  const lost = clusterNodes.filter((clusterNode) => hasNoRoute(clusterNode, name, facts));
  if (lost.length === 0) return undefined;
  const where = lost.map(({ name: from }) => from).sort();
  return {
    code: 'SERVER_UNKNOWN',
    message: `no route to its server address, or the name does not resolve, on ${where.join(', ')}`,
    hint: 'use an IP address as `server`, or fix name resolution on that cluster node',
  };
}

function blocking({ name }: Pick<HostFacts, 'name'>, facts: Facts): Reason | undefined {
  const { cluster, servers, vms } = facts;
  const server = servers.get(name);
  return cluster && server && conflictInCib(cluster.cib, { name, vm: vms.get(name) }, server);
}

/** One host under two names, each with an address of its own: the second connection would get the first one fenced. */
function sameHost({ name, local }: HostFacts, { servers }: Facts): Reason | undefined {
  const own = servers.get(name)?.address;
  const [twin] = [...local.addresses]
    .flatMap((address) => serversByAddress(servers).get(address) ?? [])
    .filter(({ other, address }) => other !== name && address !== own)
    .sort((one, another) => one.index - another.index);
  if (twin === undefined) return undefined;
  const { other, address } = twin;
  return {
    code: 'DUPLICATE_HOST',
    message: `it has the address ${address}, which is the server address of ${other}: both are the same host`,
    hint: 'a host can be only one node; keep one of the two entries, or correct their addresses',
  };
}

interface Declared {
  readonly other: string;
  readonly address: string;
  /** Its place in the inventory. */
  readonly index: number;
}

const serversByAddress = oncePer(
  (servers: Facts['servers']): ReadonlyMap<string, readonly Declared[]> =>
    groupBy(
      [...servers].map(([other, { address }], index) => ({ other, address, index })),
      ({ address }) => normalAddress(address),
    ),
);

/**
 * The connection was deleted and still runs: the cluster would take the new one for the old one, with what was left of its
 * history, and the daemon there would be restarted under it.
 */
export function orphaned(name: string, cluster: ClusterFacts): Reason | undefined {
  const orphan = orphanedConnection(cluster.mon, name);
  if (orphan === undefined) return undefined;
  return {
    code: 'CONNECTION_ORPHANED',
    message: `its connection was deleted from the CIB but still runs on ${orphan.on.join(', ')} (orphaned)`,
    hint: endOfOrphans(cluster),
  };
}

/** Addresses have many spellings, a connection has none: a second one would get the node of the first one fenced. */
export function connectedElsewhere(
  { name, isConnected }: HostFacts,
  { cib }: ClusterFacts,
): Reason | undefined {
  if (!isConnected || nodeConnection(cib, name) !== undefined) return undefined;
  return {
    code: 'HOST_IS_CONNECTED',
    message:
      'a cluster is already connected to its pacemaker_remote, but this cluster has no node with that name',
    hint: 'it may be this cluster under another node name, or another cluster: check with `ss -tn` on the host, and remove that connection first',
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
      message: `its package manager refuses the upgrade: ${upgrades.refusal}`,
      hint: 'fix this on the host (a package that would be removed, a held package, missing package lists: `apt-get update`, `dnf makecache`), then run it again',
    };
  }
  const offered = upgrades.offers.find(({ name }) => name === 'pacemaker-remote')?.offered;
  const older = olderClusterNode(offered, facts);
  if (offered === undefined || older === undefined) return undefined;
  return {
    code: 'NEWER_THAN_CLUSTER',
    message: `it would get pacemaker-remote ${offered}, but a cluster node has Pacemaker ${older}`,
    hint: 'upgrade the cluster nodes first: a remote node may be older than the cluster, but not newer',
  };
}

const hasNoRoute = (clusterNode: ClusterNodeFacts, name: string, facts: Facts): boolean =>
  serversWithoutRoute(clusterNode).has(facts.servers.get(name)?.address);

const serversWithoutRoute = oncePer(
  ({ routes }: ClusterNodeFacts): ReadonlySet<string | undefined> =>
    new Set(routes.filter(({ source }) => source === undefined).map(({ server }) => server)),
);
