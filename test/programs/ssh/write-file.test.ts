import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host, HostFile } from '../../../src/host/host.ts';
import { type ErrorCode, OutriggerError } from '../../../src/support/errors.ts';
import { Secret } from '../../../src/support/secret.ts';
import { type FakeSshd, type FakeSshdOptions, startFakeSshd } from '../../support/fake-sshd.ts';
import { connectSsh } from '../../support/ssh-bench.ts';
import { needs } from '../../support/needs.ts';

const SECRET = 'the-authkey-of-a-cluster';
const [owner, group] = ['-un', '-gn'].map((what) =>
  execFileSync('id', [what], { encoding: 'utf8' }).trim(),
) as [string, string];

describe('writing files over SSH', () => {
  let server: FakeSshd;
  let host: Host;
  let etc: string;

  const open = async (options: FakeSshdOptions = {}, become: 'none' | 'sudo' = 'none') => {
    server = await startFakeSshd(options);
    host = await connectSsh(
      'alpha',
      { ...server.connection, become },
      new AbortController().signal,
    );
  };
  beforeEach(async () => {
    etc = await realpath(await mkdtemp(join(tmpdir(), 'outrigger-etc-')));
  });
  afterEach(async () => {
    await host.close();
    await server.close();
    await rm(etc, { recursive: true });
  });

  const fileAt = (path: string, text = SECRET): HostFile => ({
    path,
    owner,
    group,
    mode: '0400',
    content: new Secret(Buffer.from(text)),
  });
  const failure = async (file: HostFile, code: ErrorCode = 'COMMAND_FAILED') => {
    const error = await host.writeFile(file).then(
      () => assert.fail('written'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof OutriggerError, String(error));
    assert.equal(error.code, code, error.message);
    assert.equal(error.host, 'alpha');
    assert.ok(!JSON.stringify([error, error.message, error.cause]).includes(SECRET));
    return error;
  };
  const nothingStaged = async (): Promise<void> => {
    assert.deepEqual(await readdir(server.home), ['.stubs']);
  };

  it('puts the content in place with its rights and leaves nothing else', async () => {
    await open();
    await host.writeFile(fileAt(join(etc, 'authkey')));
    assert.equal(await readFile(join(etc, 'authkey'), 'utf8'), SECRET);
    const { mode, uid } = await stat(join(etc, 'authkey'));
    assert.equal(mode & 0o7777, 0o400);
    assert.equal(uid, process.getuid?.());
    assert.deepEqual(await readdir(etc), ['authkey']);
    await nothingStaged();
  });

  it('replaces a file, whatever it was', async () => {
    await open();
    await writeFile(join(etc, 'authkey'), 'something longer than what comes after it', {
      mode: 0o644,
    });
    const bytes = Buffer.from(Array.from({ length: 4096 }, (_, index) => index % 256));
    await host.writeFile({
      ...fileAt(join(etc, 'authkey')),
      content: new Secret(bytes),
      mode: '0640',
    });
    assert.deepEqual(await readFile(join(etc, 'authkey')), bytes);
    assert.equal((await stat(join(etc, 'authkey'))).mode & 0o7777, 0o640);
  });

  it('writes several at once, large, empty and oddly named ones', async () => {
    await open();
    const texts = new Map([
      ['large', 'x'.repeat(3_000_000)],
      ['empty', ''],
      [`it's $(odd) "name"`, 'odd'],
      ['-rf', 'dash'],
    ]);
    await Promise.all(
      [...texts].map(([name, text]) => host.writeFile(fileAt(join(etc, name), text))),
    );
    for (const [name, text] of texts) assert.equal(await readFile(join(etc, name), 'utf8'), text);
    assert.equal((await readdir(etc)).length, 4);
    await nothingStaged();
  });

  it('as root by sudo', async () => {
    await open({ uid: '1000', sudo: 'works' }, 'sudo');
    await host.writeFile(fileAt(join(etc, 'authkey')));
    assert.equal(await readFile(join(etc, 'authkey'), 'utf8'), SECRET);
    await nothingStaged();
  });

  it('leaves nothing when sudo refuses', async () => {
    await open({ uid: '1000', sudo: { says: 'sudo: a password is required' } }, 'sudo');
    await failure(fileAt(join(etc, 'authkey')), 'PRIVILEGE_MISSING');
    await nothingStaged();
    assert.deepEqual(await readdir(etc), []);
  });

  it('removes what an earlier run had to leave beside a file', async () => {
    await open();
    await writeFile(join(etc, '.authkey.outrigger.0123456789'), 'old', { mode: 0o600 });
    await writeFile(join(etc, '.x509-key.pem.outrigger.abcdefghij'), 'old', { mode: 0o600 });
    await host.writeFile(fileAt(join(etc, 'authkey')));
    assert.equal(await readFile(join(etc, 'authkey'), 'utf8'), SECRET);
    assert.deepEqual(await readdir(etc), ['authkey']);
  });

  it('replaces a link, and leaves what it leads to', async () => {
    await open();
    await writeFile(join(etc, 'elsewhere'), 'kept');
    await symlink('elsewhere', join(etc, 'authkey'));
    await host.writeFile(fileAt(join(etc, 'authkey')));
    assert.ok((await lstat(join(etc, 'authkey'))).isFile());
    assert.equal(await readFile(join(etc, 'authkey'), 'utf8'), SECRET);
    assert.equal(await readFile(join(etc, 'elsewhere'), 'utf8'), 'kept');
  });

  describe('a missing directory', () => {
    it('is an error', async () => {
      await open();
      const { message } = await failure(fileAt(join(etc, 'pacemaker', 'authkey')));
      assert.equal(
        message,
        `${etc}/pacemaker/authkey was not written: the directory ${etc}/pacemaker does not exist`,
      );
      await nothingStaged();
    });

    it('is made when asked for, with its rights', async () => {
      await open();
      const file = fileAt(join(etc, 'pacemaker', 'authkey'));
      await host.writeFile({ ...file, createParent: { owner, group, mode: '0750' } });
      assert.equal((await stat(join(etc, 'pacemaker'))).mode & 0o7777, 0o750);
      assert.equal(await readFile(file.path, 'utf8'), SECRET);
    });

    it('is taken away again when the file cannot be written', async () => {
      await open();
      const file = { ...fileAt(join(etc, 'pacemaker', 'authkey')), owner: 'no-such-user' };
      await failure({ ...file, createParent: { owner, group, mode: '0750' } });
      assert.deepEqual(await readdir(etc), []);
    });
  });

  describe('refuses, and leaves everything as it is,', () => {
    it('a directory that is a symbolic link', async () => {
      await open();
      await mkdir(join(etc, 'elsewhere'));
      await symlink('elsewhere', join(etc, 'pacemaker'));
      assert.match(
        (await failure(fileAt(join(etc, 'pacemaker', 'authkey')))).message,
        /leads elsewhere/,
      );
      assert.deepEqual(await readdir(join(etc, 'elsewhere')), []);
    });

    it('a directory that everybody can write to', async () => {
      await open();
      await chmod(etc, 0o1777);
      assert.match(
        (await failure(fileAt(join(etc, 'authkey')))).message,
        /etc-\w+ \(1777 .*\) can be written to by others than root.*: chmod go-w/,
      );
      assert.deepEqual(await readdir(etc), []);
    });

    it('a target that is a directory', async () => {
      await open();
      await mkdir(join(etc, 'authkey'));
      assert.match((await failure(fileAt(join(etc, 'authkey')))).message, /not a regular file/);
    });

    it('an owner that does not exist', async () => {
      await open();
      await writeFile(join(etc, 'authkey'), 'before');
      const { message } = await failure({ ...fileAt(join(etc, 'authkey')), owner: 'no-such-user' });
      assert.match(message, /cannot give .* to no-such-user:.*invalid user/);
      assert.ok(!message.includes('\n'));
      assert.equal(await readFile(join(etc, 'authkey'), 'utf8'), 'before');
      assert.deepEqual(await readdir(etc), ['authkey']);
    });

    it('a path that is not absolute, or not plain', async () => {
      await open();
      for (const path of ['authkey', `${etc}/../authkey`, `${etc}//authkey`, `${etc}/`]) {
        await failure(fileAt(path), 'INPUT_INVALID');
      }
    });

    it('a connection that is lost', async () => {
      await open({ dropAfterMs: 0 });
      await failure(fileAt(join(etc, 'authkey')), 'HOST_UNREACHABLE');
      await failure(fileAt(join(etc, 'authkey')), 'HOST_UNREACHABLE');
    });
  });

  describe('on a full disk', () => {
    before(needs('root', 'mount', 'umount'));
    const withSmallDisk = async (at: string, work: () => Promise<void>): Promise<void> => {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0755', 'outrigger-test', at]);
      try {
        await work();
      } finally {
        execFileSync('umount', [at]);
      }
    };

    it('keeps the old file and no half of the new one', async () => {
      await open();
      const disk = join(etc, 'disk');
      await mkdir(disk);
      await withSmallDisk(disk, async () => {
        await host.writeFile(fileAt(join(disk, 'authkey'), 'before'));
        const { message } = await failure(fileAt(join(disk, 'authkey'), 'x'.repeat(200_000)));
        assert.match(message, /authkey was not written: cannot write .*No space left on device/);
        assert.equal(await readFile(join(disk, 'authkey'), 'utf8'), 'before');
        assert.deepEqual(await readdir(disk), ['authkey']);
        await nothingStaged();
      });
    });
  });
});
