import {
  gather,
  type EarlierLook,
  type Gathered,
  type Target,
  type OnProgress,
} from '../probe/gather.ts';
import type { ConnectHost, Host } from '../host/host.ts';
import type { FetchSecret } from '../host/secrets/secret-source.ts';
import type { AuthkeyChoice, AuthkeyOfInventory } from '../credentials/authkey-choice.ts';
import { refuseCorosyncsKey } from '../credentials/corosync-key.ts';
import { credentialChange } from '../credentials/credential-change.ts';
import { findRemovals, type Removals } from '../plan/removal/removals.ts';
import type { RemovedNode } from '../plan/removal/removed-node.ts';
import { findDifferences, type Differences } from '../plan/differences.ts';
import type { ClusterFacts, Facts } from '../model/facts.ts';
import { makePlan, type PlanInput } from '../plan/make-plan.ts';
import { checkMembership, undeclaredMembers } from '../model/membership.ts';
import type { Plan } from '../model/plan.ts';
import { refuseChange, type ChangeContext } from '../credentials/refuse-change.ts';
import { refuseListedInUse, refuseRevokedInUse } from '../credentials/revoked-in-use.ts';
import { isTogether, type Play, type Playbook } from '../playbook/playbook.ts';
import { absentItems } from '../plan/desired/absent-items.ts';
import { desiredItems, type DesiredItems } from '../plan/desired/desired-items.ts';
import {
  clusterOnlyIn,
  hasManagedHost,
  nodesOf,
  ownOnHost,
  withManagedHosts,
  type ClusterNodeSpec,
  type Nodes,
  type PacemakerRemoteSpec,
  type Spec,
} from '../inventory/spec.ts';
import { OutriggerError } from '../support/errors.ts';
import { failover, type FailoverNode } from '../probe/query-node.ts';
import { simulateNodeByNode } from '../forecast/node-by-node-moves.ts';
import { foresee } from '../forecast/forecast-plan.ts';
import type { Credentials } from '../credential-sources/load-certificates.ts';
import { nextStep } from './next-step.ts';
import { noClusterNode } from './no-cluster.ts';
import { keyOfInventory, desiredCredentials } from '../credential-sources/desired-credentials.ts';

export interface PlanRequest {
  /** The whole inventory. */
  readonly spec: Spec;
  /** Which of its remote nodes and guest nodes this plan is about. */
  readonly selected: Nodes;
  readonly playbook: Playbook;
  readonly connect: ConnectHost;
  readonly fetchSecret: FetchSecret;
  readonly forks: number;
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress | undefined;
  /** A new authkey is desired, whatever the one is that there is. */
  readonly rotates?: boolean | undefined;
  /** Whether the scheduler is asked what the cluster would do (default: yes); who only compares has no use for it. */
  readonly foresees?: boolean | undefined;
  /** Which nodes get a new key and a new certificate, whatever they have (default: none). */
  readonly renewed?: ReadonlySet<string> | undefined;
  /** Outrigger's own authority is to be replaced; where that is under way already it goes on. */
  readonly succeeds?: boolean | undefined;
  /** Packages of remote nodes and guest nodes are brought to what their repositories offer. */
  readonly upgrades?: boolean | undefined;
  /** What was found out a moment ago. */
  readonly earlier?: EarlierLook | undefined;
}

/** A plan, and what apply needs to carry it out. The caller closes the hosts. */
export interface Planned extends DesiredItems {
  readonly plan: Plan;
  readonly facts: Facts;
  readonly cluster: ClusterFacts;
  readonly differences: Differences;
  readonly removals: Removals;
  /** What the hosts told that shall be absent. */
  readonly removedNodes: Gathered['removedNodes'];
  readonly queryNode: FailoverNode;
  readonly hosts: ReadonlyMap<string, Host>;
  /** Undefined: certificates are used. */
  readonly authkey: AuthkeyChoice | undefined;
  /** Undefined: the authkey is used. */
  readonly credentials: Credentials | undefined;
  /** Of nodes that shall be absent: what must be gone. */
  readonly absent: DesiredItems;
  /** Hosts were asked what their package managers would upgrade. */
  readonly upgrades: boolean;
  /** What lay on this machine. */
  readonly local: LocalCredentials;
}

/** Reads the live state and compares it with the inventory: steps 3 to 6 of the story in docs/architecture.md. */
export async function planCluster(request: PlanRequest): Promise<Planned> {
  const local = await localCredentials(request);
  const gathered = await gatherFor(request);
  try {
    return await planFrom(request, local, gathered);
  } catch (thrown) {
    await closeAll(gathered.hosts);
    throw thrown;
  }
}

/** What lies on this machine of the credentials that the nodes shall have. Throws INPUT_INVALID when it is not fit for use. */
export async function localCredentials(request: PlanRequest): Promise<LocalCredentials> {
  return { key: await keyOfInventory(request), certificates: await certificatesOf(request) };
}

export interface LocalCredentials {
  readonly key: AuthkeyOfInventory | undefined;
  readonly certificates: Credentials | undefined;
}

/** Asks every machine that a plan is about. The caller closes the hosts. */
export async function gatherFor({
  spec,
  selected,
  ...request
}: Omit<PlanRequest, 'playbook' | 'fetchSecret'>): Promise<Gathered> {
  const gathered = await gather({
    targets: targetsOf(spec, selected),
    servers: new Map(
      nodesOf(selected).map(({ name, server, port }) => [name, { address: server, port }]),
    ),
    vmsOfGuests: new Map(selected.guestNodes.map(({ name, resource }) => [name, resource])),
    connect: request.connect,
    forks: request.forks,
    signal: request.signal,
    onProgress: request.onProgress,
    upgrades: request.upgrades,
    earlier: request.earlier,
  });
  const clusterOnly = new Set(clusterOnlyIn(selected).map(({ name }) => name));
  return { ...gathered, facts: { ...gathered.facts, clusterOnly } };
}

/** The plan that follows from what the machines told. Rejects with what stands in the way of one; closes nothing. */
export async function planFrom(
  request: PlanRequest,
  local: LocalCredentials,
  { facts, hosts, removedNodes }: Gathered,
): Promise<Planned> {
  const { spec, selected, playbook } = request;
  const { cluster, queryNode } = clusterOf(facts, hosts);
  refuseCorosyncsKey(facts);
  const credentials =
    (await nextStep(local.certificates, facts, cluster)) ??
    (await certificatesByFacts(request, facts));
  const x509 = credentials?.desired;
  const about = aboutNodes(spec, facts, cluster);
  refuseRevokedInUse(facts, cluster.cib, credentials);
  // Who only compares changes nothing.
  const changes = request.foresees !== false;
  const unknown = changes ? refuseListedInUse(facts, cluster.cib, credentials, about.declared) : [];
  const desired = desiredCredentials(
    { spec, facts, cluster, x509, key: local.key },
    request.rotates === true,
  );
  const change = credentialChange(facts, cluster, desired, prefersNodeByNode(playbook));
  const authkey = 'x509' in desired ? undefined : desired.authkey;
  const credentialsOf = 'x509' in desired ? desired.x509 : desired.authkey;
  const items = desiredItems({ ...spec, ...selected }, facts, credentialsOf, change);
  const found = findDifferences(facts, cluster, items, { ...desired, x509 });
  const leaving = removedNodesOf(selected, removedNodes);
  const absent = absentItems(leaving, facts, spec.authentication);
  const removals = findRemovals(leaving, facts, cluster, absent);
  const converts = change !== undefined && changes;
  if (converts) refuseChange(change, facts, cluster, { ...about, ...found });
  refuseUnplayed(playbook, converts, removals);
  const asked = { desired: items, differences: found, removals, change, isAsked: changes };
  const { differences, ...foreseen } = await foresee(queryNode, cluster, asked);
  const plan = makePlan({
    clusterName: spec.cluster.name,
    playbook,
    facts,
    cluster,
    differences,
    ...about,
    credentialChange: await simulateNodeByNode(queryNode, cluster, change, request.foresees),
    removals,
    ...aboutKey(authkey, local.key),
    certificates: x509 && { ...x509, notes: [...x509.notes, ...unknown] },
    ...foreseen,
  });
  return {
    ...items,
    absent,
    plan,
    facts,
    cluster,
    differences,
    removals,
    removedNodes,
    queryNode,
    hosts,
    authkey,
    credentials,
    local,
    upgrades: request.upgrades === true,
  };
}

/** What a plan tells of the authkey, where it is used. */
const aboutKey = (authkey: AuthkeyChoice | undefined, key: AuthkeyOfInventory | undefined) => ({
  isEarlierKey: authkey?.isEarlier,
  weakKey: authkey && key?.weakness,
});

/** Whom the inventory names, and cluster nodes about which nothing is known. */
function aboutNodes(
  spec: Spec,
  facts: Facts,
  { cib }: ClusterFacts,
): Pick<PlanInput, 'declared' | 'unreachableClusterNodes' | 'undeclaredMembers'> &
  Pick<ChangeContext, 'absentNames'> {
  const names = spec.clusterNodes.map(({ name }) => name);
  const absentNames = nodesOf(spec.absent).map(({ name }) => name);
  return {
    absentNames,
    declared: [...nodesOf(spec).map(({ name }) => name), ...absentNames],
    unreachableClusterNodes: names.filter((name) => facts.unreachable.has(name)),
    undeclaredMembers: undeclaredMembers(facts, cib, names),
  };
}

const NEEDED_PLAYS = {
  'credential-change': 'cluster nodes and connected nodes must change their credentials together',
  removal: 'nodes have to be removed',
} as const;

/** Throws REFUSED where the playbook lacks the play of a procedure that the plan needs. */
function refuseUnplayed(playbook: Playbook, converts: boolean, { inCib, onHosts }: Removals): void {
  if (converts) refuseWithoutPlay(playbook, 'credential-change');
  if (inCib.size + onHosts.size > 0) refuseWithoutPlay(playbook, 'removal');
}

function refuseWithoutPlay({ plays }: Playbook, procedure: keyof typeof NEEDED_PLAYS): void {
  const isNeeded = (play: Play): boolean =>
    procedure === 'removal' ? play.procedure === procedure : isTogether(play);
  if (plays.some(isNeeded)) return;
  throw new OutriggerError(
    'REFUSED',
    `${NEEDED_PLAYS[procedure]}, but the playbook has no play for it`,
    { hint: `copy the play with \`procedure: ${procedure}\` from playbooks/site.yml` },
  );
}

const prefersNodeByNode = ({ plays }: Playbook): boolean =>
  plays.some(({ procedure }) => procedure === 'node-by-node-credential-change');

/** Nodes that shall be absent, with what became known of their hosts. */
const removedNodesOf = (
  { absent }: Nodes,
  { hosts, unreachable }: Gathered['removedNodes'],
): RemovedNode[] => {
  const vms = new Map(absent.guestNodes.map(({ name, resource }) => [name, resource]));
  return nodesOf(absent).map((node) => ({
    node,
    vm: vms.get(node.name),
    host: hosts.get(node.name),
    silence: unreachable.get(node.name),
  }));
};

/** Ends all connections; never rejects. */
export async function closeAll(hosts: ReadonlyMap<string, Host>): Promise<void> {
  await Promise.allSettled([...hosts.values()].map((host) => host.close()));
}

function targetsOf(spec: Spec, { remoteNodes, guestNodes, absent }: Nodes): readonly Target[] {
  const target = (
    { name, address, connection }: ClusterNodeSpec | PacemakerRemoteSpec,
    role: Target['role'],
  ): Target => ({
    name,
    role,
    connection: { ...connection, address },
    own: ownOnHost(spec.authentication, name),
  });
  const managed = (nodes: readonly PacemakerRemoteSpec[], role: Target['role']) =>
    nodes.filter(hasManagedHost).map((node) => target(node, role));
  return [
    ...spec.clusterNodes.map((node) => target(node, 'clusterNode')),
    ...managed(remoteNodes, 'remoteNode'),
    ...managed(guestNodes, 'guestNode'),
    ...managed(nodesOf(absent), 'removedNode'),
  ];
}

/** The certificates of all nodes that this is about; what reads them is loaded only where they are used. */
async function certificatesOf({
  spec,
  selected,
  renewed = new Set(),
  succeeds = false,
}: PlanRequest): Promise<Credentials | undefined> {
  const { authentication, cluster, clusterNodes } = spec;
  if (authentication.method !== 'x509') return undefined;
  const { x509 } = authentication;
  if (x509.kind === 'on-hosts' || x509.kind === 'requests') return undefined;
  const nodes = [...clusterNodes, ...withManagedHosts(selected)].map(({ name }) => name);
  if (x509.kind === 'files') {
    const { loadCertificates } = await import('../credential-sources/load-certificates.ts');
    return loadCertificates(x509, nodes, new Date());
  }
  const { loadAuthority } = await import('../credential-sources/load-authority.ts');
  const declared = [...clusterNodes, ...nodesOf(spec)].map(({ name }) => name);
  const now = (): Date => new Date();
  const step = succeeds ? 'begin' : undefined;
  return loadAuthority({
    authority: x509,
    cluster: cluster.name,
    declared,
    nodes,
    renewed,
    step,
    now,
  });
}

/** The certificates that the hosts have already, or those for keys that they have made, judged by what they told. */
async function certificatesByFacts(
  { spec: { authentication }, renewed = new Set() }: PlanRequest,
  facts: Facts,
): Promise<Credentials | undefined> {
  if (authentication.method !== 'x509') return undefined;
  const { x509 } = authentication;
  if (x509.kind === 'requests') {
    const { requestedCertificates } =
      await import('../credential-sources/requested-certificates.ts');
    return requestedCertificates({ x509, facts, renewed, now: () => new Date() });
  }
  if (x509.kind !== 'on-hosts') return undefined;
  const { judgeOwnCertificates } = await import('../credential-sources/own-certificates.ts');
  return judgeOwnCertificates(x509, facts, new Date());
}

/** The cluster as its first node tells it, once all nodes that answered agree on the membership. */
export function clusterOf(
  facts: Facts,
  hosts: Gathered['hosts'],
): { cluster: ClusterFacts; queryNode: FailoverNode } {
  const { cluster, clusterNodes } = facts;
  const [first, ...others] = [...clusterNodes.keys()].flatMap((name) => hosts.get(name) ?? []);
  if (cluster === undefined || first === undefined) throw noCluster(facts);
  checkMembership(facts, cluster.cib);
  return { cluster, queryNode: failover([first, ...others], cluster.readFrom) };
}

function noCluster({ unreachable, clusterNodes }: Facts): OutriggerError {
  const [first] = [...unreachable.values()];
  if (clusterNodes.size === 0 && first !== undefined)
    return noClusterNode(first, [...unreachable.values()]);
  return new OutriggerError(
    'CLUSTER_NOT_READY',
    'Pacemaker runs on none of the reachable cluster nodes',
    {
      hint: 'start the cluster first: outrigger adds nodes to an existing cluster',
    },
  );
}
