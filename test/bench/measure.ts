/** Timing programs on the control seat, and what the hosts' SSH servers saw of them. */
import type { Lab } from '../lab/lab.ts';

const RUN_LIMIT_MS = 300_000;

export type Sample = {
  /** Wall clock. */
  seconds: number;
  /** Processor time on the control seat: the program and its children. */
  cpuSeconds: number;
};

export type Program = {
  name: string;
  argv: readonly string[];
  cwd: string;
  env: Record<string, string | undefined>;
  /** Throws when the run was not the no-op that it should be. */
  check: (stdout: string) => void;
};

/** Runs a program once; throws when it fails or had something to do. */
export async function sample(lab: Lab, { argv, cwd, env, check, name }: Program): Promise<Sample> {
  const timer = ['bash', '-c', 'TIMEFORMAT="took %R %U %S"; time "$@"', 'time', ...argv];
  const result = await lab.control(timer, { cwd, env, timeoutMs: RUN_LIMIT_MS });
  const took = /^took ([\d.]+) ([\d.]+) ([\d.]+)$/m.exec(result.stderr);
  if (result.code !== 0 || took === null) {
    throw new Error(`${name}: exit ${result.code}\n${result.stdout}${result.stderr}`);
  }
  check(result.stdout);
  const [seconds = 0, user = 0, system = 0] = took.slice(1).map(Number);
  return { seconds, cpuSeconds: user + system };
}

export type Spread = { min: number; median: number; max: number };

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  const median = (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2;
  return { min: at(0), median, max: at(sorted.length - 1) };
}

export type Traffic = { handshakes: number; execs: number };

/** Lets the SSH servers write down every session. */
export async function watchSsh(lab: Lab): Promise<void> {
  const script =
    'echo LogLevel VERBOSE >/etc/ssh/sshd_config.d/bench.conf && systemctl reload ssh.service';
  for (const { name } of lab.hosts) await lab.sh(name, script);
}

/** What all hosts together saw of one run. */
export async function trafficOf(lab: Lab, program: Program): Promise<Traffic> {
  const since = await lab.sh('c1', 'sleep 1; date +%s; sleep 1');
  await sample(lab, program);
  const total: Traffic = { handshakes: 0, execs: 0 };
  for (const { name } of lab.hosts) {
    const log = await lab.sh(name, `sleep 0.5; journalctl --quiet --since @${since.trim()}`);
    total.handshakes += log.match(/: Accepted publickey for /g)?.length ?? 0;
    total.execs += log.match(/: Starting session: /g)?.length ?? 0;
  }
  return total;
}
