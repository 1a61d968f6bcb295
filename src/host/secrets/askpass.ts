import { OutriggerError } from '../../support/errors.ts';
import { Secret } from '../../support/secret.ts';
import { runProgram } from './local-program.ts';

/** A person may be behind the program. */
const LIMIT_MS = 120_000;
const MOST_BYTES = 4096;

/**
 * Asks a program for a secret, as ssh does with SSH_ASKPASS: the question is its last argument, the answer the first
 * line that it prints. Rejects with REFUSED where it gives none; what it prints is never shown.
 */
export async function askProgram(
  argv: readonly string[],
  question: string,
  signal: AbortSignal,
): Promise<Secret> {
  const [program = ''] = argv;
  const end = await runProgram({
    argv: [...argv, question],
    limitMs: LIMIT_MS,
    mostBytes: MOST_BYTES,
    signal,
  });
  if (end.kind === 'interrupted')
    throw new OutriggerError('INTERRUPTED', 'interrupted while prompting for a secret');
  if (end.kind === 'failed') throw failed(program, end.why);
  const answer = firstLine(end.stdout);
  if (answer.length === 0) throw failed(program, 'it printed nothing');
  return new Secret(answer);
}

/** The first line, without its line break. */
export function firstLine(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0x0a);
  const line = end < 0 ? bytes : bytes.subarray(0, end);
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
}

const failed = (program: string, why: string): OutriggerError =>
  new OutriggerError('REFUSED', `the program ${program} failed: ${why}`);
