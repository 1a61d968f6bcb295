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

/** Runs a program to its end, or gives it up. What it says on stderr goes to ours, unless it runs apart. */
export function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  const [program = '', ...args] = run.argv;
  const { input, variables, limitMs, signal, isApart = false } = run;
  return new Promise((resolve) => {
    // Not the option `timeout`: of a program that does not exist it would keep this process alive (Node.js 20).
    const tooLong = AbortSignal.timeout(limitMs);
    const child = spawn(program, args, {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', isApart ? 'pipe' : 'inherit'],
      detached: isApart,
      env: { ...process.env, ...variables },
      signal: AbortSignal.any([signal, tooLong]),
      killSignal: 'SIGKILL',
    });
    const kill = (): void => {
      if (isApart) killGroup(child.pid);
      else child.kill('SIGKILL');
    };
    const chunks: Buffer[] = [];
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(0, MOST_SAID);
    });
    const failed = (why: string): void => {
      resolve({ kind: 'failed', why, stdout: Buffer.concat(chunks), stderr });
    };
    let room = run.mostBytes;
    child.stdout?.on('data', (chunk: Buffer) => {
      room -= chunk.length;
      // One that prints without end shall not eat our memory.
      if (room < 0) kill();
      else chunks.push(chunk);
    });
    // It need not read what it gets.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    child.on('error', (error) => {
      // What the program has started may hold the pipe for longer than we want to wait.
      child.stdout?.destroy();
      child.stderr?.destroy();
      kill();
      const why = tooLong.aborted ? `${limitMs / 1000} s were too long` : reasonOf(error);
      if (signal.aborted) resolve({ kind: 'interrupted' });
      else failed(why);
    });
    child.on('close', (code, killedBy) => {
      if (room < 0) failed('it printed too much');
      else if (code !== 0) failed(endOf(code, killedBy));
      else resolve({ kind: 'printed', stdout: Buffer.concat(chunks) });
    });
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
