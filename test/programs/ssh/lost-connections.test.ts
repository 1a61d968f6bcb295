/** A client that dies, at a real sshd: its script ends by itself, sooner or later, and nothing of it stays. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine, standardInput } from '../../../src/shell/script.ts';
import { hostScript } from '../../support/host-script.ts';
import { sshdFolder, type RealSshd, type SshdFolder, FOR_SSHD } from '../../support/sshd.ts';
import { needs } from '../../support/needs.ts';

const NONCE = '0123456789abcdef';

for (const shell of ['/bin/dash', '/bin/bash']) {
  describe(`a connection that is lost, with ${shell}`, function () {
    this.timeout(60_000);
    let folder: SshdFolder;
    let server: RealSshd;
    let memory = '';
    let etc = '';
    let client: ChildProcess;

    before(needs(...FOR_SSHD, 'ssh', shell));
    beforeEach(async () => {
      folder = await sshdFolder();
      [memory, etc] = [at('memory'), at('etc')];
      for (const path of [memory, etc, at('bin')]) mkdirSync(path);
      server = await folder.start([`SetEnv PATH=${at('bin')}:/usr/bin:/bin`]);
    });
    afterEach(async () => {
      client.kill('SIGKILL');
      writeFileSync(at('go'), '');
      await folder.remove();
    });

    const at = (name: string): string => join(realpathSync(folder.path), name);
    const left = (): readonly string[] => [...readdirSync(memory), ...readdirSync(etc)];
    const program = (name: string, body: string): void => {
      writeFileSync(join(at('bin'), name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    };
    /** A program that says it has begun, and goes on when it may. */
    const hanging = (output: string): string =>
      `: >${at('begun')}; until [ -e ${at('go')} ]; do sleep 0.05; done; echo "${output}"`;

    /** Starts a script by OpenSSH's client; `cut`: only so much of its input is sent. */
    function start(script: string, params: readonly string[], input: string, cut?: number): void {
      const text = hostScript(script, memory);
      const stdin = standardInput({
        nonce: NONCE,
        script: text,
        params,
        input: Buffer.from(input),
      });
      const argv = [
        '-F',
        'none',
        '-T',
        '-p',
        String(server.port),
        '-i',
        folder.identityFile,
        '-o',
        `UserKnownHostsFile=${server.connection.knownHostsFile ?? ''}`,
        '-o',
        'BatchMode=yes',
        'root@127.0.0.1',
        commandLine('none').replace('exec /bin/sh ', `exec ${shell} `),
      ];
      const started = spawn('ssh', argv, { stdio: ['pipe', 'ignore', 'ignore'] });
      client = started;
      started.stdin.on('error', () => undefined);
      if (cut === undefined) started.stdin.end(stdin);
      else started.stdin.write(stdin.subarray(0, stdin.length - input.length + cut));
    }

    it('while a program runs that prints nothing: the edit is finished, and the CIB is gone', async () => {
      program('cibadmin', `case $* in *--query*) ${hanging(`<cib password='x'>`)} ;; esac`);
      start('apply/lock/lock.sh', ['take', 'id', '60'], '<lock/>');
      await until(() => existsSync(at('begun')));
      assert.equal(left().length, 1);
      client.kill('SIGKILL');
      writeFileSync(at('go'), '');
      await until(() => left().length === 0);
    });

    it('while a program runs whose output nobody reads any more: it ends there', async () => {
      program('cibadmin', `echo "<cib password='x'/>"`);
      program('crm_simulate', `echo run >>${at('runs')}; ${hanging('<result/>')}`);
      program('crm_verify', ':');
      start('forecast/simulate.sh', ['n', '3', '3', '50'], 'abcdef');
      await until(() => existsSync(at('begun')));
      assert.equal(left().length, 1);
      client.kill('SIGKILL');
      await until(() => isGone(client));
      writeFileSync(at('go'), '');
      await until(() => left().length === 0);
      assert.ok(readFileSync(at('runs'), 'utf8').split('\n').length < 10, 'it went on and on');
    });

    it('before an edit of the CIB has come whole: no half of it is made', async () => {
      program('cibadmin', `: >${at('begun')}`);
      const params = ['0.1', '', '//primitive[@id="old"]'];
      start('apply/cluster/write-cib.sh', params, '<cib><configuration/></cib>', 0);
      await until(() => left().length === 1);
      client.kill('SIGKILL');
      await until(() => left().length === 0);
      assert.ok(!existsSync(at('begun')), 'the old one was deleted, and nothing put in its place');
    });

    it('before a file has come by SFTP: the directory for it goes', async () => {
      const target = join(etc, 'authkey');
      writeFileSync(target, 'old');
      const params = [target, 'root', 'root', '0400', 'digest of the whole', '', '', ''];
      start('host/scripts/install-file.sh', params, 'sftp', 0);
      const staging = (): string => join(memory, readdirSync(memory)[0] ?? 'none', 'in');
      await until(() => existsSync(staging()));
      writeFileSync(join(staging(), 'content'), 'half of the k');
      client.kill('SIGKILL');
      await until(() => left().length === 1);
      assert.deepEqual([readdirSync(etc), readFileSync(target, 'utf8')], [['authkey'], 'old']);
    });

    it('in the middle of a file: the old one stays, and nothing beside it', async () => {
      const target = join(etc, 'authkey');
      writeFileSync(target, 'old');
      const content = randomBytes(4096).toString('hex');
      const params = [target, 'root', 'root', '0400', 'digest of the whole', '', '', ''];
      start('host/scripts/install-file.sh', params, `stdin\n${content}`, 1000);
      await until(() => left().some((name) => name.startsWith('.authkey.outrigger.')));
      client.kill('SIGKILL');
      await until(() => left().length === 1);
      assert.deepEqual([readdirSync(etc), readFileSync(target, 'utf8')], [['authkey'], 'old']);
    });
  });
}

const isGone = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1500; tries += 1) {
    if (isSo()) return;
    await sleep(20);
  }
  assert.fail('it does not come to that');
}
