/** The content of a file comes by SFTP, or on stdin where that does not work; nothing of it stays in either case. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Host, HostFile } from '../../../src/host/host.ts';
import { Secret } from '../../../src/support/secret.ts';
import { type FakeSshd, type FakeSshdOptions, startFakeSshd } from '../../support/fake-sshd.ts';
import { connectSsh } from '../../support/ssh-bench.ts';

const SECRET = 'the-authkey-of-a-cluster';
const [owner, group] = ['-un', '-gn'].map((what) =>
  execFileSync('id', [what], { encoding: 'utf8' }).trim(),
) as [string, string];

describe('the content of files over SSH', function () {
  this.timeout(60_000);
  let server: FakeSshd;
  let host: Host;
  let etc: string;

  const open = async (options: FakeSshdOptions = {}) => {
    server = await startFakeSshd(options);
    host = await connectSsh('alpha', server.connection, new AbortController().signal);
  };
  beforeEach(async () => {
    etc = await realpath(await mkdtemp(join(tmpdir(), 'outrigger-sftp-')));
  });
  afterEach(async () => {
    await host.close();
    await server.close();
    await rm(etc, { recursive: true });
  });

  const key = (): string => join(etc, 'authkey');
  const file = (path = key()): HostFile => ({
    path,
    owner,
    group,
    mode: '0400',
    content: new Secret(Buffer.from(SECRET)),
  });
  const assertWritten = async (): Promise<void> => {
    assert.equal(await readFile(key(), 'utf8'), SECRET);
    assert.deepEqual(await readdir(etc), ['authkey']);
  };

  it('comes by SFTP, readable by nobody else, into a directory that is gone afterwards', async () => {
    await open();
    await host.writeFile(file());
    await assertWritten();
    assert.deepEqual(
      server.uploads.map(({ mode }) => mode),
      [0o600],
    );
    for (const { path } of server.uploads) assert.ok(!existsSync(dirname(dirname(path))), path);
    assert.ok(!server.stdin().includes(SECRET), 'it came on stdin as well');
  });

  it('is all that SFTP is used for', async () => {
    await open();
    await host.exec({ script: 'cat', input: 'in', timeoutMs: 30_000 });
    assert.equal(server.seen.sftp, 0);
  });

  it('comes in one session of SFTP at a time, however many files there are', async () => {
    await open();
    const names = Array.from({ length: 12 }, (_, index) => join(etc, `key-${index}`));
    await Promise.all(names.map((name) => host.writeFile(file(name))));
    for (const name of names) assert.equal(await readFile(name, 'utf8'), SECRET);
    assert.equal(server.uploads.length, 12);
    assert.ok(server.seen.mostChannels <= 3, `${server.seen.mostChannels} channels at once`);
  });

  const ODD: Readonly<Record<string, FakeSshdOptions>> = {
    'is switched off': { sftp: 'refused' },
    'never answers': { sftp: 'silent' },
    'sees other paths (ChrootDirectory)': { sftp: 'elsewhere' },
    'has no room': { sftp: 'full' },
    'would be a session too many (MaxSessions 1)': { maxSessions: 1 },
  };
  for (const [what, options] of Object.entries(ODD))
    it(`comes on stdin where SFTP ${what}, and SFTP is not tried again`, async () => {
      await open(options);
      await host.writeFile(file());
      await assertWritten();
      assert.ok(server.stdin().includes(SECRET));
      const { sftp } = server.seen;
      await host.writeFile(file());
      await assertWritten();
      assert.equal(server.seen.sftp, sftp);
    });

  it('a connection that is lost in the middle of it: nothing stays, and the old file does', async () => {
    await open({ dropAtUpload: true });
    await writeFile(key(), 'old');
    await assert.rejects(host.writeFile(file()), { code: 'HOST_UNREACHABLE', host: 'alpha' });
    assert.equal(await readFile(key(), 'utf8'), 'old');
    assert.deepEqual(readdirSync(etc), ['authkey']);
  });
});
