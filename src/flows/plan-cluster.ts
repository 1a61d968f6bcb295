import { gather, type Gathered, type Machine } from '../facts/gather.ts';
import type { ConnectHost, Host } from '../host/host.ts';
import type { FetchSecret } from '../host/secret-source.ts';
import type { AuthkeyChoice, AuthkeyOfInventory } from '../plan/authkey-choice.ts';
import { refuseCorosyncsKey } from '../plan/corosync-key.ts';
import { credentialChange } from '../plan/credential-change.ts';
import { findDepartures, type Departures } from '../plan/departures.ts';
import type { Leaver } from '../plan/leaver.ts';
import { findDifferences, type Differences } from '../plan/differences.ts';
import type { ClusterFacts, Facts } from '../plan/facts.ts';
import { makePlan, type PlanInput } from '../plan/make-plan.ts';
import { checkMembership, undeclaredMembers } from '../plan/membership.ts';
import type { Plan } from '../plan/plan.ts';
import { refuseChange, type ChangeContext } from '../plan/refuse-change.ts';
import { refuseListedInUse, refuseRevokedInUse } from '../plan/revoked-in-use.ts';
import { isTogether, type Play, type Playbook } from '../playbook/playbook.ts';
import { desireAbsent } from '../spec/absent.ts';
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
import { forecastFor } from './forecast-plan.ts';
import type { Credentials } from './load-certificates.ts';
import { nextStep } from './next-step.ts';
import { keyOfInventory, wantedCredentials } from './wanted-credentials.ts';

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
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** A new authkey is wanted, whatever the one is that there is. */
  readonly rotates?: boolean | undefined;
  /** Whether the scheduler is asked what the cluster would do (default: yes); who only compares has no use for it. */
  readonly foresees?: boolean | undefined;
  /** Which nodes get a new key and a new certificate, whatever they have (default: none). */
  readonly renewed?: ReadonlySet<string> | undefined;
  /** Outrigger's own authority is to be replaced; where that is under way already it goes on. */
  readonly succeeds?: boolean | undefined;
  /** Packages of remote nodes and guest nodes are brought to what their repositories offer. */
  readonly upgrades?: boolean | undefined;
}

/** A plan, and what apply needs to carry it out. The caller closes the hosts. */
export interface Planned extends Desired {
  readonly plan: Plan;
  readonly facts: Facts;
  readonly cluster: ClusterFacts;
  readonly differences: Differences;
  readonly departures: Departures;
  /** What the hosts told that shall be absent. */
  readonly leavers: Gathered['leavers'];
  readonly lead: Host;
  readonly hosts: ReadonlyMap<string, Host>;
  /** Undefined: certificates are used. */
  readonly authkey: AuthkeyChoice | undefined;
  /** Undefined: the authkey is used. */
  readonly credentials: Credentials | undefined;
  /** Of nodes that shall be absent: what must be gone. */
  readonly absent: Desired;
  /** Hosts were asked what their package managers would upgrade. */
  readonly upgrades: boolean;
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
export const gatherFor = ({
  spec,
  selected,
  ...request
}: Omit<PlanRequest, 'playbook' | 'fetchSecret'>): Promise<Gathered> =>
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
    upgrades: request.upgrades,
  });

/** The plan that follows from what the machines told. Rejects with what stands in the way of one; closes nothing. */
export async function planFrom(
  request: PlanRequest,
  { key, certificates }: LocalCredentials,
  { facts, hosts, leavers }: Gathered,
): Promise<Planned> {
  const { spec, selected, playbook } = request;
  const { cluster, lead } = clusterOf(facts, hosts);
  refuseCorosyncsKey(facts);
  const credentials =
    (await nextStep(certificates, facts, cluster)) ?? (await certificatesByFacts(request, facts));
  const x509 = credentials?.wanted;
  const about = aboutNodes(spec, facts, cluster);
  refuseRevokedInUse(facts, cluster.cib, credentials);
  // Who only compares changes nothing.
  const changes = request.foresees !== false;
  const unknown = changes ? refuseListedInUse(facts, cluster.cib, credentials, about.declared) : [];
  const wanted = wantedCredentials({ spec, facts, cluster, x509, key }, request.rotates === true);
  const change = credentialChange(facts, cluster, wanted, prefersPinned(playbook));
  const authkey = 'x509' in wanted ? undefined : wanted.authkey;
  const credentialsOf = 'x509' in wanted ? wanted.x509 : wanted.authkey;
  const desired = desire({ ...spec, ...selected }, facts, credentialsOf, change);
  const differences = findDifferences(facts, cluster, desired, { ...wanted, x509 });
  const leaving = leaversOf(selected, leavers);
  const absent = desireAbsent(leaving, facts, spec.authentication);
  const departures = findDepartures(leaving, facts, cluster, absent);
  if (change !== undefined && changes) {
    refuseChange(change, facts, cluster, { ...about, ...differences });
    refuseWithoutPlay(playbook, 'credential-change');
  }
  if (departures.inCib.size + departures.onHosts.size > 0) refuseWithoutPlay(playbook, 'removal');
  const plan = makePlan({
    clusterName: spec.cluster.name,
    playbook,
    facts,
    cluster,
    differences,
    ...about,
    credentialChange: await foreseePinned(lead, cluster, change, request.foresees),
    departures,
    isEarlierKey: authkey?.isEarlier,
    certificates: x509 && { ...x509, notes: [...x509.notes, ...unknown] },
    forecast: changes
      ? await forecastFor(lead, cluster, { desired, differences, departures })
      : undefined,
  });
  return {
    ...desired,
    absent,
    plan,
    facts,
    cluster,
    differences,
    departures,
    leavers,
    lead,
    hosts,
    authkey,
    credentials,
    upgrades: request.upgrades === true,
  };
}

/** Whom the inventory names, and cluster nodes about which nothing is known. */
function aboutNodes(
  spec: Spec,
  facts: Facts,
  { cib }: ClusterFacts,
): Pick<PlanInput, 'declared' | 'silentMembers' | 'undeclaredMembers'> &
  Pick<ChangeContext, 'absentNames'> {
  const names = spec.clusterNodes.map(({ name }) => name);
  const absentNames = nodesOf(spec.absent).map(({ name }) => name);
  return {
    absentNames,
    declared: [...nodesOf(spec).map(({ name }) => name), ...absentNames],
    silentMembers: names.filter((name) => facts.unreachable.has(name)),
    undeclaredMembers: undeclaredMembers(facts, cib, names),
  };
}

const NEEDED_PLAYS = {
  'credential-change':
    'cluster nodes and connected nodes have to change their credentials together',
  removal: 'nodes shall be absent and are still there',
} as const;

function refuseWithoutPlay({ plays }: Playbook, procedure: keyof typeof NEEDED_PLAYS): void {
  const isNeeded = (play: Play): boolean =>
    procedure === 'removal' ? play.around === procedure : isTogether(play);
  if (plays.some(isNeeded)) return;
  throw new OutriggerError(
    'REFUSED',
    `${NEEDED_PLAYS[procedure]}, and the playbook has no play for it`,
    { hint: `take over the play with \`around: ${procedure}\` from playbooks/site.yml` },
  );
}

const prefersPinned = ({ plays }: Playbook): boolean =>
  plays.some(({ around }) => around === 'pinned-credential-change');

/** Nodes that shall be absent, with what became known of their hosts. */
const leaversOf = ({ absent }: Nodes, { hosts, unreachable }: Gathered['leavers']): Leaver[] => {
  const machines = new Map(absent.guestNodes.map(({ name, resource }) => [name, resource]));
  return nodesOf(absent).map((node) => ({
    node,
    machine: machines.get(node.name),
    host: hosts.get(node.name),
    silence: unreachable.get(node.name),
  }));
};

/** Ends all connections; never rejects. */
export async function closeAll(hosts: ReadonlyMap<string, Host>): Promise<void> {
  await Promise.allSettled([...hosts.values()].map((host) => host.close()));
}

function machinesOf(spec: Spec, { remoteNodes, guestNodes, absent }: Nodes): readonly Machine[] {
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
    ...nodesOf(absent).map((node) => machine(node, 'leaver')),
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
export function clusterOf(
  facts: Facts,
  hosts: Gathered['hosts'],
): { cluster: ClusterFacts; lead: Host } {
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
