/** Keys of the control seat and of the hosts, made beforehand: no host key is ever taken on trust. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { address6Of } from './network.ts';
import { must } from './run.ts';
import { eachOf } from './wait.ts';
import type { LabHost } from './types.ts';

export function sshDirOf(dir: string): string {
  return join(dir, 'ssh');
}

export function publicKeyFile(dir: string): string {
  return join(sshDirOf(dir), 'id_ed25519.pub');
}

export function hostKeyFile(dir: string, host: string): string {
  return join(sshDirOf(dir), 'host-keys', host);
}

/** Makes all keys, known_hosts (by name and by address) and an ssh_config for people. */
export async function makeKeys(dir: string, hosts: readonly LabHost[]): Promise<void> {
  mkdirSync(join(sshDirOf(dir), 'host-keys'), { recursive: true, mode: 0o700 });
  await makeKey(join(sshDirOf(dir), 'id_ed25519'), 'control');
  await eachOf(hosts, 4, (host) => makeKey(hostKeyFile(dir, host.name), host.name));
  const known = hosts.map((host) => {
    const key = readFileSync(`${hostKeyFile(dir, host.name)}.pub`, 'utf8').split(' ');
    return `${host.name},${host.address},${address6Of(host.address)} ${key[0]} ${key[1]}\n`;
  });
  writeFileSync(join(sshDirOf(dir), 'known_hosts'), known.join(''));
  writeFileSync(join(sshDirOf(dir), 'config'), sshConfig(sshDirOf(dir), hosts));
}

async function makeKey(file: string, comment: string): Promise<void> {
  await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
}

function sshConfig(dir: string, hosts: readonly LabHost[]): string {
  const entries = hosts.map((host) => `Host ${host.name}\n  HostName ${host.address}\n`);
  return `${entries.join('')}Host *
  User root
  IdentityFile ${join(dir, 'id_ed25519')}
  IdentitiesOnly yes
  UserKnownHostsFile ${join(dir, 'known_hosts')}
  StrictHostKeyChecking yes
`;
}
