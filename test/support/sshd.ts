import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../src/host/host.ts';
import { unusedPort } from './ports.ts';

const SSHD = '/usr/sbin/sshd';

/** What a test needs that starts one. */
export const FOR_SSHD: readonly string[] = ['root', SSHD, 'ssh-keygen'];

/** A folder with a client key, and the servers that take it. */
export interface SshdFolder {
  readonly path: string;
  readonly identityFile: string;
  /** Starts an sshd with these lines before the usual ones (the first value wins), and records its keys. */
  start(lines?: readonly string[], more?: StartOptions): Promise<RealSshd>;
  /** Stops all servers and removes the folder. */
  remove(): Promise<void>;
}

export interface StartOptions {
  /** Where it listens; 127.0.0.1 without this. */
  readonly address?: string;
  /** The kinds of its host keys; ed25519 alone without this. */
  readonly kinds?: readonly string[];
}

export interface RealSshd {
  readonly port: number;
  /** How to reach it: straight, and with its host keys in known_hosts. */
  readonly connection: Connection;
  /** The folder of its host keys (`host_ed25519` …). */
  readonly folder: string;
  /** How many logins it has accepted. */
  logins(): number;
  log(): string;
  stop(): Promise<void>;
}

/** Below /run, since other users must be able to walk to the keys and /tmp may be private. */
export async function sshdFolder(): Promise<SshdFolder> {
  await mkdir('/run/sshd', { recursive: true });
  const path = await realpath(await mkdtemp('/run/outrigger-sshd-'));
  await chmod(path, 0o755);
  const identityFile = join(path, 'id');
  newKeyFile(identityFile, 'ed25519');
  const servers: RealSshd[] = [];
  return {
    path,
    identityFile,
    start: async (lines = [], { address = '127.0.0.1', kinds = ['ed25519'] } = {}) => {
      const server = await startSshd({ path, identityFile, lines, address, kinds });
      servers.push(server);
      return server;
    },
    remove: async () => {
      await Promise.all(servers.map((server) => server.stop()));
      await rm(path, { recursive: true });
    },
  };
}

export const newKeyFile = (path: string, type: string, passphrase = ''): void => {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-f', path]);
};

interface Start extends Required<StartOptions> {
  readonly path: string;
  readonly identityFile: string;
  readonly lines: readonly string[];
}

async function startSshd({ path, identityFile, lines, address, kinds }: Start): Promise<RealSshd> {
  const port = await unusedPort();
  const folder = join(path, String(port));
  await mkdir(folder);
  for (const type of kinds) newKeyFile(join(folder, `host_${type}`), type);
  const hostKeys = kinds.map((type) => `HostKey ${folder}/host_${type}`);
  const usual = configuration(port, address, `${identityFile}.pub`);
  // Unlike other settings this one must not come twice.
  const sftp = lines.some((line) => line.startsWith('Subsystem')) ? '' : SFTP;
  // What the profile of this machine's root starts at each login (a version manager: a second) is no part of a test.
  const home = `SetEnv HOME=${folder}`;
  const all = [...lines, ...hostKeys, usual, sftp, home];
  await writeFile(join(folder, 'sshd_config'), `${all.join('\n')}\n`);
  const logFile = join(folder, 'log');
  const log = openSync(logFile, 'a');
  const child = spawn(SSHD, ['-D', '-e', '-f', join(folder, 'sshd_config')], {
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  await listening(address, port, logFile);
  const name = address.includes(':') || port !== 22 ? `[${address}]:${port}` : address;
  const keys = kinds.map((type) => readFileSync(join(folder, `host_${type}.pub`), 'utf8'));
  const knownHostsFile = join(folder, 'known_hosts');
  await writeFile(knownHostsFile, keys.map((key) => `${name} ${key}`).join(''));
  return {
    port,
    folder,
    log: () => readFileSync(logFile, 'utf8'),
    logins: () => readFileSync(logFile, 'utf8').match(/^Accepted publickey/gm)?.length ?? 0,
    stop: () => stopped(child),
    connection: {
      address,
      port,
      user: 'root',
      become: 'none',
      identityFile,
      knownHostsFile,
      proxyJump: undefined,
      sshConfig: 'none',
      connectTimeoutMs: 20_000,
      becomePassword: undefined,
      hostKeys: { kind: 'strict' },
    },
  };
}

const SFTP = 'Subsystem sftp internal-sftp';

const configuration = (port: number, address: string, keys: string): string => `
ListenAddress ${address.includes(':') ? `[${address}]` : address}
Port ${port}
AuthorizedKeysFile ${keys}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
PidFile none
`;

/** Ends the listener and the sessions that it has started: they outlive it otherwise. */
async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const sessions = childrenOf(child.pid);
  child.kill();
  await gone;
  for (const pid of sessions) killQuietly(pid);
}

function childrenOf(pid: number | undefined): readonly number[] {
  if (pid === undefined) return [];
  const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return listed.split(' ').filter(Boolean).map(Number);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

async function listening(address: string, port: number, logFile: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, address, () => {
        socket.destroy();
        resolve(true);
      }).on('error', () => {
        resolve(false);
      });
    });
    if (open) return;
    await sleep(50);
  }
  assert.fail(`sshd does not listen: ${readFileSync(logFile, 'utf8')}`);
}
