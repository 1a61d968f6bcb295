import { isInMaintenance } from '../pacemaker/cib/cluster-options.ts';
import { isHeldInMaintenance, isQuiet } from '../pacemaker/procedures/edit.ts';
import { keptUntilRestart } from '../pacemaker/procedures/transient.ts';
import { OutriggerError } from '../support/errors.ts';
import { isSameNode } from '../pacemaker/basics/node-names.ts';
import { someOf } from '../support/text/some-of.ts';
import { refuseMaintenance } from './certificate-problems.ts';
import type { CredentialChange } from '../model/credential-change.ts';
import { isLeftBehind, restartsPacemaker } from './credential-change.ts';
import { clusterOnlyNodes, type ClusterFacts, type Facts } from '../model/facts.ts';
import { whyNotNodeByNode } from './node-by-node-change.ts';
import type { Problem, StoppedGuest } from '../model/plan.ts';

/** What else is known when a change of credentials is planned. */
export interface ChangeContext {
  /** Names of all remote nodes and guest nodes of the inventory. */
  readonly declared: readonly string[];
  /** Those that shall be absent (default: none). */
  readonly absentNames?: readonly string[];
  /** Cluster nodes of the inventory that gave no answer. */
  readonly unreachableClusterNodes: readonly string[];
  /** Cluster nodes of the CIB that the inventory does not name. */
  readonly undeclaredClusterNodes: readonly string[];
  readonly problems: readonly Problem[];
  readonly stoppedGuests: readonly StoppedGuest[];
}

/**
 * Throws REFUSED when not everybody can take part who has to: a node that is left out could not be connected to again,
 * and may get fenced for it. Only another authkey leaves hosts out that are down anyway.
 */
export function refuseChange(
  change: CredentialChange,
  facts: Facts,
  cluster: ClusterFacts,
  context: ChangeContext,
): void {
  const why =
    stopped(change, context) ??
    ofOthers(change, facts) ??
    leftOut(change, context) ??
    refusedHost(change, context) ??
    unreachable(change, cluster, context) ??
    notRunning(change, facts, cluster) ??
    forgotten(change, facts, cluster) ??
    leftAlone(change, cluster);
  if (why !== undefined) throw new OutriggerError('REFUSED', ...why);
  if (change.inMaintenanceMode) refuseMaintenance([...facts.clusterNodes.values()], cluster.cib);
  if (change.nodeByNode !== undefined) refuseNodeByNode(change, change.nodeByNode, cluster);
}

function refuseNodeByNode(
  change: CredentialChange,
  { because }: NonNullable<CredentialChange['nodeByNode']>,
  cluster: ClusterFacts,
): void {
  const reason = whyNotNodeByNode(change.clusterNodes, cluster);
  if (reason === undefined) return;
  const { message, hint } = reason;
  const why = because.length === 0 ? '' : ` because of ${someOf(because)}`;
  throw new OutriggerError(
    'REFUSED',
    `${CHANGES[change.kind]}, one cluster node at a time${why}, but ${message}`,
    { hint },
  );
}

type Why = readonly [message: string, about: { readonly hint: string }];

const CHANGES: Readonly<Record<CredentialChange['kind'], string>> = {
  'to-certificates': 'the cluster would change from the authkey to certificates',
  'to-authkey': 'the cluster would change from certificates to the authkey',
  'certificate-files': 'the certificate files of cluster nodes would change',
  authkey: 'the authkey of cluster nodes would change',
  authority: 'the CA of the certificates would change',
};

/** The owner of a host has to give it the new credentials, and nobody can tell when. */
function ofOthers({ kind, absent }: CredentialChange, facts: Facts) {
  const clusterOnly = clusterOnlyNodes(facts);
  const names = absent.filter((name) => clusterOnly.has(name));
  if (names.length === 0) return undefined;
  return [
    `${CHANGES[kind]}, but hosts of connected nodes are not managed and would lose their connection: ${someOf(names)}`,
    {
      hint: 'remove them from the cluster (`state: absent`), change the credentials, have their owner install the new ones, and let them join again; or manage them like the others (`manage: all`)',
    },
  ] satisfies Why;
}

function leftOut(
  { kind, nodes, absent }: CredentialChange,
  { declared, absentNames = [], problems }: ChangeContext,
) {
  const leaving = absent.filter((name) => absentNames.includes(name));
  if (leaving.length > 0)
    return [
      `${CHANGES[kind]}, but connected nodes are to be removed: ${someOf(leaving)}`,
      { hint: 'remove them first (`apply --limit` with their names), then apply the rest' },
    ] satisfies Why;
  const unknown = [...nodes, ...absent].filter((name) => !declared.includes(name));
  if (unknown.length > 0)
    return [
      `${CHANGES[kind]}, but the inventory does not name connected nodes: ${someOf(unknown)}`,
      { hint: 'all connected nodes must change together: add them' },
    ] satisfies Why;
  const limited = absent.filter((name) => problems.every(({ host }) => host !== name));
  if (limited.length === 0) return undefined;
  return [
    `${CHANGES[kind]}, but --limit excludes connected nodes: ${someOf(limited)}`,
    { hint: 'omit --limit: all nodes change in one run' },
  ] satisfies Why;
}

function refusedHost({ kind, nodes }: CredentialChange, { problems }: ChangeContext) {
  const bad = problems.find(({ host, kind: how }) => how === 'refused' && nodes.includes(host));
  if (bad === undefined) return undefined;
  return [
    `${CHANGES[kind]}, but ${bad.host}, which is connected, cannot: ${bad.message}`,
    { hint: bad.hint ?? 'fix this first' },
  ] satisfies Why;
}

function stopped({ kind, nodes, absent }: CredentialChange, { stoppedGuests }: ChangeContext) {
  const names = stoppedGuests
    .map(({ host }) => host)
    .filter((host) => nodes.includes(host) || absent.includes(host));
  if (names.length === 0) return undefined;
  return [
    `${CHANGES[kind]}, but the VMs of guest nodes are stopped: ${someOf(names)}`,
    {
      hint: 'start them first: with their current credentials the connection would fail at their next start, and the cluster would restart the VM',
    },
  ] satisfies Why;
}

/** A cluster node may be spelled differently in the inventory. */
const isOnline = ({ nodes }: ClusterFacts['mon'], name: string): boolean =>
  [...nodes.values()].some((node) => node.online && isSameNode(node.name, name));

function unreachable(
  { kind, absent }: CredentialChange,
  { mon }: ClusterFacts,
  { unreachableClusterNodes, undeclaredClusterNodes }: ChangeContext,
) {
  const clusterNodes = [...unreachableClusterNodes, ...undeclaredClusterNodes].filter(
    (name) => kind !== 'authkey' || isOnline(mon, name),
  );
  const nodes = absent.filter((name) => kind !== 'authkey' || mon.nodes.get(name)?.online === true);
  const names = [...clusterNodes, ...nodes];
  if (names.length === 0) return undefined;
  return [
    `${CHANGES[kind]}, but hosts that must change too are unreachable: ${someOf(names)}`,
    { hint: 'make them reachable first, or remove them from the cluster' },
  ] satisfies Why;
}

/**
 * A conversion is proven on cluster nodes as well, and one that starts in the middle of it would start with what was before.
 * What an interrupted run has begun is ended without it: it gets all that it will start with.
 */
function notRunning({ kind }: CredentialChange, { clusterNodes }: Facts, { cib }: ClusterFacts) {
  if (kind === 'authkey' || kind === 'authority' || isLeftBehind(cib)) return undefined;
  const names = [...clusterNodes.values()]
    .filter(({ daemonVariables }) => daemonVariables === undefined)
    .map(({ name }) => name);
  if (names.length === 0) return undefined;
  return [
    `${CHANGES[kind]}, but Pacemaker is stopped on ${someOf(names)}`,
    { hint: 'start it there first, or remove these cluster nodes from the cluster' },
  ] satisfies Why;
}

/** What would be over by the restart of Pacemaker, although an operator has set it. */
function forgotten(change: CredentialChange, { clusterNodes }: Facts, { cib }: ClusterFacts) {
  if (!restartsPacemaker(change)) return undefined;
  const kept = [...clusterNodes.values()].flatMap(({ name, uname }) =>
    keptUntilRestart(cib, uname ?? name).map((what) => ({ name: uname ?? name, what })),
  );
  const [first] = kept;
  if (first === undefined) return undefined;
  const { name, what } = first;
  return [
    `${CHANGES[change.kind]}, which restarts Pacemaker on cluster nodes, and transient node attributes would be lost: ${someOf(kept.map((one) => `${one.what} of ${one.name}`))}`,
    {
      hint: `delete the attribute first, or make it permanent (crm_attribute --node ${name} --name ${what} --update on --lifetime forever)`,
    },
  ] satisfies Why;
}

/** What an operator keeps from the cluster stays so, and could not be connected again. */
function leftAlone({ kind, nodes }: CredentialChange, { cib, mon }: ClusterFacts) {
  if (nodes.length > 0 && isInMaintenance({ cib, mon }) && !isHeldInMaintenance(cib))
    return [
      `${CHANGES[kind]}, but the cluster is in maintenance mode`,
      { hint: 'end it first: no connection would be restored or verified' },
    ] satisfies Why;
  if (isHeldInMaintenance(cib)) return undefined;
  const names = nodes.filter((name) => {
    const connection = mon.resources.find(({ id }) => id === name);
    return (
      connection !== undefined &&
      !isQuiet(cib, name) &&
      !connection.blocked &&
      (!connection.managed || connection.maintenance)
    );
  });
  if (names.length === 0) return undefined;
  return [
    `${CHANGES[kind]}, but connections are unmanaged: ${someOf(names)}`,
    {
      hint: 'make them managed first (is-managed, maintenance): they would not be restored',
    },
  ] satisfies Why;
}
