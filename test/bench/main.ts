/**
 * `npm run bench`: a plan that finds nothing to do, timed beside Ansible doing the same on the same hosts, in turn.
 * It never fails for being slow, but for having something to do.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { labDown, labUp } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { skipHere } from '../lab/supported.ts';
import { sample, spreadOf, trafficOf, watchSsh, type Program, type Sample } from './measure.ts';
import { ansibleIn, outriggerIn } from './programs.ts';
import { render, writeDocs, type Result } from './result.ts';

/** Debian 12: its ansible-core (2.14) cannot speak to the Python of Debian 13. */
const SUITE = 'bookworm';

const count = (text: string): number => {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('give a number from 1 to 999');
  return Number(text);
};

interface Options {
  readonly name: string;
  readonly remoteNodes: number;
  readonly runs: number;
  readonly write?: true;
}

async function bench(options: Options): Promise<void> {
  const build = spawnSync('npm', ['run', '-s', 'build'], { stdio: 'inherit' });
  if (build.status !== 0) throw new Error('the build failed');
  console.log(`bringing up 2 cluster nodes and ${options.remoteNodes} bare hosts`);
  const lab = await labUp({
    name: options.name,
    replace: true,
    suite: SUITE,
    clusterNodes: 2,
    bareHosts: options.remoteNodes,
    firewalld: 0,
  });
  try {
    const result = await measure(lab, options);
    console.log(`\n${render(result)}`);
    if (options.write === true) await writeDocs(result);
  } finally {
    await labDown(options.name);
  }
}

async function measure(lab: Lab, { runs, remoteNodes }: Options): Promise<Result> {
  const dir = join(lab.dir, 'bench');
  mkdirSync(dir);
  const outrigger = outriggerIn(lab, dir);
  console.log('joining them');
  const { code, stdout, stderr } = await lab.control(outrigger.apply, {
    ...outrigger,
    timeoutMs: 600_000,
  });
  if (code !== 0) throw new Error(`apply: exit ${code}\n${stdout}${stderr}`);
  const ansible = await ansibleIn(lab, dir);
  console.log('first runs, not counted');
  await sample(lab, { ...ansible, check: () => undefined });
  await sample(lab, outrigger);
  const load = loadavg();
  const samples = await inTurn(lab, [outrigger, ansible], runs);
  await watchSsh(lab);
  // Connections that are kept open from the timed runs would hide the handshakes.
  const cold = { ...ansible.env, ANSIBLE_SSH_CONTROL_PATH_DIR: join(dir, 'cold') };
  return {
    remoteNodes,
    runs,
    load: [load, loadavg()].map(([minute = 0]) => minute),
    outrigger: {
      ...summary(samples[0] ?? []),
      traffic: await trafficOf(lab, outrigger),
    },
    ansible: {
      ...summary(samples[1] ?? []),
      traffic: await trafficOf(lab, { ...ansible, env: cold }),
    },
  };
}

/** A B A B …, so that whatever else the machine does falls on both. */
async function inTurn(lab: Lab, programs: readonly Program[], runs: number): Promise<Sample[][]> {
  const samples: Sample[][] = programs.map(() => []);
  for (let run = 1; run <= runs; run += 1) {
    for (const [index, program] of programs.entries()) {
      const taken = await sample(lab, program);
      samples[index]?.push(taken);
      console.log(`run ${run} of ${runs}  ${program.name}  ${taken.seconds.toFixed(2)} s`);
    }
  }
  return samples;
}

const summary = (samples: readonly Sample[]) => ({
  seconds: spreadOf(samples.map(({ seconds }) => seconds)),
  cpuSeconds: spreadOf(samples.map(({ cpuSeconds }) => cpuSeconds)),
});

const program = new Command('bench')
  .description('Times a plan that finds nothing to do beside Ansible, on real hosts')
  .option('--remote-nodes <n>', 'how many remote nodes', count, 8)
  .option('--runs <n>', 'how often each is timed', count, 5)
  .option('--name <name>', 'what the lab is called', 'bench')
  .option('--write', 'put the figures into docs/performance.md and README.md')
  .action(bench);

if (!skipHere()) {
  await program.parseAsync().catch((error: unknown) => {
    console.error(`BENCH FAILED: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
}
