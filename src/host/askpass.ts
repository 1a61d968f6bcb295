import { spawn } from 'node:child_process';
import { OutriggerError } from '../support/errors.ts';
import { Secret } from '../support/secret.ts';

/** A person may be behind the program. */
const LIMIT_MS = 120_000;
const MOST_BYTES = 4096;

/**
 * Asks a program for a secret, as ssh does with SSH_ASKPASS: the question is its last argument, the answer the first
 * line that it prints. Rejects with REFUSED where it gives none; what it prints is never shown.
 */
export function askProgram(
  argv: readonly string[],
  question: string,
  signal: AbortSignal,
): Promise<Secret> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    // Not the option `timeout`: of a program that does not exist it would keep this process alive (Node.js 20).
    const tooLong = AbortSignal.timeout(LIMIT_MS);
    const child = spawn(program, [...args, question], {
      stdio: ['ignore', 'pipe', 'inherit'],
      signal: AbortSignal.any([signal, tooLong]),
    });
    const chunks: Buffer[] = [];
    let room = MOST_BYTES;
    child.stdout.on('data', (chunk: Buffer) => {
      room -= chunk.length;
      chunks.push(chunk);
      // One that prints without end shall not eat our memory.
      if (room < 0) child.kill('SIGKILL');
    });
    child.on('error', (error) => {
      // What the program has started may hold the pipe for longer than we want to wait.
      child.stdout.destroy();
      reject(
        signal.aborted
          ? new OutriggerError('INTERRUPTED', 'interrupted while a secret was asked for')
          : failed(program, tooLong.aborted ? `${LIMIT_MS / 1000} s were too long` : error.message),
      );
    });
    child.on('close', (code, killedBy) => {
      const answer = firstLine(Buffer.concat(chunks));
      if (room < 0) reject(failed(program, 'it printed too much'));
      else if (code !== 0) reject(failed(program, endOf(code, killedBy)));
      else if (answer.length === 0) reject(failed(program, 'it printed nothing'));
      else resolve(new Secret(answer));
    });
  });
}

/** The first line, without its line break. */
export function firstLine(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0x0a);
  const line = end < 0 ? bytes : bytes.subarray(0, end);
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
}

const endOf = (code: number | null, killedBy: NodeJS.Signals | null): string =>
  killedBy === null ? `exit code ${code ?? ''}` : `ended by ${killedBy}`;

const failed = (program: string, why: string): OutriggerError =>
  new OutriggerError('REFUSED', `the program ${program} gave no answer: ${why}`);
