import type { Host, QueryNode } from '../../host/host.ts';
import type { NodeEntry } from '../../pacemaker/cib/nodes.ts';
import type { CertificateRole } from '../../pacemaker/basics/names.ts';
import type { AuthkeyChoice } from '../../credentials/authkey-choice.ts';
import type { DesiredX509 } from '../../credentials/certificates.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { CibItem, HostItem } from '../../model/item.ts';
import type { Change, Plan } from '../../model/plan.ts';
import type { ItemKind } from '../../playbook/item-kinds.ts';
import type { BatchSize, Check, Play, Playbook } from '../../playbook/playbook.ts';
import type { Spec } from '../../inventory/spec.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import type { Secret } from '../../support/secret.ts';
import type { RunEvent, Verdict } from '../../model/run-event.ts';
import type { Lease } from '../lock/lease.ts';
import type { VmRecord } from './vms.ts';
import type { RunLog } from '../../records/run-log.ts';

/** What an operator may say about the course of a run. */
export interface RunOptions {
  readonly forks: number;
  /** Replaces the batches of the playbook. */
  readonly batch: readonly BatchSize[] | undefined;
  /** How many hosts may fail before no further batch is begun; undefined: any number. */
  readonly maxFail: BatchSize | undefined;
}

/** Everything that the parts of a run share. */
export interface RunContext {
  readonly spec: Spec;
  readonly playbook: Playbook;
  readonly plan: Plan;
  readonly hostItems: readonly HostItem[];
  readonly cibItems: readonly CibItem[];
  /** What must be gone of nodes that shall be absent. */
  readonly absent: {
    readonly hostItems: readonly HostItem[];
    readonly cibItems: readonly CibItem[];
  };
  readonly hosts: ReadonlyMap<string, Host>;
  /** The cluster node through which the cluster is read and written. */
  readonly queryNode: QueryNode;
  /** The lock of the cluster, without which nothing is written into the CIB. */
  readonly lease: Lease;
  /** Reads the state of a machine anew. */
  readonly probe: (host: Host) => Promise<HostFacts>;
  /** What each host reported last: in this run, or when it was planned. */
  readonly lastFacts: ReadonlyMap<string, HostFacts>;
  /** The nodes whose ports a cluster node has reached in this run, by the cluster node's name. */
  readonly reached: Map<string, Set<string>>;
  /** Undefined: certificates are used. */
  readonly authkey: AuthkeyChoice | undefined;
  /** Undefined: the authkey is used. */
  readonly x509: DesiredX509 | undefined;
  readonly options: RunOptions;
  readonly log: RunLog;
  /** Aborted by the first interrupt: what is under way is finished, nothing new is begun. */
  readonly signal: AbortSignal;
  /** Nodes whose connection the cluster held when the plan was made. */
  readonly connected: ReadonlySet<string>;
  /** Nodes whose join, of this run or of one that was interrupted, is not proven yet. */
  readonly joining: Set<string>;
  /** The VMs of guest nodes as they were before their join, by the node's name. */
  readonly vms: Map<string, VmRecord>;
  /** The entries that nodes had in the CIB before their join, by the node's name. */
  readonly entriesBefore: Map<string, NodeEntry>;
  /** Guest nodes whose connection was tried in this run, and failed. */
  readonly inVain: Set<string>;
  /** Why a host is left out from here on. */
  readonly failed: Map<string, string>;
  /** The key's bytes, fetched or made once, when the first host needs them. */
  readonly loadAuthkey: () => Promise<Secret>;
  /** Returns the content of a node's certificate file. */
  readonly loadCertificate: (node: string, role: CertificateRole) => Secret;
  /** Lets time pass where nothing can be asked whether it is over. */
  readonly pause: (milliseconds: number) => Promise<void>;
  emit(event: RunEvent): void;
}

/** Nodes that could not be changed, or were disturbed by it. */
export type Failures = Map<string, Extract<Verdict, { readonly kind: 'failed' }>>;

/** What it takes to edit the CIB. */
export type EditContext = Pick<RunContext, 'queryNode' | 'lease' | 'log' | 'emit'>;

/** The name of what is under way, for what is told of it. */
export type PlayName = Pick<Play, 'name'>;

/** Reports what the run waits for, and for how long at most. `what` follows "waiting for". */
export function reportWaiting(
  { emit }: Pick<RunContext, 'emit'>,
  play: PlayName,
  what: string,
  limitMs: number,
): void {
  const limitSeconds = limitMs / 1000;
  const message = `waiting up to ${limitSeconds} s for ${what}`;
  emit({ type: 'waiting', play: play.name, message, limitSeconds });
}

/** Reports what is being checked, and how long that may take. `what` follows "checking". */
export function reportChecking(
  { emit }: Pick<RunContext, 'emit'>,
  play: PlayName,
  what: string,
  limitMs: number,
): void {
  const limitSeconds = limitMs / 1000;
  const message = `checking ${what} (up to ${limitSeconds} s)`;
  emit({ type: 'waiting', play: play.name, message, limitSeconds });
}

/** Records what became of a step; a failed host is left out from here on. */
export function conclude(
  context: RunContext,
  play: Play,
  step: { readonly host: string; readonly item: ItemKind | Check },
  verdict: Verdict,
): void {
  if (verdict.kind === 'failed' && !context.failed.has(step.host))
    context.failed.set(step.host, verdict.because);
  context.emit({ type: 'verdict', play: play.name, ...step, verdict });
}

/** What the plan shows in a play. */
export const changesOf = ({ plan, playbook }: RunContext, play: Play): readonly Change[] =>
  plan.plays[playbook.plays.indexOf(play)]?.changes ?? [];

/** The verdict of a step that ended with an expected failure; anything else is a bug and goes on its way. */
export function failureOf(thrown: unknown): Extract<Verdict, { kind: 'failed' }> {
  if (!(thrown instanceof OutriggerError)) throw thrown;
  return { kind: 'failed', because: messageOf(thrown), hint: thrown.hint };
}
