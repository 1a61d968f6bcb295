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
}

/** How it ended: with what it printed, or why that does not count. */
export type ProgramEnd =
  | { readonly kind: 'printed'; readonly stdout: Buffer }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'interrupted' };

/** Runs a program to its end, or gives it up. What it says on stderr goes to ours; it is never quoted. */
export function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  const [program = '', ...args] = run.argv;
  const { input, variables, limitMs, signal } = run;
  return new Promise((resolve) => {
    // Not the option `timeout`: of a program that does not exist it would keep this process alive (Node.js 20).
    const tooLong = AbortSignal.timeout(limitMs);
    const child = spawn(program, args, {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...variables },
      signal: AbortSignal.any([signal, tooLong]),
      killSignal: 'SIGKILL',
    });
    const chunks: Buffer[] = [];
    let room = run.mostBytes;
    child.stdout?.on('data', (chunk: Buffer) => {
      room -= chunk.length;
      // One that prints without end shall not eat our memory.
      if (room < 0) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    // It need not read what it gets.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    child.on('error', (error) => {
      // What the program has started may hold the pipe for longer than we want to wait.
      child.stdout?.destroy();
      const why = tooLong.aborted ? `${limitMs / 1000} s were too long` : error.message;
      resolve(signal.aborted ? { kind: 'interrupted' } : { kind: 'failed', why });
    });
    child.on('close', (code, killedBy) => {
      if (room < 0) resolve({ kind: 'failed', why: 'it printed too much' });
      else if (code !== 0) resolve({ kind: 'failed', why: endOf(code, killedBy) });
      else resolve({ kind: 'printed', stdout: Buffer.concat(chunks) });
    });
  });
}

const endOf = (code: number | null, killedBy: NodeJS.Signals | null): string =>
  killedBy === null ? `exit code ${code ?? ''}` : `ended by ${killedBy}`;
