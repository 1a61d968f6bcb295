/** `npm run lab -- …`: the lab on the command line. */
import { spawnSync } from 'node:child_process';
import { Command, InvalidArgumentError } from 'commander';
import { allLabs } from './down.ts';
import { inHost } from './exec.ts';
import { ensureImages, labDown, labOpen, labUp } from './lab.ts';
import { isOn } from './hosts.ts';
import type { Extras } from './images.ts';
import { netnsOf } from './network.ts';
import { labDir } from './paths.ts';
import { isPowerRunning } from './power.ts';
import { readRecord } from './record.ts';
import { skipHere } from './supported.ts';
import type { LabRecord } from './types.ts';

function count(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('not a number');
  return Number(text);
}

function onOff(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError("'on' or 'off'");
  return text === 'on';
}

function nodeName(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [node = '', host = ''] = text.split('=');
  if (node === '' || host === '') throw new InvalidArgumentError('NODE=HOST');
  return { ...before, [node]: host };
}

type Named = { name: string };

type UpOptions = Named & {
  clusterNodes: number;
  bareHosts: number;
  virtualMachines: number;
  domains: number;
  fencing: boolean;
  firewalld: number;
  rhelHosts: number;
  suite: string;
  pcs: boolean;
  remoteName?: Record<string, string>;
  fenceDelay?: string;
  parallelBoots?: number;
  replace: boolean;
};

const SHELL = ['env', `TERM=${process.env['TERM'] ?? 'dumb'}`, '/bin/bash', '-l'];

function seconds(start: number): string {
  return `${((Date.now() - start) / 1000).toFixed(1)} s`;
}

async function up(options: UpOptions): Promise<void> {
  const start = Date.now();
  const { remoteName: remoteNames = {}, ...rest } = options;
  const lab = await labUp({ remoteNames, ...rest });
  console.log(`lab '${lab.name}' is up after ${seconds(start)}`);
  for (const host of lab.hosts) console.log(`  ${host.name}  ${host.address}`);
  console.log('on the control seat:');
  console.log(`  nsenter --net=/run/netns/${netnsOf(lab.name)} ssh -F ${lab.sshDir}/config HOST`);
}

function status(): void {
  for (const name of allLabs()) {
    try {
      statusOf(readRecord(labDir(name)));
    } catch {
      console.log(`${name}: not whole; take it down`);
    }
  }
}

function statusOf(lab: LabRecord): void {
  const { name, suite } = lab.settings;
  console.log(`${name} (${suite}, power daemon ${isPowerRunning(name) ? 'runs' : 'is gone'})`);
  for (const host of lab.hosts) {
    const state = isOn(lab, host.name) ? 'on' : 'off';
    console.log(`  ${host.name}  ${host.address}  ${host.kind === 'domain' ? 'domain' : state}`);
  }
}

async function down(options: Named & { all: boolean }): Promise<void> {
  const names = options.all ? allLabs() : [options.name];
  for (const name of names) {
    await labDown(name);
    console.log(`lab '${name}' is down`);
  }
}

/** Hands the terminal to a program in a host. */
function inTerminal(lab: string, host: string, argv: readonly string[]): void {
  const [file = '', ...args] = inHost(readRecord(labDir(lab)), host, argv);
  process.exitCode = spawnSync(file, args, { stdio: 'inherit' }).status ?? 1;
}

async function reset({ name }: Named): Promise<void> {
  const start = Date.now();
  await labOpen(name).reset();
  console.log(`lab '${name}' has fresh hosts after ${seconds(start)}`);
}

async function powerLog({ name }: Named): Promise<void> {
  for (const event of await labOpen(name).powerLog()) {
    console.log(`${event.time} ${event.action} ${event.target} (${event.by}, from ${event.from})`);
  }
}

async function buildImages(suite: string, extras: Extras): Promise<void> {
  const images = await ensureImages(suite, extras);
  console.log(images.repo);
}

/** A subcommand that works on one lab. */
function labCommand(name: string, description: string): Command {
  return program.command(name).description(description).option('--name <name>', 'which lab', 'lab');
}

const program = new Command('lab').description('Real systemd hosts with a real Pacemaker cluster');
program.enablePositionalOptions();

labCommand('up', 'bring a lab up')
  .option('--cluster-nodes <n>', 'hosts that form the cluster', count, 2)
  .option('--bare-hosts <n>', 'hosts without Pacemaker', count, 3)
  .option('--virtual-machines <n>', 'hosts that Pacemaker starts, as guest nodes are', count, 0)
  .option('--domains <n>', 'QEMU machines that Pacemaker starts by way of libvirt (slow)', count, 0)
  .option('--fencing <on|off>', 'a fence device that really cuts power', onOff, true)
  .option('--firewalld <n>', 'how many bare hosts run firewalld (the last ones)', count, 1)
  .option('--rhel-hosts <n>', 'how many bare hosts behave as RHEL 9 (the first ones)', count, 0)
  .option('--suite <suite>', 'Debian suite of the hosts', 'trixie')
  .option('--pcs', 'install pcs on the cluster nodes', false)
  .option('--remote-name <node=host>', 'one more node name the fence device knows', nodeName)
  .option('--fence-delay <time>', 'pcmk_delay_base of the fence device')
  .option('--parallel-boots <n>', 'how many hosts may be booting at once', count)
  .option('--replace', 'take down a lab of this name first', false)
  .action(up);
labCommand('down', 'take a lab down, whatever is left of it')
  .option('--all', 'every lab', false)
  .action(down);
labCommand('exec', 'run a program in a host')
  .argument('<host>')
  .argument('<cmd...>')
  .passThroughOptions()
  .action((host: string, cmd: string[], options: Named) => {
    inTerminal(options.name, host, cmd);
  });
labCommand('shell', 'a shell in a host')
  .argument('<host>')
  .action((host: string, options: Named) => {
    inTerminal(options.name, host, SHELL);
  });
labCommand('reset', 'rebuild all hosts on fresh disks').action(reset);
labCommand('power-log', 'who switched which host').action(powerLog);
program.command('status').description('list labs and their hosts').action(status);
program
  .command('images')
  .description('build the images only')
  .option('--suite <suite>', 'Debian suite', 'trixie')
  .option('--rhel', 'the RHEL-like one too', false)
  .option('--domains', 'those for domains too', false)
  .action((options: { suite: string } & Extras) => buildImages(options.suite, options));

if (!skipHere()) {
  await program.parseAsync().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
