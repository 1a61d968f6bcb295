import { spawn } from 'node:child_process';

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
  /**
   * In a session of its own: it has no terminal, what it has started ends with it, and what it says on stderr is kept
   * from ours.
   */
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
const MOST_SAID = 4096;

/**
 * Runs a program to its end, or gives it up: at the limit also when it has ended, and something that it has started still
 * holds its output. What it says on stderr goes to ours, unless it runs apart.
 */
export function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  const [program = '', ...args] = run.argv;
  const { input, variables, limitMs, signal, isApart = false } = run;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', isApart ? 'pipe' : 'inherit'],
      detached: isApart,
      env: { ...process.env, ...variables },
    });
    const chunks: Buffer[] = [];
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(0, MOST_SAID);
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
    const giveUp = (): void => {
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
      if (isApart) killGroup(child.pid);
      else child.kill('SIGKILL');
    };
    function stop(): void {
      giveUp();
      const hasEnded = child.exitCode !== null || child.signalCode !== null;
      const left = hasEnded ? ' (it has ended, and what it has started holds its output)' : '';
      if (signal.aborted) end({ kind: 'interrupted' });
      else failed(`${limitMs / 1000} s were too long${left}`);
    }
    let room = run.mostBytes;
    child.stdout?.on('data', (chunk: Buffer) => {
      room -= chunk.length;
      chunks.push(chunk);
      if (room >= 0) return;
      // One that prints without end shall not eat our memory.
      giveUp();
      failed('it printed too much');
    });
    // It need not read what it gets.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    child.on('error', (error) => {
      giveUp();
      failed(reasonOf(error));
    });
    child.on('close', (code, killedBy) => {
      if (code === 0) end({ kind: 'printed', stdout: Buffer.concat(chunks) });
      else failed(endOf(code, killedBy));
    });
    if (signal.aborted) stop();
  });
}

const endOf = (code: number | null, killedBy: NodeJS.Signals | null): string =>
  killedBy === null ? `exit code ${code ?? ''}` : `ended by ${killedBy}`;

const STARTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program (ENOENT)',
  EACCES: 'it may not be run (EACCES)',
};

/** Why it could not be started. */
const reasonOf = (error: Error): string =>
  ('code' in error ? STARTS[String(error.code)] : undefined) ?? error.message;

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
