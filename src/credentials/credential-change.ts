import { connectedNames, hasConnections, type Cib } from '../pacemaker/cib/cib.ts';
import {
  isApart,
  isHeldInMaintenance,
  isQuiet,
  quietlyProtected,
} from '../pacemaker/procedures/edit.ts';
import { connectedAt } from '../pacemaker/cib/history.ts';
import { CLUSTER_UNIT } from '../pacemaker/basics/names.ts';
import type {
  CredentialChange,
  CredentialChangeKind,
  NodeByNodeChange,
} from '../model/credential-change.ts';
import type { ItemKind } from '../playbook/item-kinds.ts';
import type { AuthkeyChoice } from './authkey-choice.ts';
import { usesCertificates, variablesDiffer, type DesiredX509 } from './certificates.ts';
import {
  remoteHosts,
  type ClusterFacts,
  type ClusterNodeFacts,
  type Facts,
  type HostFacts,
} from '../model/facts.ts';
import { hazardsIn } from './hazards.ts';
import { hasOther, keepsTrust } from './keeps-trust.ts';
import { NODE_BY_NODE_SECONDS } from './node-by-node-change.ts';

/** With which credentials the nodes shall be connected; `isStated`: the inventory states it, it is not the default. */
export type DesiredCredentials =
  | { readonly x509: DesiredX509; readonly isStated: boolean }
  | { readonly authkey: AuthkeyChoice; readonly isStated: boolean };

/** What is changed with these; each daemon reads it when it is started, or for each connection. */
export const CREDENTIAL_ITEMS: Readonly<Record<CredentialChangeKind, readonly ItemKind[]>> = {
  // Certificates are harmless before a daemon is configured to use them, and so is an authkey beside certificates.
  'to-certificates': ['environment', 'pacemaker', 'service'],
  'to-authkey': ['environment', 'pacemaker', 'service'],
  'certificate-files': ['environment', 'pacemaker', 'service'],
  authkey: ['authkey', 'pacemaker', 'service'],
  // A cluster node reads its files for each connection.
  authority: ['certificate', 'service'],
};

// As in labs of two cluster nodes (3.0.0); what a controller remembers of a key is forgotten after a minute.
const SECONDS = { nodes: 15, clusterNode: 15, keyCache: 60 } as const;

/** What has to be changed together; undefined: nothing, or nothing that more than one end has to take part in. */
export function credentialChange(
  facts: Facts,
  cluster: ClusterFacts,
  desired: DesiredCredentials,
  prefersNodeByNode = false,
): CredentialChange | undefined {
  const kind =
    'x509' in desired
      ? towards(facts, cluster, desired.x509)
      : towardsAuthkey(facts, cluster, desired);
  if (kind === undefined) return undefined;
  const hosts = new Set(remoteHosts(facts).map(({ name }) => name));
  const connected = connectedNames(cluster.cib);
  const restarts = restartsAny(kind, facts, cluster, desired);
  const nodeByNode = restarts ? nodeByNodeChange(facts, cluster, prefersNodeByNode) : undefined;
  const inMaintenanceMode = restarts && nodeByNode === undefined;
  const clusterNodes = [...facts.clusterNodes.keys()];
  return {
    kind,
    inMaintenanceMode,
    nodeByNode,
    clusterNodes,
    seconds:
      nodeByNode === undefined
        ? SECONDS.nodes +
          (inMaintenanceMode ? SECONDS.clusterNode * clusterNodes.length : 0) +
          (kind === 'authkey' && !inMaintenanceMode ? SECONDS.keyCache : 0)
        : NODE_BY_NODE_SECONDS.nodes + NODE_BY_NODE_SECONDS.clusterNode * clusterNodes.length,
    nodes: connected.filter((name) => hosts.has(name)),
    absent: connected.filter((name) => !hosts.has(name)),
    items: CREDENTIAL_ITEMS[kind],
  };
}

/** What is merely written otherwise than a cluster node runs is written there, and nothing is restarted for it. */
function restartsAny(
  kind: CredentialChangeKind,
  facts: Facts,
  cluster: ClusterFacts,
  desired: DesiredCredentials,
): boolean {
  if (kind === 'authkey') return keepsKey(facts, cluster, desired);
  if (kind === 'authority') return false;
  return (
    isLeftBehind(cluster.cib) ||
    [...facts.clusterNodes.values()].some(({ name, daemonVariables = {} }) =>
      'x509' in desired
        ? variablesDiffer(daemonVariables, desired.x509.nodes.get(name)?.variables ?? {})
        : usesCertificates(daemonVariables),
    )
  );
}

/** Whether Pacemaker is restarted on cluster nodes for it. */
export const restartsPacemaker = ({ inMaintenanceMode, nodeByNode }: CredentialChange): boolean =>
  inMaintenanceMode || nodeByNode !== undefined;

/** Whether hosts get other credentials, which are verified there, and rolled back where that fails. */
export const isConversion = ({ items }: CredentialChange): boolean => items.includes('environment');

/** What an interrupted run has begun in one way is ended in that way. */
function nodeByNodeChange(
  { clusterNodes }: Facts,
  { cib }: ClusterFacts,
  isPreferred: boolean,
): NodeByNodeChange | undefined {
  if (isHeldInMaintenance(cib)) return undefined;
  const because = hazardsIn([...clusterNodes.values()], cib);
  return because.length > 0 || isPreferred || isApart(cib) ? { because, moves: [] } : undefined;
}

/** Those that the cluster is connected to take part; others are prepared as if nothing were changed. */
export const takesPart = (
  change: CredentialChange | undefined,
  host: string,
  facts: Pick<Facts, 'clusterNodes'>,
): change is CredentialChange =>
  change !== undefined && (facts.clusterNodes.has(host) || change.nodes.includes(host));

function towards(
  facts: Facts,
  cluster: ClusterFacts,
  x509: DesiredX509,
): CredentialChangeKind | undefined {
  const clusterNodes = [...facts.clusterNodes.values()];
  const ends = [...clusterNodes, ...connectedHosts(facts, cluster.cib)];
  const areOlder = clusterNodes.some((host) => usesOthers(host, x509));
  if (isLeftBehind(cluster.cib) || (areOlder && !ends.every(hasOnlyCertificates)))
    return 'to-certificates';
  if (areOlder) return 'certificate-files';
  if (!hasConnections(cluster.cib)) return undefined;
  const areOthers = ends.some(
    (host) => hasOther(host, x509, 'ca') || hasOther(host, x509, 'certificate'),
  );
  return areOthers && !keepsTrust(facts, cluster.cib, x509) ? 'authority' : undefined;
}

/**
 * Whether a run that gave out another authkey may have been interrupted before all had it: all connections are protected then. A mark on
 * some of them is of another procedure.
 */
export function isKeyUnfinished(cib: Cib): boolean {
  const connected = connectedNames(cib);
  return (
    isLeftBehind(cib) || (connected.length > 0 && connected.every((name) => isQuiet(cib, name)))
  );
}

/** An interrupted run left the cluster in maintenance mode, or connections kept apart. */
export const isLeftBehind = (cib: Cib): boolean => isHeldInMaintenance(cib) || isApart(cib);

/** Whether it uses other credentials, or would from its next start on. */
function usesOthers(
  { name, environment, daemonVariables = environment }: HostFacts,
  { nodes }: DesiredX509,
): boolean {
  const { variables = {} } = nodes.get(name) ?? {};
  return variablesDiffer(environment, variables) || variablesDiffer(daemonVariables, variables);
}

function towardsAuthkey(
  facts: Facts,
  cluster: ClusterFacts,
  desired: Extract<DesiredCredentials, { readonly authkey: AuthkeyChoice }>,
): CredentialChangeKind | undefined {
  const { cib } = cluster;
  const clusterNodes = [...facts.clusterNodes.values()];
  if (desired.isStated && clusterNodes.some(hasCertificates)) return 'to-authkey';
  if (isLeftBehind(cib)) return 'authkey';
  const isTogether =
    quietlyProtected(cib).length > 0
      ? isHalfChanged(facts, cib, desired.authkey)
      : hasConnections(cib) && mustChangeTogether(facts, cluster, desired);
  return isTogether ? 'authkey' : undefined;
}

const holdsAnother =
  (authkey: AuthkeyChoice) =>
  ({ authkey: { digest } }: HostFacts): boolean =>
    digest !== authkey.digest;

const connectedHosts = (facts: Facts, cib: Cib): readonly HostFacts[] => {
  const connected = connectedNames(cib);
  return remoteHosts(facts).filter(({ name }) => connected.includes(name));
};

/** An interrupted run in the middle of it left the connections protected. */
function isHalfChanged(facts: Facts, cib: Cib, authkey: AuthkeyChoice): boolean {
  const clusterNodes = [...facts.clusterNodes.values()];
  const ends = [...clusterNodes, ...connectedHosts(facts, cib)];
  return ends.some(holdsAnother(authkey)) || clusterNodes.some((host) => usesOlderKey(host, cib));
}

/** A cluster node that alone holds another key than all of the rest is merely given theirs. */
function mustChangeTogether(
  facts: Facts,
  cluster: ClusterFacts,
  desired: Extract<DesiredCredentials, { readonly authkey: AuthkeyChoice }>,
): boolean {
  const clusterNodes = [...facts.clusterNodes.values()];
  if (clusterNodes.some((host) => usesOlderKey(host, cluster.cib))) return true;
  const isOther = holdsAnother(desired.authkey);
  if (!clusterNodes.some(isOther)) return false;
  return (
    clusterNodes.every(isOther) ||
    connectedHosts(facts, cluster.cib).some(isOther) ||
    leftOutOf(facts, cluster.cib).length > 0 ||
    keepsKey(facts, cluster, desired)
  );
}

/** Connected nodes that were not read. */
const leftOutOf = ({ remoteNodes, guestNodes, unreachable }: Facts, cib: Cib): readonly string[] =>
  connectedNames(cib).filter(
    (name) => !remoteNodes.has(name) && !guestNodes.has(name) && !unreachable.has(name),
  );

/** Whether a host is set up for certificates, or its daemon uses them. */
export const hasCertificates = ({ environment, daemonVariables = {} }: HostFacts): boolean =>
  usesCertificates(environment) || usesCertificates(daemonVariables);

/** Whether a host is set up for certificates, and so is its daemon, if there is one. */
const hasOnlyCertificates = ({ environment, daemonVariables = environment }: HostFacts): boolean =>
  usesCertificates(environment) && usesCertificates(daemonVariables);

const isOlderThanKey = ({ units, authkey, keepsAuthkey }: HostFacts): boolean => {
  const { startedAt } = units[CLUSTER_UNIT] ?? {};
  return keepsAuthkey === true && startedAt !== undefined && startedAt < authkey.modifiedAt;
};

/**
 * Whether a controller has connected to nodes with a key from before the one that its host has now, and with none since: what
 * it read then it keeps, and its next connection would be made with that.
 */
function usesOlderKey(host: ClusterNodeFacts, cib: Cib): boolean {
  const { startedAt } = host.units[CLUSTER_UNIT] ?? {};
  if (startedAt === undefined || !isOlderThanKey(host)) return false;
  const connected = connectedAt(cib, host.uname ?? host.name, connectedNames(cib)).filter(
    (when) => when >= Math.floor(startedAt),
  );
  // A time in whole seconds may be up to one second later.
  return connected.length > 0 && Math.max(...connected) + 1 <= host.authkey.modifiedAt;
}

/** Whether a cluster node would go on with a key from before. */
function keepsKey(facts: Facts, { cib }: ClusterFacts, desired: DesiredCredentials): boolean {
  if (isLeftBehind(cib)) return true;
  return (
    'authkey' in desired &&
    [...facts.clusterNodes.values()].some(
      (host) =>
        host.keepsAuthkey === true &&
        (host.authkey.digest !== desired.authkey.digest || usesOlderKey(host, cib)),
    )
  );
}
