/** Switching hosts on and off, and finding the first process of a running one. */
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { groupDirs, groupPids, isPopulated, killGroup } from './cgroups.ts';
import type { Disk } from './disk.ts';
import { netnsOf } from './network.ts';
import { domainsDir, hostDir, powerDir, scripts } from './paths.ts';
import type { LabHost, LabRecord } from './types.ts';

export function findHost(lab: LabRecord, name: string): LabHost {
  const host = lab.hosts.find((candidate) => candidate.name === name);
  if (host === undefined) {
    throw new Error(
      `lab: no host '${name}' (there are ${lab.hosts.map((h) => h.name).join(', ')})`,
    );
  }
  return host;
}

/** A disk as the images have it; what was on it is gone. */
export function freshDisk(lab: LabRecord, host: LabHost): Disk {
  const dir = hostDir(lab.dir, host.name);
  rmSync(dir, { recursive: true, force: true });
  for (const part of ['upper', 'work', 'root']) mkdirSync(join(dir, part), { recursive: true });
  writeFileSync(join(dir, 'boots'), '0');
  return { upper: join(dir, 'upper'), layers: host.layers };
}

/** How often the host was switched on since its disk is fresh. */
export function bootsOf(lab: LabRecord, name: string): number {
  return Number(readFileSync(join(hostDir(lab.dir, findHost(lab, name).name), 'boots'), 'utf8'));
}

export function isOn(lab: LabRecord, name: string): boolean {
  return isPopulated([lab.settings.name, name]);
}

/** Switches a host on, on the disk it has. Returns at once; see ready.ts for when it is up. */
export function switchOn(lab: LabRecord, name: string): void {
  if (isOn(lab, name)) return;
  const host = findHost(lab, name);
  if (host.kind === 'domain') throw new Error(`lab: only libvirt can switch ${name} on`);
  const dir = hostDir(lab.dir, name);
  writeFileSync(join(dir, 'boots'), String(bootsOf(lab, name) + 1));
  const vm = `${lab.settings.name}-${name}`;
  const argv = [netnsOf(lab.settings.name), host.layers.join(':'), dir, name, vm, lab.repo];
  if (host.kind === 'cluster') argv.push(powerDir(lab.dir));
  if (host.kind === 'cluster' && lab.settings.domains > 0) argv.push(domainsDir(lab.dir));
  startInGroup(
    [lab.settings.name, name],
    [join(scripts, 'host.sh'), ...argv],
    join(dir, 'console.log'),
  );
}

/** Cuts a host's power: every process of it is killed at once, its disk stays as it is. */
export async function switchOff(lab: LabRecord, name: string): Promise<void> {
  await killGroup([lab.settings.name, findHost(lab, name).name]);
}

/** Starts a program that outlives us, in a cgroup of its own. */
export function startInGroup(
  path: readonly string[],
  argv: readonly string[],
  logFile: string,
): void {
  const log = openSync(logFile, 'a');
  const args = [...groupDirs(path), '--', ...argv];
  const child = spawn(join(scripts, 'enter.sh'), args, {
    detached: true,
    stdio: ['ignore', log, log],
  });
  child.on('error', (error) => {
    appendFileSync(logFile, `${error.message}\n`);
  });
  child.unref();
  closeSync(log);
}

/** The host's process 1, as this machine numbers it; `undefined` while the host is off. */
export function leaderOf(lab: string, host: string): number | undefined {
  // Recorded ids go stale when fencing restarts a host, so look at what is in its cgroup now.
  return groupPids([lab, host]).find(isFirstProcess);
}

/** Is this process number 1 of a process namespace inside ours? */
function isFirstProcess(pid: number): boolean {
  try {
    const line = /^NSpid:\t(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const ids = line?.split('\t') ?? [];
    return ids.length > 1 && ids.at(-1) === '1';
  } catch {
    return false;
  }
}
