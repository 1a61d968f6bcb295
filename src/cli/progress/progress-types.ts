import type { RunEvent } from '../../model/run-event.ts';
import type { Style } from '../../report/text/style.ts';

/** Shows how far a command has come, on stderr. */
export interface Progress {
  event(event: RunEvent): void;
  /** So many of so many hosts are done with, and so many of them gave no answer. */
  gather(done: number, total: number, unreachable?: number): void;
  /** Shows the last state and frees the terminal; whatever comes later is ignored. */
  stop(): Promise<void>;
}

export interface ProgressOptions {
  /** The plays by name, in the playbook's order; none for a command that only reads. */
  readonly plays: readonly string[];
  readonly stream: NodeJS.WritableStream & { readonly columns?: number; readonly rows?: number };
  readonly isTerminal: boolean;
  readonly style?: Style;
}
