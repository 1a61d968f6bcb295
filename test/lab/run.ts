/** Runs programs on the machine itself, with a limit, and with nothing of them left behind at the limit. */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { constants } from 'node:os';

export type Result = { code: number; stdout: string; stderr: string };

export type RunOptions = {
  env?: Record<string, string | undefined>;
  cwd?: string;
  stdin?: string | Uint8Array;
  timeoutMs?: number;
  /** Aborting sends SIGTERM; the result then has code 143. */
  signal?: AbortSignal;
};

const DEFAULT_LIMIT_MS = 600_000;

/** Runs to the end, whatever its exit code; throws only when it cannot start or runs into the limit. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
  const [file, ...args] = argv;
  if (file === undefined) throw new Error('run: no program given');
  // Its own process group, so that the limit ends its children too.
  const child = spawn(file, args, { env: options.env, cwd: options.cwd, detached: true });
  const abort = () => {
    killGroup(child, 'SIGTERM');
  };
  options.signal?.addEventListener('abort', abort, { once: true });
  return collect(child, argv.join(' '), options).finally(() => {
    options.signal?.removeEventListener('abort', abort);
  });
}

/** Runs, and throws with everything it printed when it fails. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(argv, options);
  if (result.code !== 0) {
    throw new Error(`${argv.join(' ')}: exit ${result.code}\n${result.stderr}${result.stdout}`);
  }
  return result.stdout;
}

function collect(
  child: ChildProcessWithoutNullStreams,
  title: string,
  options: RunOptions,
): Promise<Result> {
  const limit = options.timeoutMs ?? DEFAULT_LIMIT_MS;
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      killGroup(child, 'SIGKILL');
    }, limit);
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    // A program may end without reading its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const stdout = Buffer.concat(out).toString();
      const stderr = Buffer.concat(err).toString();
      if (late) reject(new Error(`${title}: not done within ${limit} ms\n${stderr}${stdout}`));
      else resolve({ code: code ?? 128 + constants.signals[signal ?? 'SIGKILL'], stdout, stderr });
    });
  });
}

function killGroup(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Gone already.
  }
}
