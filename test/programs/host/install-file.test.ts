/** What root takes from the directory of the SSH user is what was sent, and no other file that a name leads to. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { hostScript } from '../../support/host-script.ts';
import { needs } from '../../support/needs.ts';

const USER = 65534;
/** SHLVL: at level 1 bash reads its .bashrc when stdin is a socket, as from sshd (bash(1), INVOCATION). */
const ENV = { PATH: '/usr/bin:/bin', SUDO_UID: String(USER), SHLVL: '1' };
const CONTENT = 'the key';
const DIGEST = createHash('sha256').update(CONTENT).digest('hex');

for (const shell of ['/bin/dash', '/bin/bash']) {
  describe(`install-file, and what came by SFTP, in ${shell}`, function () {
    this.timeout(30_000);
    let folder = '';

    before(needs('root', shell));
    beforeEach(() => {
      folder = realpathSync(mkdtempSync(join(tmpdir(), 'outrigger-install-')));
      for (const name of ['etc', 'run']) mkdirSync(at(name));
      writeFileSync(at('outside'), CONTENT, { mode: 0o600 });
    });
    afterEach(() => {
      rmSync(folder, { recursive: true });
    });
    const at = (name: string): string => join(folder, name);
    const target = (): string => join(at('etc'), 'key');

    /** Runs it as sudo does for `nobody`; `put` does what that user does before the control side goes on. */
    async function run(put: (content: string) => void, say = 'sftp\n') {
      const params = [target(), 'root', 'root', '0400', DIGEST, '', '', ''];
      const script = hostScript('host/scripts/install-file.sh', at('run'));
      const env = { ...ENV, PATH: `${at('bin')}:${ENV.PATH}` };
      const child = spawn(shell, ['-c', script, 'sh', ...params], { env });
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (piece: string) => (stderr += piece));
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      const [line] = await new Promise<string[]>((resolve) => {
        child.stdout.once('data', (piece: Buffer) => {
          resolve(piece.toString().split('\n'));
        });
      });
      const stage = line ?? '';
      const rights = [stage, dirname(stage)].map((path) => {
        const { uid, mode } = statSync(path);
        return [uid, mode & 0o7777];
      });
      put(join(stage, 'content'));
      child.stdin.end(say);
      return { code: await ended, stderr, rights };
    }
    function assertNothingLeft(): void {
      assert.deepEqual([readdirSync(at('run')), readdirSync(at('etc'))], [[], []]);
      assert.equal(readFileSync(at('outside'), 'utf8'), CONTENT);
    }
    const put = (path: string, text = CONTENT): void => {
      writeFileSync(path, text, { mode: 0o600 });
      chownSync(path, USER, USER);
    };

    it('takes it from a directory that root and the SSH user alone can enter', async () => {
      const { code, stderr, rights } = await run(put);
      assert.deepEqual([code, stderr], [0, '']);
      assert.deepEqual(rights, [
        [USER, 0o700],
        [0, 0o711],
      ]);
      assert.equal(readFileSync(target(), 'utf8'), CONTENT);
      const { uid, mode } = statSync(target());
      assert.deepEqual([uid, mode & 0o7777, readdirSync(at('run'))], [0, 0o400, []]);
    });

    const BAD: Readonly<Record<string, [(path: string) => void, RegExp]>> = {
      'a link': [
        (path) => {
          symlinkSync(at('outside'), path);
        },
        /is not a regular file/,
      ],
      'a pipe': [
        (path) => {
          execFileSync('mkfifo', [path]);
        },
        /is not a regular file/,
      ],
      'another name of a file of root’s': [
        (path) => {
          linkSync(at('outside'), path);
        },
        /is somebody else's/,
      ],
      'a third user’s file': [
        (path) => {
          put(path);
          chownSync(path, 1, 1);
        },
        /is somebody else's/,
      ],
      'other content': [
        (path) => {
          put(path, 'another');
        },
        /is not what was sent/,
      ],
      'half of it': [
        (path) => {
          put(path, CONTENT.slice(0, 3));
        },
        /is not what was sent/,
      ],
      nothing: [() => undefined, /is not a regular file/],
    };
    for (const [what, [make, says]] of Object.entries(BAD))
      it(`refuses ${what}`, async () => {
        const { code, stderr } = await run(make);
        assert.equal(code, 1);
        assert.match(stderr, says);
        assert.equal(stderr.split('\n').length, 2, stderr);
        assertNothingLeft();
      });

    it('ends with the connection: nothing is written, and nothing stays', async () => {
      for (const say of ['', 'sft']) {
        const { code, stderr } = await run(put, say);
        assert.equal(code, 1);
        assert.match(stderr, /did not come: nothing was changed/);
        assertNothingLeft();
      }
    });

    /** Starts it and puts the content there; it waits for the control side. */
    async function waiting() {
      const params = [target(), 'root', 'root', '0400', DIGEST, '', '', ''];
      const script = hostScript('host/scripts/install-file.sh', at('run'));
      const child = spawn(shell, ['-c', script, 'sh', ...params], { env: ENV });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      const [stage] = await new Promise<string[]>((resolve) => {
        child.stdout.once('data', (piece: Buffer) => {
          resolve(piece.toString().split('\n'));
        });
      });
      put(join(stage ?? '', 'content'));
      return { child, ended };
    }

    for (const [signal, status] of Object.entries({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }))
      it(`${signal} while it waits: nothing stays`, async () => {
        const { child, ended } = await waiting();
        child.kill(signal as NodeJS.Signals);
        assert.equal(await ended, status);
        assertNothingLeft();
      });

    it('a half-written file that is hacluster’s already is removed by the next script, one of a third user is not', async () => {
      const stub = join(at('bin'), 'id');
      mkdirSync(at('bin'));
      writeFileSync(
        stub,
        '#!/bin/sh\n[ "$*" != "-u hacluster" ] || exec echo 4711\nexec /usr/bin/id "$@"\n',
      );
      chmodSync(stub, 0o755);
      const left = ['.key.outrigger.0123456789', '.key.outrigger.abcdefghij'];
      for (const name of left) writeFileSync(join(at('etc'), name), 'left');
      chownSync(join(at('etc'), left[0] ?? ''), 4711, 0);
      chownSync(join(at('etc'), left[1] ?? ''), USER, 0);
      assert.equal((await run(put)).code, 0);
      assert.deepEqual(readdirSync(at('etc')).sort(), [left[1], 'key']);
    });

    it('what SIGKILL leaves is removed by the next script', async () => {
      const { child, ended } = await waiting();
      child.kill('SIGKILL');
      await ended;
      assert.equal(readdirSync(at('run')).length, 1);
      assert.equal((await run(put)).code, 0);
      assert.deepEqual(readdirSync(at('run')), []);
    });
  });
}
