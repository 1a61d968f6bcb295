import type { AuthkeyOfInventory } from '../credentials/authkey-choice.ts';
import type { DesiredX509 } from '../credentials/certificates.ts';
import { refuseCorosyncsKey } from '../credentials/corosync-key.ts';
import { credentialChange, type DesiredCredentials } from '../credentials/credential-change.ts';
import { desiredCredentials, type NewKey } from '../credentials/desired-credentials.ts';
import { refuseChange } from '../credentials/refuse-change.ts';
import {
  refuseListedInUse,
  refuseRevokedInUse,
  type ListingCredentials,
  type RevokingCredentials,
} from '../credentials/revoked-in-use.ts';
import { nodesOf, type Nodes, type Spec } from '../inventory/spec.ts';
import type { CredentialChange } from '../model/credential-change.ts';
import type { ClusterFacts, Facts, HostFacts, Unreachable } from '../model/facts.ts';
import { undeclaredClusterNodes } from '../model/membership.ts';
import { isTogether, type Play, type Playbook } from '../playbook/playbook.ts';
import { OutriggerError } from '../support/errors.ts';
import { absentItems } from './desired/absent-items.ts';
import { desiredItems, type DesiredItems } from './desired/desired-items.ts';
import { findDifferences, type Differences } from './differences.ts';
import { findRemovals, type Removals } from './removal/removals.ts';
import type { RemovedNode } from './removal/removed-node.ts';

/** What a decision takes besides the state of hosts and cluster. */
export interface Intent {
  /** The whole inventory. */
  readonly spec: Spec;
  /** Which of its remote nodes and guest nodes this is about. */
  readonly selected: Nodes;
  readonly playbook: Playbook;
  /** Undefined: the authkey is used. */
  readonly credentials: CertificateFacts | undefined;
  /** The authkey that the inventory names. */
  readonly key: AuthkeyOfInventory | undefined;
  readonly newKey: NewKey;
  /** Another authkey is desired, whatever the present one is. */
  readonly rotates: boolean;
  /** False: state is compared only, and nothing will be changed. */
  readonly changes: boolean;
}

/** Certificates that nodes shall have, and which they revoke. */
type CertificateFacts = { readonly desired: DesiredX509 } & RevokingCredentials &
  ListingCredentials;

/** The state of hosts and cluster. */
export interface Observed {
  readonly facts: Facts;
  readonly cluster: ClusterFacts;
  /** Hosts of nodes that shall be absent. */
  readonly removedNodes: {
    readonly hosts: ReadonlyMap<string, HostFacts>;
    readonly unreachable: ReadonlyMap<string, Unreachable>;
  };
}

/** What has to be done, before the scheduler simulates its consequences. */
export interface Decision {
  readonly desired: DesiredItems;
  /** Of nodes that shall be absent: what must be gone. */
  readonly absent: DesiredItems;
  readonly differences: Differences;
  readonly removals: Removals;
  readonly credentials: DesiredCredentials;
  readonly change: CredentialChange | undefined;
  /** Names that the inventory declares, and cluster nodes about which nothing is known. */
  readonly about: InventoryNames;
  /** What cannot be determined about a new CRL, as notes. */
  readonly notes: readonly string[];
}

interface InventoryNames {
  readonly declared: readonly string[];
  readonly absentNames: readonly string[];
  readonly unreachableClusterNodes: readonly string[];
  readonly undeclaredClusterNodes: readonly string[];
}

/**
 * Compares an inventory with the state of hosts and cluster. Pure. Throws REFUSED with what stands in the way of a plan as a
 * whole; what stands in the way of one host is among the problems of the differences.
 */
export function decide(
  { spec, selected, playbook, credentials, key, newKey, rotates, changes }: Intent,
  { facts, cluster, removedNodes }: Observed,
): Decision {
  refuseCorosyncsKey(facts);
  const { authentication } = spec;
  const x509 = credentials?.desired;
  const about = namesIn(spec, facts, cluster);
  refuseRevokedInUse(facts, cluster.cib, credentials);
  const notes = changes ? refuseListedInUse(facts, cluster.cib, credentials, about.declared) : [];
  const choices = { authentication, x509, key, newKey, rotates };
  const wanted = desiredCredentials(facts, cluster, choices);
  const change = credentialChange(facts, cluster, wanted, prefersNodeByNode(playbook));
  const given = 'x509' in wanted ? wanted.x509 : wanted.authkey;
  const desired = desiredItems({ ...spec, ...selected }, facts, given, change);
  const differences = findDifferences(facts, cluster, desired, { ...wanted, x509 });
  const leaving = removedNodesIn(selected, removedNodes);
  const absent = absentItems(leaving, facts, authentication);
  const removals = findRemovals(leaving, facts, cluster, absent);
  const converts = change !== undefined && changes;
  if (converts) refuseChange(change, facts, cluster, { ...about, ...differences });
  refuseUnplayed(playbook, converts, removals);
  return { desired, absent, differences, removals, credentials: wanted, change, about, notes };
}

function namesIn(spec: Spec, facts: Facts, { cib }: ClusterFacts): InventoryNames {
  const names = spec.clusterNodes.map(({ name }) => name);
  const absentNames = nodesOf(spec.absent).map(({ name }) => name);
  return {
    absentNames,
    declared: [...nodesOf(spec).map(({ name }) => name), ...absentNames],
    unreachableClusterNodes: names.filter((name) => facts.unreachable.has(name)),
    undeclaredClusterNodes: undeclaredClusterNodes(facts, cib, names),
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
const removedNodesIn = (
  { absent }: Nodes,
  { hosts, unreachable }: Observed['removedNodes'],
): RemovedNode[] => {
  const vms = new Map(absent.guestNodes.map(({ name, resource }) => [name, resource]));
  return nodesOf(absent).map((node) => ({
    node,
    vm: vms.get(node.name),
    host: hosts.get(node.name),
    silence: unreachable.get(node.name),
  }));
};
