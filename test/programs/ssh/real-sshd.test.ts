import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Connection, Host } from '../../../src/host/host.ts';
import { recordKnownHosts } from '../../../src/host/known-hosts/known-hosts-writer.ts';
import { scanHostKeys } from '../../../src/host/ssh/scan.ts';
import { Secret } from '../../../src/support/secret.ts';
import { newKeyFile, sshdFolder, type SshdFolder, FOR_SSHD } from '../../support/sshd.ts';
import { connectSsh } from '../../support/ssh-bench.ts';
import { needs } from '../../support/needs.ts';

/** Set it to `yes` on a machine where a test may make a user and a sudo rule (both are removed again). */
const MAY_CHANGE_SYSTEM = process.env['OUTRIGGER_TEST_CHANGES_SYSTEM'] === 'yes';
const SUDO_USER = 'outrigger-test';
const SUDO_RULE = `/etc/sudoers.d/${SUDO_USER}`;

describe('against the sshd of OpenSSH', () => {
  let folder: string;
  let servers: SshdFolder | undefined;
  let connection: Connection;
  const opened: Host[] = [];

  before(needs(...FOR_SSHD));
  before(async () => {
    servers = await sshdFolder();
    folder = servers.path;
    const sshd = await servers.start([], { kinds: ['ed25519', 'ecdsa', 'rsa'] });
    const { port } = sshd;
    const peer = { name: 'alpha', at: { address: '127.0.0.1', port } };
    const keys = await scanHostKeys(peer, undefined, {
      limitMs: 20_000,
      signal: new AbortController().signal,
    });
    assert.deepEqual(
      keys.map(({ type }) => type),
      ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ssh-rsa'],
    );
    const knownHostsFile = join(folder, 'known_hosts');
    await recordKnownHosts(
      keys.map(({ blob }) => ({ name: `[127.0.0.1]:${port}`, blob })),
      knownHostsFile,
    );
    connection = { ...sshd.connection, knownHostsFile };
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((host) => host.close()));
  });
  after(async () => {
    await servers?.remove();
  });

  const open = async (more: Partial<Connection> = {}): Promise<Host> => {
    const signal = new AbortController().signal;
    const host = await connectSsh('alpha', { ...connection, ...more }, signal);
    opened.push(host);
    return host;
  };

  it('runs twenty scripts at once', async () => {
    const root = await open();
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        root.exec({
          script: 'cat; echo "$1"',
          params: [`it's ${index}`],
          input: 'in ',
          timeoutMs: 20_000,
        }),
      ),
    );
    assert.deepEqual(
      results.map(({ stdout }) => stdout),
      [...results.keys()].map((index) => `in it's ${index}\n`),
    );
  });

  it('moves large input and output', async () => {
    const root = await open();
    const input = 'x'.repeat(5_000_000);
    const { stdout } = await root.exec({
      script: 'cat',
      input,
      timeoutMs: 20_000,
      maxOutputMiB: 8,
    });
    assert.ok(stdout === input);
  });

  it('reports exit codes and signals', async () => {
    const root = await open();
    assert.equal((await root.exec({ script: 'exit 42', timeoutMs: 30_000 })).code, 42);
    await assert.rejects(root.exec({ script: 'kill -KILL $$', timeoutMs: 30_000 }), {
      code: 'COMMAND_FAILED',
      message: 'the command was killed by the signal SIGKILL',
    });
  });

  it('gives up a script that takes too long, and goes on', async () => {
    const root = await open();
    await assert.rejects(root.exec({ script: 'sleep 30', timeoutMs: 300 }), { code: 'TIMED_OUT' });
    assert.equal((await root.exec({ script: 'echo alive', timeoutMs: 30_000 })).stdout, 'alive\n');
  });

  it('writes files together with scripts', async () => {
    const root = await open();
    const content = new Secret(Buffer.from('secret'));
    const path = join(folder, 'etc', 'authkey');
    const createParent = { owner: 'root', group: 'daemon', mode: '0750' };
    const writing = root.writeFile({
      path,
      content,
      createParent,
      ...createParent,
      mode: '0440',
    });
    const running = Array.from({ length: 15 }, () =>
      root.exec({ script: 'sleep 0.1', timeoutMs: 20_000 }),
    );
    await Promise.all([writing, ...running]);
    assert.equal(await readFile(path, 'utf8'), 'secret');
    assert.equal((await stat(path)).mode & 0o7777, 0o440);
    assert.deepEqual(await readdir(join(folder, 'etc')), ['authkey']);
    assert.ok(!existsSync('/root/.outrigger-stage'));
  });

  it('refuses a key that is not in authorized_keys', async () => {
    const identityFile = join(folder, 'other');
    newKeyFile(identityFile, 'rsa');
    await assert.rejects(open({ identityFile }), { code: 'AUTHENTICATION_FAILED', host: 'alpha' });
  });

  describe('as a user with sudo', () => {
    before(needs('OUTRIGGER_TEST_CHANGES_SYSTEM=yes', 'sudo', 'useradd', 'chpasswd'));
    before(async () => {
      execFileSync('useradd', [
        '--create-home',
        '--shell',
        '/bin/bash',
        '--password',
        '*',
        SUDO_USER,
      ]);
      await writeFile(SUDO_RULE, `${SUDO_USER} ALL=(root) NOPASSWD: ALL\n`, { mode: 0o440 });
    });
    after(async () => {
      if (!MAY_CHANGE_SYSTEM) return;
      await rm(SUDO_RULE, { force: true });
      execFileSync('userdel', ['--force', '--remove', SUDO_USER], { stdio: 'ignore' });
    });
    const admin = (): Promise<Host> => open({ user: SUDO_USER, become: 'sudo' });

    it('runs scripts as root, with parameters and input', async () => {
      const script = 'id -un; echo "$1"; cat';
      const result = await (
        await admin()
      ).exec({ script, params: [`it's`], input: 'rest', timeoutMs: 30_000 });
      assert.deepEqual(result, { code: 0, stdout: `root\nit's\nrest`, stderr: '' });
    });

    it('writes files as root', async () => {
      const path = join(folder, 'authkey');
      const content = new Secret(Buffer.from('secret'));
      await (
        await admin()
      ).writeFile({ path, content, owner: 'root', group: 'daemon', mode: '0400' });
      const { uid, mode } = await stat(path);
      assert.deepEqual([uid, mode & 0o7777], [0, 0o400]);
    });

    it('the content comes by SFTP, as the user, into a directory that is gone afterwards', async () => {
      const log = join(folder, 'sftp.log');
      const logging = join(folder, 'sftp-server');
      await writeFile(log, '', { mode: 0o666 });
      await chmod(log, 0o666);
      const program = '/usr/lib/openssh/sftp-server';
      await writeFile(logging, `#!/bin/sh\nexec ${program} -e -l INFO 2>>${log}\n`);
      await chmod(logging, 0o755);
      const sshd = (await servers?.start([`Subsystem sftp ${logging}`])) ?? assert.fail();
      const host = await open({ ...sshd.connection, user: SUDO_USER, become: 'sudo' });
      const path = join(folder, 'by-sftp');
      const content = new Secret(Buffer.from('secret'));
      await host.writeFile({ path, content, owner: 'root', group: 'root', mode: '0400' });
      assert.equal(await readFile(path, 'utf8'), 'secret');
      const said = await readFile(log, 'utf8');
      assert.match(said, /open "\S+" flags WRITE,CREATE,\S*EXCL mode 0600/);
      const written = /close "(\S+)" bytes read 0 written 6/.exec(said)?.[1] ?? assert.fail(said);
      assert.match(written, /^\/run\/outrigger\.\w{10}\/in\/content$/);
      assert.ok(!existsSync(dirname(dirname(written))));
    });

    it('PRIVILEGE_MISSING: without sudo, with a password, without a rule', async () => {
      const run = async (more: Partial<Connection>) =>
        (await open({ user: SUDO_USER, ...more })).exec({ script: 'true', timeoutMs: 30_000 });
      await assert.rejects(run({ become: 'none' }), {
        code: 'PRIVILEGE_MISSING',
        message: /is not root/,
      });
      await writeFile(SUDO_RULE, `${SUDO_USER} ALL=(root) ALL\n`);
      await assert.rejects(run({ become: 'sudo' }), {
        code: 'PRIVILEGE_MISSING',
        message: /requires a password/,
      });
      await writeFile(SUDO_RULE, `${SUDO_USER} ALL=(root) NOPASSWD: /bin/true\n`);
      await assert.rejects(run({ become: 'sudo' }), { code: 'PRIVILEGE_MISSING' });
    });

    it('gives sudo the password that it asks for, to root and targetpw none', async () => {
      const path = join(folder, 'password');
      await writeFile(path, `the word\n`, { mode: 0o600 });
      execFileSync('chpasswd', { input: `${SUDO_USER}:the word\n` });
      const becomePassword = { kind: 'file', path } as const;
      const asking = () => open({ user: SUDO_USER, become: 'sudo', becomePassword });
      const run = async () =>
        (await asking()).exec({ script: 'id -un; cat', input: 'in', timeoutMs: 15_000 });
      await writeFile(SUDO_RULE, `${SUDO_USER} ALL=(root) ALL\n`);
      assert.equal((await run()).stdout, 'root\nin');
      await writeFile(SUDO_RULE, `Defaults:${SUDO_USER} targetpw\n${SUDO_USER} ALL=(root) ALL\n`);
      await assert.rejects(run(), { message: /asks for the password of root, not of/ });
      await writeFile(SUDO_RULE, `Defaults:${SUDO_USER} requiretty\n${SUDO_USER} ALL=(root) ALL\n`);
      await assert.rejects(run(), { message: /requires a terminal/ });
      await writeFile(SUDO_RULE, `${SUDO_USER} ALL=(root) ALL\n`);
      await writeFile(path, 'another word\n');
      await assert.rejects(run(), { code: 'PRIVILEGE_MISSING', message: /rejected the pass/ });
    });
  });
});
