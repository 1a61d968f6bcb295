/** What every host gets before its first boot: its identity, its address, and the control seat's key. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seedFile } from './disk.ts';
import type { Disk } from './disk.ts';
import { address6Of, CONTROL_ADDRESS, PREFIX, PREFIX6 } from './network.ts';
import { hostKeyFile, publicKeyFile } from './ssh.ts';
import type { LabHost, LabRecord } from './types.ts';

/** On a cluster node that runs domains, what joins its own interface with theirs. */
export const BRIDGE = 'br0';

export function seedHost(lab: LabRecord, host: LabHost, disk: Disk): void {
  seedFile(disk, { path: '/etc/hostname', content: `${host.name}\n` });
  seedFile(disk, { path: '/etc/machine-id', content: `${randomBytes(16).toString('hex')}\n` });
  seedFile(disk, { path: '/etc/hosts', content: hostsFile(lab) });
  for (const [name, content] of Object.entries(networkFiles(lab, host))) {
    seedFile(disk, { path: `/etc/systemd/network/${name}`, content });
  }
  if (runsDomains(lab, host)) {
    // An emulated processor that has to share its core runs into limits that a real one never meets.
    const path = '/etc/systemd/system/libvirtd.service.d/lab.conf';
    seedFile(disk, { path, content: '[Service]\nNice=-15\n' });
  }
  seedSsh(lab, host, disk);
}

const runsDomains = (lab: LabRecord, host: LabHost): boolean =>
  host.kind === 'cluster' && lab.settings.domains > 0;

function seedSsh(lab: LabRecord, host: LabHost, disk: Disk): void {
  const key = hostKeyFile(lab.dir, host.name);
  const path = '/etc/ssh/ssh_host_ed25519_key';
  seedFile(disk, { path, content: readFileSync(key), mode: 0o600 });
  seedFile(disk, { path: `${path}.pub`, content: readFileSync(`${key}.pub`) });
  const content = readFileSync(publicKeyFile(lab.dir));
  seedFile(disk, { path: '/root/.ssh/authorized_keys', content, mode: 0o600 });
  for (const user of ['sudoer', 'asker']) {
    const file = join('/home', user, '.ssh/authorized_keys');
    seedFile(disk, { path: file, content, mode: 0o600, owner: user, group: user });
  }
}

function hostsFile(lab: LabRecord): string {
  const lines = lab.hosts.map((host) => `${host.address} ${host.name}`);
  return ['127.0.0.1 localhost', `${CONTROL_ADDRESS} control`, ...lines, ''].join('\n');
}

function networkFiles(lab: LabRecord, host: LabHost): Record<string, string> {
  if (host.kind === 'domain') return { '10-lab.network': networkFile(host, 'eth0') };
  if (!runsDomains(lab, host)) {
    return { '10-lab.network': networkFile(host, 'host0') };
  }
  return {
    '10-bridge.netdev': `[NetDev]\nName=${BRIDGE}\nKind=bridge\n[Bridge]\nForwardDelaySec=0\n`,
    '10-bridge.network': `[Match]\nName=host0\n[Network]\nBridge=${BRIDGE}\n`,
    '10-lab.network': networkFile(host, BRIDGE),
  };
}

function networkFile(host: LabHost, link: string): string {
  return `[Match]
Name=${link}

[Network]
Address=${host.address}/${PREFIX}
Address=${address6Of(host.address)}/${PREFIX6}
IPv6DuplicateAddressDetection=0
DHCP=no
LinkLocalAddressing=no
IPv6AcceptRA=no
`;
}
