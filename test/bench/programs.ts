/** The two programs that are compared: how each is set up for the same hosts, and started. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../lab/lab.ts';
import type { Program } from './measure.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** What Ansible's apt module needs on a host and the lab's hosts do not have. */
const APT_MODULE_NEEDS = ['python3-apt', 'python-apt-common', 'distro-info-data'];

/** outrigger as it is built in dist/, with an inventory of all hosts of the lab. */
export function outriggerIn(lab: Lab, dir: string): Program & { apply: readonly string[] } {
  const inventory = join(dir, 'inventory.yml');
  const remote = lab.hosts.filter(({ kind }) => kind === 'bare').length;
  const { sshDir, addresses } = lab;
  writeFileSync(
    inventory,
    `apiVersion: outrigger/v1
cluster: { name: bench }
connection:
  identityFile: ${sshDir}/id_ed25519
  knownHostsFile: ${sshDir}/known_hosts
clusterNodes:
  - { name: c1, address: ${addresses['c1'] ?? ''} }
  - { name: c2, address: ${addresses['c2'] ?? ''} }
remoteNodes:
  - name: r[1-${remote}]
    address: ${(addresses['h1'] ?? '').replace(/1$/, `[1-${remote}]`)}
    port: 3121
`,
  );
  const program = [process.execPath, join(ROOT, 'dist', 'cli', 'main.js')];
  return {
    name: 'outrigger plan',
    argv: [...program, 'plan', '-i', inventory, '--detailed-exitcode'],
    apply: [...program, 'apply', '-i', inventory, '--yes'],
    cwd: dir,
    env: { ...process.env, XDG_STATE_HOME: join(dir, 'state') },
    check: (stdout) => {
      if (!stdout.includes('No changes.'))
        throw new Error(`outrigger has something to do:\n${stdout}`);
    },
  };
}

/** Debian's ansible-core with pipelining, ControlPersist and as many forks as there are hosts. */
export async function ansibleIn(lab: Lab, dir: string): Promise<Program> {
  installAnsible();
  await giveAptModule(lab);
  const key = await lab.sh('c1', 'base64 -w 0 /etc/pacemaker/authkey');
  writeFileSync(join(dir, 'authkey'), Buffer.from(key, 'base64'), { mode: 0o600 });
  const group = (kind: string): string =>
    lab.hosts
      .filter((host) => host.kind === kind)
      .map(({ name, address }) => `${name.replace('h', 'r')} ansible_host=${address}\n`)
      .join('');
  writeFileSync(
    join(dir, 'hosts.ini'),
    `[cluster]\n${group('cluster')}\n[remote]\n${group('bare')}\n[all:vars]
ansible_user=root
ansible_python_interpreter=/usr/bin/python3
ansible_ssh_private_key_file=${lab.sshDir}/id_ed25519
`,
  );
  mkdirSync(join(dir, 'cp'));
  writeFileSync(
    join(dir, 'ansible.cfg'),
    `[defaults]
inventory = hosts.ini
forks = ${lab.hosts.length}
gathering = explicit
home = ${dir}/ansible-home
[ssh_connection]
pipelining = True
control_path_dir = ${dir}/cp
ssh_args = -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=${lab.sshDir}/known_hosts
`,
  );
  const playbook = join(dir, 'site.yml');
  writeFileSync(playbook, readFileSync(join(import.meta.dirname, 'playbook.yml')));
  return {
    name: 'ansible-playbook',
    argv: ['ansible-playbook', playbook],
    cwd: dir,
    env: { ...process.env, LC_ALL: 'C.UTF-8', ANSIBLE_CONFIG: join(dir, 'ansible.cfg') },
    check: (stdout) => {
      const recap = [...stdout.matchAll(/changed=(\d+)/g)];
      if (recap.length !== lab.hosts.length || recap.some(([, changed]) => changed !== '0')) {
        throw new Error(`Ansible has something to do:\n${stdout}`);
      }
    },
  };
}

export function ansibleVersion(): string {
  const said = execFileSync('/usr/bin/ansible', ['--version'], { encoding: 'utf8' });
  return /core ([\d.]+)/.exec(said)?.[1] ?? 'unknown';
}

function installAnsible(): void {
  try {
    ansibleVersion();
  } catch {
    console.log('installing ansible-core');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    execFileSync('/usr/bin/apt-get', ['update', '-qq'], { stdio: ['ignore', 2, 2], env });
    const install = ['install', '-y', '-qq', '--no-install-recommends', 'ansible-core'];
    execFileSync('/usr/bin/apt-get', install, { stdio: ['ignore', 2, 2], env });
  }
}

/** The hosts have no network: this machine, a Debian of the same release, downloads for them. */
async function giveAptModule(lab: Lab): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-bench-'));
  try {
    execFileSync('/usr/bin/apt-get', ['download', '-qq', ...APT_MODULE_NEEDS], {
      cwd: folder,
      stdio: ['ignore', 2, 'ignore'],
    });
    const archive = execFileSync('tar', ['-cC', folder, ...readdirSync(folder)]);
    const script = 'cd "$(mktemp -d)" && tar x && dpkg --install --force-unsafe-io ./*.deb';
    for (const { name, kind } of lab.hosts) {
      if (kind === 'bare') await lab.sh(name, script, { stdin: archive });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
