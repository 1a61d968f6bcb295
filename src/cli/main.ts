#!/usr/bin/env node
import { OutriggerError } from '../support/errors.ts';
import { describeError } from './process/describe-error.ts';
import { EXIT, exitCodeOf } from './process/exit-code.ts';
import { Interrupts, listenForSignals, writerTo } from './process/interrupts.ts';
import { changesThings } from './arguments/changes-things.ts';
import { version } from './process/version.ts';
import { watchSecondSignal } from './process/second-signal.ts';
import type { Terminal } from './process/terminal.ts';

const argv = process.argv.slice(2);
const LEAVE = { interrupted: EXIT.interrupted, quietly: EXIT.ok, failed: EXIT.error } as const;

const interrupts = new Interrupts({
  isChanging: changesThings(argv),
  report: (text) => {
    err(text);
  },
  leave: (how) => process.exit(LEAVE[how]),
});
const out = writerTo(process.stdout, (error) => {
  interrupts.onLostStream('stdout', error);
});
const err = writerTo(process.stderr, (error) => {
  interrupts.onLostStream('stderr', error);
});

/**
 * Until a command connects there is nothing to finish, and the kernel ends it at the first signal, whatever it computes: a
 * handler would run only after that. Files are written elsewhere and renamed, also on this machine.
 */
let isListening = false;
function listen(): void {
  if (isListening) return;
  isListening = true;
  listenForSignals(interrupts);
  watchSecondSignal(interrupts.asked);
}

const terminal: Terminal = {
  out,
  err,
  outStream: process.stdout,
  errStream: process.stderr,
  inIsTerminal: process.stdin.isTTY,
  env: process.env,
  signal: interrupts.signal,
  onConnect: listen,
};

/** The commands take SSH, schemas and reports with them, of which the version needs nothing. */
async function run(): Promise<number> {
  if (argv.length === 1 && ['-V', '--version'].includes(argv[0] ?? '')) {
    out(`${version()}\n`);
    return EXIT.ok;
  }
  const { runCommandLine } = await import('./program.ts');
  return runCommandLine(argv, terminal);
}

try {
  process.exitCode = await run();
} catch (thrown) {
  process.exitCode = thrown instanceof OutriggerError ? exitCodeOf(thrown.code) : EXIT.error;
  terminal.err(describeError(thrown));
}
