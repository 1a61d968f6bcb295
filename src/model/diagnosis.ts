import type { OutriggerError } from '../support/errors.ts';
import type { Facts } from './facts.ts';
import type { ClusterSummary, Plan } from './plan.ts';

/** What doctor examines, in the order of its report. */
export const CHECKS = {
  connection: 'SSH and sudo',
  cluster: 'Cluster',
  versions: 'Versions',
  packages: 'Packages',
  space: 'Free space',
  clocks: 'Clocks',
  hosts: 'Hosts as nodes',
  port: 'Port of pacemaker_remote',
  credentials: 'Credentials',
  fencing: 'Fencing',
  plan: 'Plan',
} as const;

export type Check = keyof typeof CHECKS;

/** One thing that is wrong (`bad`: an apply would fail, or the cluster is in danger), or that somebody should look at. */
export interface Finding {
  readonly check: Check;
  readonly level: 'bad' | 'attention';
  /** Empty: it is about the cluster as a whole. */
  readonly host: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** What became of one check. */
export interface CheckResult {
  readonly check: Check;
  /** `unknown`: what it looks at could not be read. */
  readonly outcome: 'good' | 'attention' | 'bad' | 'unknown';
  /** What was found, in a few words. */
  readonly summary: string;
  readonly findings: readonly Finding[];
}

/** Everything that doctor found, from every side. */
export interface Diagnosis {
  readonly cluster: ClusterSummary | undefined;
  readonly checks: readonly CheckResult[];
  /** Hosts that gave no answer. */
  readonly unreachable: readonly string[];
}

/** What one host reported beyond what a plan needs. */
export interface HostExamination {
  /** Undefined: not reported. */
  readonly isClockSynchronized: boolean | undefined;
  readonly freeKiB: readonly { readonly directory: string; readonly free: number }[];
  /** Packages that it would get, and that no repository of it offers. */
  readonly notOffered: readonly string[];
  /** Why they cannot be installed although each is offered, in the words of its package manager; empty: they can. */
  readonly unmet: readonly string[];
}

/** Everything that a diagnosis is made from. */
export interface Examination {
  readonly facts: Facts;
  /** The cluster nodes of the inventory. */
  readonly clusterNodes: readonly string[];
  /** What the hosts reported beyond that, or why not. */
  readonly hosts: ReadonlyMap<string, HostExamination | OutriggerError>;
  /** The nodes whose port each cluster node reaches; undefined: it gave no answer to that. */
  readonly reached: ReadonlyMap<string, ReadonlySet<string> | undefined>;
  /** The plan, or why there is none. */
  readonly plan: Plan | OutriggerError;
}
