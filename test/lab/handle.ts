/** What a test holds of a lab: everything it can do with the hosts, the network and the power. */
import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { execIn } from './exec.ts';
import type { ExecOptions } from './exec.ts';
import { bootsOf, findHost, isOn } from './hosts.ts';
import { isOwn } from './options.ts';
import { closePath, CONTROL_ADDRESS, inNetwork } from './network.ts';
import { askPower, clearPowerLog, readPowerLog } from './power.ts';
import { waitBooted, waitCluster, waitSsh } from './ready.ts';
import { run } from './run.ts';
import type { Result, RunOptions } from './run.ts';
import { sshDirOf } from './ssh.ts';
import type { LabHost, LabRecord, PowerAction, PowerEvent } from './types.ts';
import { watch } from './secret-watch.ts';
import { ownerOf } from './virtual-machines.ts';

export type Lab = {
  name: string;
  dir: string;
  hosts: readonly LabHost[];
  /** Host → IPv4 address. */
  addresses: Record<string, string>;
  /** The control seat's `id_ed25519`, `known_hosts` and `config` (for `ssh -F`). */
  sshDir: string;

  /** Runs a script in a host's /bin/sh, not through ssh. Rejects at the limit (default 120 s). */
  exec(host: string, script: string, options?: ExecOptions): Promise<Result>;
  /** The same, and rejects unless it exits with 0; the answer is its standard output. */
  sh(host: string, script: string, options?: ExecOptions): Promise<string>;
  /** Runs a program on the control seat, i.e. in the lab's network. */
  control(argv: readonly string[], options?: RunOptions): Promise<Result>;
  /** Starts a program on the control seat; the child's pid is the program's own. */
  controlSpawn(argv: readonly string[], options?: SpawnOptions): ChildProcess;

  /** The operator's switch; logged as such. `on` and `reboot` do not wait: see `ready`. */
  power(host: string, action: PowerAction): Promise<void>;
  powerLog(): Promise<PowerEvent[]>;
  clearPowerLog(): Promise<void>;
  isOn(host: string): boolean;
  /** How often the host was switched on since its disk is fresh. */
  boots(host: string): number;
  /** The cluster node that runs a virtual machine. */
  ownerOf(vm: string): string | undefined;
  /** Waits until these hosts (default: all but virtual machines and domains) have booted and answer on port 22. */
  ready(...hosts: string[]): Promise<void>;
  /** Waits for a DC, every cluster node online, and the fence device and every virtual machine started. */
  clusterReady(): Promise<void>;

  /** `stonith_admin -H '*' --verbose` on the first cluster node that is on. */
  fenceHistory(): Promise<string>;
  /** `crm_mon -1 -r --output-as=xml` on the first cluster node that answers. */
  crmMon(): Promise<string>;

  /** Drops TCP packets from one host (or `control`) to another's port, on the network between them. */
  block(from: string, to: string, port: number): Promise<void>;
  unblock(from: string, to: string, port: number): Promise<void>;

  /** Rebuilds every host on a fresh disk; the power log is empty and no path is blocked afterwards. */
  reset(): Promise<void>;
  down(): Promise<void>;
};

export type LabLife = Pick<Lab, 'reset' | 'down'>;

export function leaveMaintenance(lab: LabRecord, life: LabLife): Lab {
  const name = lab.settings.name;
  const exec: Lab['exec'] = (host, script, options) => execIn(lab, host, script, options);
  const someOf = (hosts: string[]) =>
    hosts.length === 0 ? lab.hosts.filter(isOwn) : hosts.map((host) => findHost(lab, host));
  const watched = {
    dir: lab.dir,
    hosts: lab.hosts,
    exec,
    isOn: (host: string) => isOn(lab, findHost(lab, host).name),
  };
  return {
    name,
    dir: lab.dir,
    hosts: lab.hosts,
    addresses: Object.fromEntries(lab.hosts.map((host) => [host.name, host.address])),
    sshDir: sshDirOf(lab.dir),
    exec,
    sh: async (host, script, options) => succeeded(host, script, await exec(host, script, options)),
    control: async (argv, options) => {
      const result = await run(inNetwork(name, argv), options);
      watch(watched, argv, result.stdout + result.stderr);
      return result;
    },
    controlSpawn: (argv, options = {}) => {
      const child = startInNetwork(name, argv, options);
      listen(child, (text) => {
        watch(watched, argv, text);
      });
      return child;
    },
    power: (host, action) => switchPower(lab, host, action),
    powerLog: () => readPowerLog(lab.dir),
    clearPowerLog: () => clearPowerLog(lab.dir),
    isOn: watched.isOn,
    boots: (host) => bootsOf(lab, host),
    ownerOf: (vm) => ownerOf(lab, vm),
    ready: async (...hosts) => {
      for (const host of someOf(hosts)) await waitBooted(lab, host.name);
      // Who has booted a domain is logged in already.
      await waitSsh(
        lab,
        someOf(hosts).filter(({ kind }) => kind !== 'domain'),
      );
    },
    clusterReady: () => waitCluster(lab),
    fenceHistory: () => askCluster(lab, "stonith_admin -H '*' --verbose"),
    crmMon: () => askCluster(lab, 'crm_mon -1 -r --output-as=xml'),
    block: (from, to, port) => closePath(name, 'add', pathOf(lab, from, to, port)),
    unblock: (from, to, port) => closePath(name, 'delete', pathOf(lab, from, to, port)),
    ...life,
  };
}

/** Tells all that a program has put out, once it has ended. */
function listen(child: ChildProcess, report: (text: string) => void): void {
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer | string) => chunks.push(Buffer.from(chunk)));
  child.once('close', () => {
    report(Buffer.concat(chunks).toString());
  });
}

function succeeded(host: string, script: string, result: Result): string {
  if (result.code === 0) return result.stdout;
  throw new Error(`${host}: ${script}: exit ${result.code}\n${result.stderr}${result.stdout}`);
}

function startInNetwork(lab: string, argv: readonly string[], options: SpawnOptions): ChildProcess {
  const [file = '', ...args] = inNetwork(lab, argv);
  return spawn(file, args, options);
}

async function switchPower(lab: LabRecord, host: string, action: PowerAction): Promise<void> {
  const answer = await askPower(lab.dir, action, findHost(lab, host).name);
  if (answer !== 'ok') throw new Error(`lab: power ${action} ${host}: ${answer}`);
}

/** The first cluster node's answer that is one; they all know the same. */
async function askCluster(lab: LabRecord, script: string): Promise<string> {
  const complaints: string[] = [];
  for (const host of lab.hosts) {
    if (host.kind !== 'cluster' || !isOn(lab, host.name)) continue;
    const result = await execIn(lab, host.name, script, { timeoutMs: 120_000 });
    if (result.code === 0) return result.stdout;
    complaints.push(`${host.name}: exit ${result.code}: ${result.stderr}`);
  }
  throw new Error(`lab: no cluster node answers '${script}'\n${complaints.join('\n')}`);
}

function pathOf(lab: LabRecord, from: string, to: string, port: number) {
  const addressOf = (host: string) =>
    host === 'control' ? CONTROL_ADDRESS : findHost(lab, host).address;
  return { from: addressOf(from), to: addressOf(to), port };
}
