import { gather, type Gathered, type Machine } from '../facts/gather.ts';
import type { ConnectHost, Host } from '../host/host.ts';
import { nodeConnection, readCib } from '../pacemaker/cib.ts';
import {
  applyOperations,
  holdMachines,
  protect,
  type CibOperation,
} from '../pacemaker/cib-edit.ts';
import { activeOn, connectionState } from '../pacemaker/crm-mon.ts';
import type { AuthkeyChoice } from '../plan/authkey-choice.ts';
import { credentialChange } from '../plan/credential-change.ts';
import { findDifferences, type Differences } from '../plan/differences.ts';
import type { ClusterFacts, Facts } from '../plan/facts.ts';
import { isMoved, type CibDifference, type CibItem } from '../plan/item.ts';
import { makePlan, type PlanInput } from '../plan/make-plan.ts';
import { checkMembership, undeclaredMembers } from '../plan/membership.ts';
import type { Forecast, Plan } from '../plan/plan.ts';
import { refuseChange } from '../plan/refuse-change.ts';
import { refuseRevokedInUse } from '../plan/revoked-in-use.ts';
import { connects, isTogether, type Playbook } from '../playbook/playbook.ts';
import { desire, type Desired } from '../spec/desired.ts';
import {
  nodesOf,
  ownOnHost,
  type ClusterNodeSpec,
  type Nodes,
  type PacemakerRemoteSpec,
  type Spec,
} from '../spec/spec.ts';
import { OutriggerError } from '../support/errors.ts';
import { foreseePinned } from './foresee-pinned.ts';
import { forecast, type Intention } from './forecast.ts';
import type { Credentials } from './load-certificates.ts';
import { nextStep } from './next-step.ts';
import { keyFile, wantedCredentials } from './wanted-credentials.ts';

export interface PlanRequest {
  /** The whole inventory. */
  readonly spec: Spec;
  /** Which of its remote nodes and guest nodes this plan is about. */
  readonly selected: Nodes;
  readonly playbook: Playbook;
  readonly connect: ConnectHost;
  readonly forks: number;
  readonly signal: AbortSignal;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** A new authkey is wanted, whatever the one is that there is. */
  readonly rotates?: boolean | undefined;
  /** Whether the scheduler is asked what the cluster would do (default: yes); who only compares has no use for it. */
  readonly foresees?: boolean | undefined;
  /** Which nodes get a new key and a new certificate, whatever they have (default: none). */
  readonly renewed?: ReadonlySet<string> | undefined;
  /** Outrigger's own authority is to be replaced; where that is under way already it goes on. */
  readonly succeeds?: boolean | undefined;
}

/** A plan, and what apply needs to carry it out. The caller closes the hosts. */
export interface Planned extends Desired {
  readonly plan: Plan;
  readonly facts: Facts;
  readonly cluster: ClusterFacts;
  readonly differences: Differences;
  readonly lead: Host;
  readonly hosts: ReadonlyMap<string, Host>;
  /** Undefined: certificates are used. */
  readonly authkey: AuthkeyChoice | undefined;
  /** Undefined: the authkey is used. */
  readonly credentials: Credentials | undefined;
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
  return { file: keyFile(request.spec), certificates: await certificatesOf(request) };
}

export interface LocalCredentials {
  readonly file: ReturnType<typeof keyFile>;
  readonly certificates: Credentials | undefined;
}

/** Asks every machine that a plan is about. The caller closes the hosts. */
export const gatherFor = ({ spec, selected, ...request }: PlanRequest): Promise<Gathered> =>
  gather({
    machines: machinesOf(spec, selected),
    servers: new Map(
      nodesOf(selected).map(({ name, server, port }) => [name, { address: server, port }]),
    ),
    machinesOfGuests: new Map(selected.guestNodes.map(({ name, resource }) => [name, resource])),
    connect: request.connect,
    forks: request.forks,
    signal: request.signal,
    onProgress: request.onProgress,
  });

/** The plan that follows from what the machines told. Rejects with what stands in the way of one; closes nothing. */
export async function planFrom(
  request: PlanRequest,
  { file, certificates }: LocalCredentials,
  { facts, hosts }: Gathered,
): Promise<Planned> {
  const { spec, selected, playbook } = request;
  const { cluster, lead } = clusterOf(facts, hosts);
  const credentials =
    (await nextStep(certificates, facts, cluster)) ?? (await certificatesByFacts(request, facts));
  const x509 = credentials?.wanted;
  refuseRevokedInUse(facts, credentials);
  const wanted = wantedCredentials({ spec, facts, cluster, x509, file }, request.rotates === true);
  const change = credentialChange(facts, cluster, wanted, prefersPinned(playbook));
  const authkey = 'x509' in wanted ? undefined : wanted.authkey;
  const credentialsOf = 'x509' in wanted ? wanted.x509 : wanted.authkey;
  const desired = desire({ ...spec, ...selected }, facts, credentialsOf, change);
  const { isStated } = wanted;
  const differences = findDifferences(facts, cluster, desired, { x509, isStated });
  const about = {
    declared: nodesOf(spec).map(({ name }) => name),
    ...membersOf(spec, facts, cluster),
  };
  // Who only compares changes nothing.
  if (change !== undefined && request.foresees !== false) {
    refuseChange(change, facts, cluster, { ...about, ...differences });
    refuseWithoutPlay(playbook);
  }
  const plan = makePlan({
    clusterName: spec.cluster.name,
    playbook,
    facts,
    cluster,
    differences,
    ...about,
    credentialChange: await foreseePinned(lead, cluster, change, request.foresees),
    notes: x509?.notes ?? [],
    forecast:
      request.foresees === false
        ? undefined
        : await forecastFor(lead, cluster, desired, differences),
  });
  return { ...desired, plan, facts, cluster, differences, lead, hosts, authkey, credentials };
}

/** Cluster nodes about which nothing is known. */
function membersOf(
  { clusterNodes }: Spec,
  facts: Facts,
  { cib }: ClusterFacts,
): Pick<PlanInput, 'silentMembers' | 'undeclaredMembers'> {
  const names = clusterNodes.map(({ name }) => name);
  return {
    silentMembers: names.filter((name) => facts.unreachable.has(name)),
    undeclaredMembers: undeclaredMembers(facts, cib, names),
  };
}

function refuseWithoutPlay({ plays }: Playbook): void {
  if (plays.some(isTogether)) return;
  throw new OutriggerError(
    'REFUSED',
    'cluster nodes and connected nodes have to change their credentials together, and the playbook has no play for it',
    { hint: 'take over the play with `around: credential-change` from playbooks/site.yml' },
  );
}

const prefersPinned = ({ plays }: Playbook): boolean =>
  plays.some(({ around }) => around === 'pinned-credential-change');

/** Ends all connections; never rejects. */
export async function closeAll(hosts: ReadonlyMap<string, Host>): Promise<void> {
  await Promise.allSettled([...hosts.values()].map((host) => host.close()));
}

function machinesOf(spec: Spec, { remoteNodes, guestNodes }: Nodes): readonly Machine[] {
  const machine = (
    { name, address, connection }: ClusterNodeSpec | PacemakerRemoteSpec,
    role: Machine['role'],
  ): Machine => ({
    ...{ name, role, connection: { ...connection, address } },
    own: ownOnHost(spec.authentication, name),
  });
  return [
    ...spec.clusterNodes.map((node) => machine(node, 'clusterNode')),
    ...remoteNodes.map((node) => machine(node, 'remoteNode')),
    ...guestNodes.map((node) => machine(node, 'guestNode')),
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
  const nodes = [...clusterNodes, ...nodesOf(selected)].map(({ name }) => name);
  if (x509.kind === 'files') {
    const { loadCertificates } = await import('./load-certificates.ts');
    return loadCertificates(x509, nodes, new Date());
  }
  const { loadAuthority } = await import('./load-authority.ts');
  const declared = [...clusterNodes, ...nodesOf(spec)].map(({ name }) => name);
  const now = (): Date => new Date();
  const step = succeeds ? 'begin' : undefined;
  return loadAuthority({
    ...{ authority: x509, cluster: cluster.name, declared, nodes, renewed, step, now },
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
    const { requestedCertificates } = await import('./requested-certificates.ts');
    return requestedCertificates({ x509, facts, renewed, now: () => new Date() });
  }
  if (x509.kind !== 'on-hosts') return undefined;
  const { judgeOwnCertificates } = await import('./own-certificates.ts');
  return judgeOwnCertificates(x509, facts, new Date());
}

/** The cluster as its first node tells it, once all nodes that answered agree on the membership. */
function clusterOf(facts: Facts, hosts: Gathered['hosts']): { cluster: ClusterFacts; lead: Host } {
  const lead = hosts.get(facts.cluster?.toldBy ?? '');
  if (facts.cluster === undefined || lead === undefined) throw noCluster(facts);
  checkMembership(facts, facts.cluster.cib);
  return { cluster: facts.cluster, lead };
}

function noCluster({ unreachable, clusterNodes }: Facts): OutriggerError {
  const [first] = [...unreachable.values()];
  if (clusterNodes.size === 0 && first !== undefined) {
    return new OutriggerError(
      'HOST_UNREACHABLE',
      `no cluster node could be asked; ${first.name}: ${first.message}`,
      {
        ...(first.hint === undefined ? {} : { hint: first.hint }),
      },
    );
  }
  return new OutriggerError(
    'CLUSTER_NOT_READY',
    'Pacemaker runs on none of the cluster nodes that answered',
    {
      hint: 'start the cluster first: outrigger brings nodes into a cluster that exists',
    },
  );
}

/** Nothing to do in the CIB: nothing to ask the scheduler. */
async function forecastFor(
  lead: Host,
  cluster: ClusterFacts,
  desired: Desired,
  { inCib }: Differences,
): Promise<Forecast | undefined> {
  if (inCib.size === 0) return undefined;
  const connections = [...inCib].filter(([{ kind }]) => connects(kind));
  // The fence devices come first, and the scheduler tells that they are restarted for it.
  const fencing = [...inCib].filter(([item]) => item.kind === 'fence-device');
  const joining = [...fencing, ...connections].flatMap(([, { operations }]) => operations);
  const connected = applyOperations(cluster.cibText, joining);
  const intended: ClusterFacts = { ...cluster, cibText: connected, cib: readCib(connected) };
  const released = desired.cibItems
    .filter(
      (item) =>
        item.kind === 'node-state' && [...inCib.keys()].some(({ host }) => host === item.host),
    )
    .flatMap((item) => item.compare(intended)?.operations ?? []);
  const starting = connections
    .filter(([, { joins, cleansUp }]) => joins || cleansUp)
    .map(([{ host }]) => host);
  // An interrupted run left them: their start is under way, and may still fail.
  const unproven = [...inCib.keys()]
    .map(({ host }) => host)
    .filter(
      (host) =>
        nodeConnection(cluster.cib, host)?.guarded === true &&
        connectionState(cluster.mon, host).state !== 'truly-in',
    );
  const intention: Intention = {
    joining,
    joiningNames: [...new Set([...starting, ...unproven])],
    final: [...joining, ...released, ...heldMeanwhile(cluster, connections)],
  };
  return forecast(lead, cluster, intention);
}

/** A guest node gets another address while its machine and all that runs on it are held: see apply/quiet-restart.ts. */
function heldMeanwhile(
  { cib, mon }: ClusterFacts,
  connections: readonly (readonly [CibItem, CibDifference])[],
): readonly CibOperation[] {
  const guests = cib.guestNodes
    .map(({ name }) => name)
    .filter((name) =>
      connections.some(([{ host }, difference]) => host === name && isMoved(difference)),
    );
  const running = guests.flatMap((name) => activeOn(mon, name));
  return [...holdMachines(cib, guests), ...protect(cib, [...new Set(running)])];
}
