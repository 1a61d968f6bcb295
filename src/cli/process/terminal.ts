import type { Command } from 'commander';
import type { ExitCode } from './exit-code.ts';

/** What a command writes to and hears from, so that tests can stand in for the process. */
export interface Terminal {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress and messages. */
  readonly err: (text: string) => void;
  readonly outStream: NodeJS.WriteStream;
  readonly errStream: NodeJS.WriteStream;
  readonly inIsTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted at the first interrupt. */
  readonly signal: AbortSignal;
  /** Called before hosts are asked: what they reply may take long to read. */
  readonly onConnect?: () => void;
}

/** Makes a subcommand; it tells its exit code through `finish`. */
export type AddCommand = (terminal: Terminal, finish: (code: ExitCode) => void) => Command;
