#!/usr/bin/env node
import { OutriggerError } from '../support/errors.ts';
import { describeError } from './describe-error.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { Interrupts, writerTo } from './interrupts.ts';
import { changesThings, runCommandLine } from './program.ts';
import type { Terminal } from './terminal.ts';

const argv = process.argv.slice(2);
const LEAVE = { interrupted: EXIT.interrupted, quietly: EXIT.ok, failed: EXIT.error } as const;

const interrupts = new Interrupts({
  isChanging: changesThings(argv),
  tell: (text) => {
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

const terminal: Terminal = {
  out,
  err,
  outStream: process.stdout,
  errStream: process.stderr,
  inIsTerminal: process.stdin.isTTY,
  env: process.env,
  signal: interrupts.signal,
};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupts.onSignal(signal);
  });
}

try {
  process.exitCode = await runCommandLine(argv, terminal);
} catch (thrown) {
  process.exitCode = thrown instanceof OutriggerError ? exitCodeOf(thrown.code) : EXIT.error;
  terminal.err(describeError(thrown));
}
