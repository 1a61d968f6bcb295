import { makeAuthkey } from '../../credential-sources/authkey.ts';
import type { Credentials } from '../../credential-sources/load-certificates.ts';
import {
  certificatesFor,
  localCredentials,
  type CredentialRequest,
  type LocalCredentials,
} from '../../credential-sources/read-credentials.ts';
import type { AuthkeyChoice } from '../../credentials/authkey-choice.ts';
import type { DesiredX509 } from '../../credentials/certificates.ts';
import { foresee } from '../../forecast/forecast-plan.ts';
import { simulateNodeByNode } from '../../forecast/node-by-node-moves.ts';
import type { ConnectHost, Host } from '../../host/host.ts';
import type { ClusterFacts, Facts } from '../../model/facts.ts';
import type { Plan } from '../../model/plan.ts';
import { decide } from '../../plan/decide.ts';
import type { DesiredItems } from '../../plan/desired/desired-items.ts';
import type { Differences } from '../../plan/differences.ts';
import { makePlan } from '../../plan/make-plan.ts';
import type { Removals } from '../../plan/removal/removals.ts';
import type { Playbook } from '../../playbook/playbook.ts';
import type { EarlierLook, Gathered, OnProgress } from '../../probe/gather.ts';
import type { FailoverNode } from '../../probe/query-node.ts';
import { answeringCluster } from './answering-cluster.ts';
import { closeAll, gatherNodes } from './gather-nodes.ts';

/** What a plan is made from. */
export interface PlanRequest extends CredentialRequest {
  readonly playbook: Playbook;
  readonly connect: ConnectHost;
  readonly forks: number;
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress | undefined;
  /** A new authkey is desired, whatever the one is that there is. */
  readonly rotates?: boolean | undefined;
  /** Whether the scheduler simulates what the cluster would do (default: yes); a mere comparison has no use for it. */
  readonly foresees?: boolean | undefined;
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
  /** What the hosts of absent nodes reported. */
  readonly removedNodes: Gathered['removedNodes'];
  readonly queryNode: FailoverNode;
  readonly hosts: ReadonlyMap<string, Host>;
  /** Undefined: certificates are used. */
  readonly authkey: AuthkeyChoice | undefined;
  /** Undefined: the authkey is used. */
  readonly credentials: Credentials | undefined;
  /** Of nodes that shall be absent: what must be gone. */
  readonly absent: DesiredItems;
  /** Hosts reported what their package managers would upgrade. */
  readonly upgrades: boolean;
  /** Files on this machine. */
  readonly local: LocalCredentials;
}

/** Reads the live state and compares it with the inventory: steps 3 to 6 of the story in docs/architecture.md. */
export async function planCluster(request: PlanRequest): Promise<Planned> {
  const local = await localCredentials(request);
  const gathered = await gatherNodes(request);
  try {
    return await planFrom(request, local, gathered);
  } catch (thrown) {
    await closeAll(gathered.hosts);
    throw thrown;
  }
}

/**
 * The plan that follows from what the hosts reported: reads what is still missing, decides, and asks the scheduler. Rejects
 * with what stands in the way of one; closes nothing.
 */
export async function planFrom(
  request: PlanRequest,
  local: LocalCredentials,
  { facts, hosts, removedNodes }: Gathered,
): Promise<Planned> {
  const { spec, playbook } = request;
  const { cluster, queryNode } = answeringCluster(facts, hosts);
  const credentials = await certificatesFor(request, local, facts, cluster);
  // Who only compares changes nothing.
  const changes = request.foresees !== false;
  const decision = decide(
    {
      ...request,
      credentials,
      key: local.key,
      newKey: makeAuthkey(),
      rotates: request.rotates === true,
      changes,
    },
    { facts, cluster, removedNodes },
  );
  const { desired, absent, removals, change, about, notes } = decision;
  const authkey = 'x509' in decision.credentials ? undefined : decision.credentials.authkey;
  const { differences, ...foreseen } = await foresee(queryNode, cluster, {
    ...decision,
    isRequested: changes,
  });
  const plan = makePlan({
    clusterName: spec.cluster.name,
    playbook,
    facts,
    cluster,
    differences,
    ...about,
    credentialChange: await simulateNodeByNode(queryNode, cluster, change, request.foresees),
    removals,
    isEarlierKey: authkey?.isEarlier,
    weakKey: authkey && local.key?.weakness,
    certificates: credentials && withNotes(credentials.desired, notes),
    ...foreseen,
  });
  return {
    ...desired,
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

const withNotes = (x509: DesiredX509, notes: readonly string[]): DesiredX509 => ({
  ...x509,
  notes: [...x509.notes, ...notes],
});
