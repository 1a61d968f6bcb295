import type { DesiredX509 } from '../../credentials/certificates.ts';
import type { Spec } from '../../inventory/spec.ts';
import type { CibItem, HostItem } from '../../model/item.ts';
import type { Plan } from '../../model/plan.ts';
import type { BatchSize, Playbook } from '../../playbook/playbook.ts';

/** What an operator may say about the course of a run. */
export interface RunOptions {
  readonly forks: number;
  /** Replaces the batches of the playbook. */
  readonly batch: readonly BatchSize[] | undefined;
  /** How many hosts may fail before no further batch is begun; undefined: any number. */
  readonly maxFail: BatchSize | undefined;
}

/** What a run is to do, and by which rules; the run itself changes nothing of it. */
export interface RunInput {
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
  /** Undefined: the authkey is used. */
  readonly x509: DesiredX509 | undefined;
  /** Nodes whose connection the cluster held when the plan was made. */
  readonly connected: ReadonlySet<string>;
  readonly options: RunOptions;
  /** Aborted by the first interrupt: what is under way is finished, nothing new is begun. */
  readonly signal: AbortSignal;
}
