import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection, Host } from '../../../src/host/host.ts';
import { Secret } from '../../../src/support/secret.ts';
import { connectSsh } from '../../support/ssh-bench.ts';
import { type RealSshd, sshdFolder, type SshdFolder, FOR_SSHD } from '../../support/sshd.ts';
import { needs, skipUnless } from '../../support/needs.ts';

const SHELLS = ['dash', 'bash', 'zsh', 'ksh', 'bsd-csh', 'tcsh', 'fish'];
const never = new AbortController().signal;

describe('odd servers, with the sshd of OpenSSH', () => {
  let servers: SshdFolder;
  let hosts: Host[];

  before(needs(...FOR_SSHD));
  beforeEach(async () => {
    servers = await sshdFolder();
    hosts = [];
  });
  afterEach(async () => {
    await Promise.all(hosts.map((host) => host.close()));
    await servers.remove();
  });

  const open = async (connection: Connection): Promise<Host> => {
    const host = await connectSsh('alpha', connection, never);
    hosts.push(host);
    return host;
  };
  /** A login shell that talks before it runs what it is told to, as sshd would start it. */
  const noisy = async (shell: string): Promise<RealSshd> => {
    const login = join(servers.path, 'login');
    const lines = [
      '#!/bin/sh',
      'export LANG=de_DE.UTF-8 LC_ALL=de_DE.UTF-8',
      `printf 'Willkommen auf alpha!\\n\\033]0;alpha\\007no line break'`,
      `echo 'stty: standard input: Inappropriate ioctl for device' >&2`,
      `exec ${shell} -c "$SSH_ORIGINAL_COMMAND"`,
    ];
    await writeFile(login, lines.join('\n'), { mode: 0o755 });
    const banner = join(servers.path, 'banner');
    await writeFile(banner, 'Unbefugten ist der Zugriff untersagt.\n\u001b[31m');
    return servers.start([
      `ForceCommand ${login}`,
      `Banner ${banner}`,
      // Not the one inside sshd: this one is started by the login shell, and disturbed by it.
      'Subsystem sftp /usr/lib/openssh/sftp-server',
    ]);
  };
  const write = (host: Host, path: string): Promise<void> =>
    host.writeFile({
      path,
      content: new Secret(Buffer.from('s\u00e9cret')),
      owner: 'root',
      group: 'root',
      mode: '0400',
    });

  for (const shell of SHELLS) {
    it(`a talkative ${shell} as login shell, in another language`, async function () {
      const program = `/bin/${shell}`;
      skipUnless(this, program);
      const server = await noisy(program);
      const host = await open(server.connection);
      const params = [`it's`, '!! $HOME %self ~ {a,b} * \\ \\n', 'ünïcödé', ''];
      const script = `echo "$LC_ALL"; for p; do printf '<%s>\\n' "$p"; done; cat; ls /nowhere`;
      const { stdout, stderr } = await host.exec({
        script,
        params,
        input: 'in',
        timeoutMs: 30_000,
      });
      assert.equal(stdout, `C\n${params.map((param) => `<${param}>\n`).join('')}in`);
      assert.equal(stderr, `ls: cannot access '/nowhere': No such file or directory\n`);
      const path = join(servers.path, 'written');
      await write(host, path);
      assert.equal(await readFile(path, 'utf8'), 's\u00e9cret');
      assert.equal((await stat(path)).mode & 0o7777, 0o400);
    });
  }

  it('a server without SFTP', async () => {
    const { connection } = await servers.start(['Subsystem sftp /bin/false']);
    const path = join(servers.path, 'written');
    await write(await open(connection), path);
    assert.equal(await readFile(path, 'utf8'), 's\u00e9cret');
  });

  for (const sessions of [1, 2, 3]) {
    it(`MaxSessions ${sessions}: commands and files wait for each other`, async () => {
      const { connection } = await servers.start([`MaxSessions ${sessions}`]);
      const host = await open(connection);
      const running = Array.from({ length: 15 }, (_, index) =>
        host.exec({ script: 'sleep 0.05; echo "$1"', params: [`${index}`], timeoutMs: 15_000 }),
      );
      const path = join(servers.path, 'written');
      await write(host, path);
      const results = await Promise.all(running);
      assert.deepEqual(
        results.map(({ stdout }) => Number(stdout)),
        [...results.keys()],
      );
      assert.equal(await readFile(path, 'utf8'), 's\u00e9cret');
    });
  }

  it('MaxSessions 0: says that the host runs nothing', async () => {
    const { connection } = await servers.start(['MaxSessions 0']);
    const host = await open(connection);
    await assert.rejects(host.exec({ script: 'true', timeoutMs: 30_000 }), {
      code: 'COMMAND_FAILED',
      message: /^the host cannot run commands: /,
    });
  });

  it('MaxStartups 3:30:10: twelve logins at once all get through', async () => {
    const server = await servers.start(['MaxStartups 3:30:10']);
    await Promise.all(Array.from({ length: 12 }, () => open(server.connection)));
    assert.equal(server.logins(), 12);
  });

  it('an IPv6 address, in any spelling and with another port in known_hosts', async () => {
    const server = await servers.start([], { address: '::1' });
    const host = await open({ ...server.connection, address: '0:0:0:0:0:0:0:1' });
    assert.equal((await host.exec({ script: 'echo in', timeoutMs: 30_000 })).stdout, 'in\n');
  });
});
