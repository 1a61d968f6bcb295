import type { ItemKind } from '../playbook/item-kinds.ts';
import type { Check } from '../playbook/playbook.ts';

/** What a run reports while it goes on: for the terminal, the JSON stream and the log. Holds no secret. */
export type RunEvent =
  | {
      readonly type: 'play-started';
      readonly play: string;
      readonly hosts: readonly string[];
      readonly batch: string;
    }
  | (StepName & { readonly type: 'action'; readonly action: string })
  | VerdictEvent
  | {
      readonly type: 'waiting';
      readonly play: string;
      readonly message: string;
      readonly limitSeconds: number;
    }
  | {
      readonly type: 'cib-written';
      readonly play: string;
      readonly purpose: string;
      readonly copy: string;
    }
  | {
      readonly type: 'query-node-changed';
      readonly play: string;
      /** The cluster node that gives no answer any more, and the one through which the run goes on. */
      readonly from: string;
      readonly to: string;
      readonly because: string;
    }
  | { readonly type: 'notice'; readonly play: string; readonly message: string };

/** One thing on one host, in one play. */
export interface StepName {
  readonly play: string;
  readonly host: string;
  readonly item: ItemKind | Check;
}

/** What became of one thing on one host. */
export type Verdict =
  | { readonly kind: 'changed' }
  | { readonly kind: 'in-sync' }
  | { readonly kind: 'failed'; readonly because: string; readonly hint?: string | undefined }
  | { readonly kind: 'skipped'; readonly because: string };

export interface VerdictEvent extends StepName {
  readonly type: 'verdict';
  readonly verdict: Verdict;
}

/** How a run ended. */
export interface RunResult {
  /** Why a host was left out, by host. */
  readonly failed: ReadonlyMap<string, string>;
  readonly wasInterrupted: boolean;
}
