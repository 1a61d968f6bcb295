import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { endProgram, MARK } from './end-program.ts';

/** One run of a program of the operator's on this machine. */
export interface ProgramRun {
  /** The program and its arguments; no shell sees them. */
  readonly argv: readonly string[];
  /** What it reads; without it nothing. */
  readonly input?: string;
  /** Variables that it gets besides ours. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly limitMs: number;
  /** How much it may print. */
  readonly mostBytes: number;
  readonly signal: AbortSignal;
  /** In a session of its own: it has no terminal, and what it says on stderr is kept from ours. */
  readonly isApart?: boolean;
}

/** How it ended: with what it printed, or why that does not count. */
export type ProgramEnd =
  | { readonly kind: 'printed'; readonly stdout: Buffer }
  | {
      readonly kind: 'failed';
      readonly why: string;
      readonly stdout: Buffer;
      readonly stderr: string;
    }
  | { readonly kind: 'interrupted' };

/** How much of what a program says on stderr is kept. */
const MAX_OUTPUT = 4096;

/**
 * Runs a program to its end, or gives it up: at the limit also when it has ended, and something that it has started still
 * holds its output. What is given up is ended with everything that it has started, before this resolves. What it says on stderr goes to ours, unless it runs apart.
 */
export function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  const { input, limitMs, signal, isApart = false } = run;
  const mark = randomUUID();
  return new Promise((resolve) => {
    const child = start(run, mark);
    let isGivenUp = false;
    const chunks: Buffer[] = [];
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(0, MAX_OUTPUT);
    });
    // Not the options `signal` and `timeout`: they do nothing once the program has ended. Nor AbortSignal.any() of a
    // signal with a limit: nothing holds that, and once it was collected it never aborts (Node.js 20).
    const limit = setTimeout(stop, limitMs);
    signal.addEventListener('abort', stop);
    const end = (how: ProgramEnd): void => {
      clearTimeout(limit);
      signal.removeEventListener('abort', stop);
      resolve(how);
    };
    const failed = (why: string): void => {
      end({ kind: 'failed', why, stdout: Buffer.concat(chunks), stderr });
    };
    const giveUp = (because: () => void): void => {
      if (isGivenUp) return;
      isGivenUp = true;
      clearTimeout(limit);
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
      if (child.pid === undefined) because();
      else void endProgram({ leader: child.pid, mark, isApart }).then(because);
    };
    function stop(): void {
      const left = hasEnded(child) ? LEFT : '';
      giveUp(() => {
        if (signal.aborted) end({ kind: 'interrupted' });
        else failed(`it did not finish within ${limitMs / 1000} s${left}`);
      });
    }
    let room = run.mostBytes;
    child.stdout?.on('data', (chunk: Buffer) => {
      room -= chunk.length;
      chunks.push(chunk);
      if (room >= 0) return;
      // One that prints without end shall not eat our memory.
      giveUp(() => {
        failed('its output is too long');
      });
    });
    // It need not read what it gets.
    child.stdin?.on('error', () => undefined).end(input);
    child.on('error', (error) => {
      giveUp(() => {
        failed(reasonOf(error));
      });
    });
    child.on('close', (code, killedBy) => {
      if (isGivenUp) return;
      if (code === 0) end({ kind: 'printed', stdout: Buffer.concat(chunks) });
      else failed(endOf(code, killedBy));
    });
    if (signal.aborted) stop();
  });
}

function start({ argv, input, variables, isApart = false }: ProgramRun, mark: string) {
  const [program = '', ...args] = argv;
  return spawn(program, args, {
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', isApart ? 'pipe' : 'inherit'],
    detached: isApart,
    env: { ...process.env, ...variables, [MARK]: mark },
  });
}

const LEFT = ' (it has ended, but a child process keeps its output open)';

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

const endOf = (code: number | null, killedBy: NodeJS.Signals | null): string =>
  killedBy === null ? `exit code ${code ?? ''}` : `terminated by ${killedBy}`;

const STARTS: Readonly<Record<string, string>> = {
  ENOENT: 'program not found (ENOENT)',
  EACCES: 'not executable (EACCES)',
};

/** Why it could not be started. */
const reasonOf = (error: Error): string =>
  ('code' in error ? STARTS[String(error.code)] : undefined) ?? error.message;
