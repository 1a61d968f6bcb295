import { maintenanceMode } from '../pacemaker/cib.ts';
import { isClusterDetached, isQuiet } from '../pacemaker/cib-edit.ts';
import { keptUntilRestart } from '../pacemaker/cib-transient.ts';
import { OutriggerError } from '../support/errors.ts';
import { someOf } from '../support/some-of.ts';
import { refuseDetached } from './certificate-problems.ts';
import { isLeftBehind, restartsPacemaker, type CredentialChange } from './credential-change.ts';
import type { ClusterFacts, Facts } from './facts.ts';
import { whyNotPinned } from './pinned-change.ts';
import type { Problem, StoppedGuest } from './plan.ts';

/** What else is known when a change of credentials is planned. */
export interface ChangeContext {
  /** Names of all remote nodes and guest nodes of the inventory. */
  readonly declared: readonly string[];
  /** Those that shall be absent (default: none). */
  readonly absentNames?: readonly string[];
  /** Cluster nodes of the inventory that gave no answer. */
  readonly silentMembers: readonly string[];
  /** Cluster nodes of the CIB that the inventory does not name. */
  readonly undeclaredMembers: readonly string[];
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
    leftOut(change, context) ??
    refusedHost(change, context) ??
    silent(change, cluster, context) ??
    notRunning(change, facts, cluster) ??
    forgotten(change, facts, cluster) ??
    leftAlone(change, cluster);
  if (why !== undefined) throw new OutriggerError('REFUSED', ...why);
  if (change.isDetached) refuseDetached([...facts.clusterNodes.values()], cluster.cib);
  if (change.pinned !== undefined) refusePinned(change, change.pinned, cluster);
}

function refusePinned(
  change: CredentialChange,
  { because }: NonNullable<CredentialChange['pinned']>,
  cluster: ClusterFacts,
): void {
  const reason = whyNotPinned(change.clusterNodes, cluster);
  if (reason === undefined) return;
  const { message, hint } = reason;
  const why = because.length === 0 ? '' : ` because of ${someOf(because)}`;
  throw new OutriggerError(
    'REFUSED',
    `${CHANGES[change.kind]}, one cluster node after the other${why}, and ${message}`,
    { hint },
  );
}

type Why = readonly [message: string, about: { readonly hint: string }];

const CHANGES: Readonly<Record<CredentialChange['kind'], string>> = {
  'to-certificates': 'the cluster would change from the authkey to certificates',
  'to-authkey': 'the cluster would change from certificates to the authkey',
  'certificate-files': 'the files in which cluster nodes read their certificates would change',
  authkey: 'the authkey of cluster nodes would change',
  authority: 'the authority of the certificates would change',
};

function leftOut(
  { kind, nodes, absent }: CredentialChange,
  { declared, absentNames = [], problems }: ChangeContext,
) {
  const leaving = absent.filter((name) => absentNames.includes(name));
  if (leaving.length > 0)
    return [
      `${CHANGES[kind]}, and nodes that are connected shall be absent: ${someOf(leaving)}`,
      { hint: 'take them out first (`apply --limit` with their names), then apply the rest' },
    ] satisfies Why;
  const unknown = [...nodes, ...absent].filter((name) => !declared.includes(name));
  if (unknown.length > 0)
    return [
      `${CHANGES[kind]}, and the inventory does not name nodes that are connected: ${someOf(unknown)}`,
      { hint: 'every node that the cluster is connected to has to change with it: add them' },
    ] satisfies Why;
  const limited = absent.filter((name) => problems.every(({ host }) => host !== name));
  if (limited.length === 0) return undefined;
  return [
    `${CHANGES[kind]}, and --limit leaves out nodes that are connected: ${someOf(limited)}`,
    { hint: 'leave --limit out: it changes on all of them in one run' },
  ] satisfies Why;
}

function refusedHost({ kind, nodes }: CredentialChange, { problems }: ChangeContext) {
  const bad = problems.find(({ host, kind: how }) => how === 'refused' && nodes.includes(host));
  if (bad === undefined) return undefined;
  return [
    `${CHANGES[kind]}, and ${bad.host}, which is connected, cannot: ${bad.message}`,
    { hint: bad.hint ?? 'mend that first' },
  ] satisfies Why;
}

function stopped({ kind, nodes, absent }: CredentialChange, { stoppedGuests }: ChangeContext) {
  const names = stoppedGuests
    .map(({ host }) => host)
    .filter((host) => nodes.includes(host) || absent.includes(host));
  if (names.length === 0) return undefined;
  return [
    `${CHANGES[kind]}, and the machines of guest nodes are stopped: ${someOf(names)}`,
    {
      hint: 'start them first: with what they hold now their connection would fail at their next start, which restarts the machine',
    },
  ] satisfies Why;
}

function silent(
  { kind, absent }: CredentialChange,
  { mon }: ClusterFacts,
  { silentMembers, undeclaredMembers }: ChangeContext,
) {
  const members = [...silentMembers, ...undeclaredMembers].filter(
    (name) => kind !== 'authkey' || mon.nodes.get(name)?.online === true,
  );
  const nodes = absent.filter((name) => kind !== 'authkey' || mon.nodes.get(name)?.online === true);
  const names = [...members, ...nodes];
  if (names.length === 0) return undefined;
  return [
    `${CHANGES[kind]}, and hosts that have to change with it gave no answer: ${someOf(names)}`,
    { hint: 'bring them back first, or take them out of the cluster' },
  ] satisfies Why;
}

/**
 * A conversion is proven on cluster nodes as well, and one that starts in the middle of it would start with what was before.
 * What a run that died has begun is ended without it: it gets all that it will start with.
 */
function notRunning({ kind }: CredentialChange, { clusterNodes }: Facts, { cib }: ClusterFacts) {
  if (kind === 'authkey' || kind === 'authority' || isLeftBehind(cib)) return undefined;
  const names = [...clusterNodes.values()]
    .filter(({ daemonVariables }) => daemonVariables === undefined)
    .map(({ name }) => name);
  if (names.length === 0) return undefined;
  return [
    `${CHANGES[kind]}, and Pacemaker is stopped on ${someOf(names)}`,
    { hint: 'start it there first, or take these cluster nodes out of the cluster' },
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
    `${CHANGES[change.kind]}, for which Pacemaker is restarted on cluster nodes, and what is set only until then would be over: ${someOf(kept.map((one) => `${one.what} of ${one.name}`))}`,
    {
      hint: `end it first, or set it for good (crm_attribute --node ${name} --name ${what} --update on --lifetime forever)`,
    },
  ] satisfies Why;
}

/** What an operator keeps from the cluster stays so, and could not be connected again. */
function leftAlone({ kind, nodes }: CredentialChange, { cib, mon }: ClusterFacts) {
  if (nodes.length > 0 && maintenanceMode(cib) && !isClusterDetached(cib))
    return [
      `${CHANGES[kind]}, and the cluster is in maintenance mode`,
      { hint: 'end it first: nothing would be connected again, and nothing could be proven' },
    ] satisfies Why;
  if (isClusterDetached(cib)) return undefined;
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
    `${CHANGES[kind]}, and connections are unmanaged: ${someOf(names)}`,
    {
      hint: 'give them back to the cluster first (is-managed, maintenance): they could not come back',
    },
  ] satisfies Why;
}
