/** The figures of a bench, as text for people and for the documents that quote them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { ansibleVersion } from './programs.ts';
import type { Spread, Traffic } from './measure.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const GIB = 1024 ** 3;

export type Figures = { seconds: Spread; cpuSeconds: Spread; traffic: Traffic };

export type Result = {
  remoteNodes: number;
  runs: number;
  /** Load of the machine before and after the timed runs (one minute's average). */
  load: readonly number[];
  outrigger: Figures;
  ansible: Figures;
};

/** The table and what it was measured on, as Markdown. */
export function render(result: Result): string {
  const { outrigger, ansible, remoteNodes, runs, load } = result;
  const rows = [
    ['', 'min', 'median', 'max', 'control CPU', 'SSH handshakes', 'commands by SSH'],
    ['---', '---:', '---:', '---:', '---:', '---:', '---:'],
    row('`outrigger plan`', outrigger),
    row('`ansible-playbook`', ansible),
  ];
  return `${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}

Medians: Ansible takes **${ratioOf(result).toFixed(1)} times** as long.

2 cluster nodes and ${remoteNodes} remote nodes (Debian 12, Pacemaker 2.1.5) in a lab on one machine, all in sync; ${runs} runs
each, in turn. Machine: ${vm()}; load ${load.map((value) => value.toFixed(1)).join(' before, ')} after (the hosts of the
lab and everything else that ran on it). Node.js ${process.versions.node}, ansible-core ${ansibleVersion()}. Measured ${new Date().toISOString().slice(0, 10)}.
`;
}

/** One sentence for the README. */
const sentence = ({ remoteNodes, outrigger, ansible }: Result): string =>
  `A plan that finds 2 cluster nodes and ${remoteNodes} remote nodes in sync takes ${outrigger.seconds.median.toFixed(1)} s (median), an Ansible
playbook for the same job ${ansible.seconds.median.toFixed(1)} s on the same machine: see [docs/performance.md](docs/performance.md).
`;

const ratioOf = ({ outrigger, ansible }: Result): number =>
  ansible.seconds.median / outrigger.seconds.median;

function row(name: string, { seconds, cpuSeconds, traffic }: Figures): string[] {
  const { min, median, max } = seconds;
  const times = [min, median, max, cpuSeconds.median].map((value) => `${value.toFixed(2)} s`);
  return [name, ...times, String(traffic.handshakes), String(traffic.execs)];
}

function vm(): string {
  const [cpu] = cpus();
  const model = (cpu?.model ?? 'unknown processor').replace(/\s+/g, ' ').trim();
  return `${cpus().length} cores (${model}), ${Math.round(totalmem() / GIB)} GiB, Linux ${release().split('-')[0] ?? ''}`;
}

/** Replaces what stands between the markers of the documents. */
export async function writeDocs(result: Result): Promise<void> {
  await replace('docs/performance.md', render(result));
  await replace('README.md', sentence(result));
}

async function replace(file: string, text: string): Promise<void> {
  const path = join(ROOT, file);
  const before = readFileSync(path, 'utf8');
  const after = before.replace(
    /(<!-- bench -->\n)[\s\S]*?(<!-- \/bench -->)/,
    (_all, begin: string, end: string) => `${begin}\n${text}\n${end}`,
  );
  const options = { ...(await resolveConfig(path)), parser: 'markdown' };
  writeFileSync(path, await format(after, options));
  console.log(`wrote the figures into ${file}`);
}
