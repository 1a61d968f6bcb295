import type { ItemKind } from '../playbook/item-kinds.ts';
import type { Effects, Placed } from '../pacemaker/status/simulate.ts';
import type { ErrorCode } from '../support/errors.ts';
import type { CredentialChange } from './credential-change.ts';
import type { Finding } from './finding.ts';
import type { AttributeChange } from './item.ts';
import type { ProblemCode } from './problem-code.ts';
import type { Risk } from './risk.ts';

/** What a change does to a running pacemaker_remote, or to Pacemaker on a cluster node (in maintenance mode, or each in standby). */
export type Restart =
  'none' | 'restart' | 'quiet-restart' | 'maintenance-mode-restart' | 'node-by-node-restart';

/** One thing on one host, or in the CIB for one Pacemaker Remote node, that apply would make right. */
export interface Change {
  readonly host: string;
  readonly item: ItemKind;
  readonly action: 'create' | 'update' | 'remove';
  readonly attributes: readonly AttributeChange[];
  readonly restart: Restart;
  /** It follows from another change of the same host; nothing is wrong with it by itself. */
  readonly isConsequence: boolean;
}

export interface PlannedPlay {
  readonly name: string;
  readonly changes: readonly Change[];
}

/** A host that the plan leaves out, and why: it gave no answer, or it must not be touched. */
export interface Problem {
  readonly host: string;
  readonly kind: 'unreachable' | 'refused';
  /** Why there was no answer, or why it must not be touched. */
  readonly code: ErrorCode | ProblemCode;
  readonly message: string;
  readonly hint: string | undefined;
  /** It is not left out: what is on the host stays as it is, and in the cluster it is taken out. */
  readonly isOnlyInCluster?: boolean;
}

/** The problems of hosts for which nothing at all is done. */
export const leftOut = ({ problems }: Pick<Plan, 'problems'>): readonly Problem[] =>
  problems.filter(({ isOnlyInCluster = false }) => !isOnlyInCluster);

/** A guest node whose VM the cluster has stopped: nothing is wrong, and nothing can be done until it runs. */
export interface StoppedGuest {
  readonly host: string;
  readonly resource: string;
  readonly message: string;
}

/** A node that is not in yet: the cluster is still at it, and how that ends is not known. */
export interface PendingNode {
  readonly host: string;
  readonly message: string;
}

/** What stands in the cluster at the time of the plan. */
export interface ClusterSummary {
  readonly name: string;
  readonly dc: string | undefined;
  readonly pacemaker: string | undefined;
  readonly hasQuorum: boolean;
  readonly fencing: boolean;
  readonly maintenance: boolean;
  /** A transition is under way. */
  readonly isBusy: boolean;
}

/** What the cluster itself would do, by its own scheduler. */
export interface Forecast {
  readonly effects: Effects;
  /** Who would be fenced if every new connection failed to start everywhere. */
  readonly fencedOnFailure: readonly string[];
  /** What runs on nodes that leave, and will run nowhere. */
  readonly withoutEligibleNode: readonly Placed[];
}

/** Who can fence a remote node. */
export interface NodeFencing {
  readonly node: string;
  /** The fence devices that report so themselves, sorted; undefined: no cluster node reported any. */
  readonly devices: readonly string[] | undefined;
  /** The device that this plan adds the node to. */
  readonly extended: string | undefined;
}

/** The difference between the inventory and the live state, in the playbook's order. Holds no secret. */
export interface Plan {
  readonly formatVersion: '1.0';
  readonly cluster: ClusterSummary;
  readonly plays: readonly PlannedPlay[];
  readonly problems: readonly Problem[];
  readonly stoppedGuests: readonly StoppedGuest[];
  /** Nodes on which nothing is to be changed, and that are not in yet: not in sync. */
  readonly pending: readonly PendingNode[];
  readonly risks: readonly Risk[];
  /** Credentials that the cluster nodes and the connected nodes change together. */
  readonly credentialChange: CredentialChange | undefined;
  /** Of each remote node that this plan is about; empty where fencing is off. */
  readonly fencing: readonly NodeFencing[];
  /** What is wrong and no change follows from. */
  readonly findings: readonly Finding[];
  /** Things worth knowing that no change follows from. */
  readonly notes: readonly string[];
  /** Remote nodes and guest nodes that the cluster has and the inventory does not name. */
  readonly unmanaged: readonly string[];
  readonly inSync: readonly string[];
  readonly forecast: Forecast | undefined;
}

/** How many things differ: consequences of a change are not counted. */
export const changeCount = (plan: Plan): number =>
  plan.plays.flatMap((play) => play.changes).filter((change) => !change.isConsequence).length;
