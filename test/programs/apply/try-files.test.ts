import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
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
import { join } from 'node:path';
import { hostScriptArgs } from '../../support/host-script.ts';

const SCRIPT = 'host/scripts/files/try-files.sh';

describe('try-files', () => {
  let folder = '';
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'outrigger-try-')));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const path = (name: string) => join(folder, name);

  /** What is said of these files; `fakes`: programs that stand before the system's own. */
  function tried(
    files: readonly (readonly [string, number, string])[],
    fakes: Readonly<Record<string, string>> = {},
  ): string {
    const bin = mkdtempSync(join(tmpdir(), 'outrigger-bin-'));
    for (const [name, body] of Object.entries(fakes))
      writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    const { status, stderr } = spawnSync(
      '/bin/sh',
      hostScriptArgs(SCRIPT, files.flat().map(String)),
      {
        env: { PATH: `${bin}:/usr/bin:/bin` },
        encoding: 'utf8',
      },
    );
    rmSync(bin, { recursive: true });
    assert.equal(status, stderr === '' ? 0 : 1, stderr);
    return stderr.trim().replaceAll(folder, '');
  }

  it('leaves nothing, and the files as they are, whether they are there or not', () => {
    writeFileSync(path('authkey'), 'key');
    const before = statSync(path('authkey'));
    writeFileSync(path('.tried.outrigger.0123456789'), 'of a run that lost its power');
    assert.equal(
      tried([
        [path('authkey'), 256, 'file'],
        [path('new'), 4000, 'file'],
      ]),
      '',
    );
    assert.deepEqual(readdirSync(folder), ['authkey']);
    assert.equal(readFileSync(path('authkey'), 'utf8'), 'key');
    const after = statSync(path('authkey'));
    assert.deepEqual([after.ino, after.mtimeMs], [before.ino, before.mtimeMs]);
  });

  it('finds a missing directory', () => {
    assert.equal(tried([[path('gone/authkey'), 1, 'file']]), 'the directory /gone does not exist');
  });

  it('finds a directory into which no step would write', () => {
    mkdirSync(path('open'));
    chmodSync(path('open'), 0o775);
    const files = [[path('open/authkey'), 1, 'file'] as const];
    assert.match(tried(files), /^the directory \/open .* can be written to by others than root/);
    symlinkSync(path('open/target'), path('link'));
    assert.match(tried([[path('link'), 1, 'link']]), /^the directory \/open .* can be written to/);
    assert.deepEqual(readdirSync(path('open')), []);
  });

  it('finds a full disk, also where only all of the files together do not fit', () => {
    // The second one does not fit beside the first.
    const isSecond = `[ "$1" = -c ] && ls -A '${folder}' | grep -q '^.tried'`;
    const full = 'echo "head: error writing: No space left on device" >&2; exit 1';
    const head = `if ${isSecond}; then ${full}; fi; exec /usr/bin/head "$@"`;
    const files = [[path('a'), 9, 'file'] as const, [path('b'), 9, 'file'] as const];
    const said = tried(files, { head });
    assert.match(said, /^cannot write \/b: .*No space left on device/);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('finds what cannot be made or renamed there', () => {
    const files = [[path('a'), 9, 'file'] as const];
    const mktemp = 'echo "mktemp: failed to create file: Read-only file system" >&2; exit 1';
    assert.match(tried(files, { mktemp }), /^cannot write to .*: .*Read-only file system/);
    assert.match(tried(files, { mv: 'echo "mv: not permitted" >&2; exit 1' }), /^cannot rename in/);
    const lsattr = 'echo "----ia--------e------- $3"';
    assert.match(tried(files, { lsattr }), /is immutable/);
    assert.equal(tried(files, { lsattr: 'echo "-------A------e------- $3"' }), '');
    assert.deepEqual(readdirSync(folder), []);
  });

  it('finds a directory in which others could replace the file', () => {
    mkdirSync(path('open'));
    chmodSync(path('open'), 0o770);
    assert.match(
      tried([[path('open/target'), 1, 'file']]),
      /open \(0770 .* than root.*: chmod go-w/,
    );
    assert.deepEqual(readdirSync(path('open')), []);
  });

  it('finds a target that is not a regular file; a link is followed where that is asked for, else replaced', () => {
    mkdirSync(path('there'));
    mkdirSync(path('directory'));
    symlinkSync(path('there/target'), path('link'));
    assert.match(tried([[path('directory'), 1, 'file']]), /is not a regular file$/);
    assert.equal(tried([[path('link'), 1, 'file']]), '');
    assert.ok(lstatSync(path('link')).isSymbolicLink());
    assert.equal(tried([[path('link'), 1, 'link']]), '');
    rmSync(path('there'), { recursive: true });
    assert.match(tried([[path('link'), 1, 'link']]), /\/there|leads nowhere/);
    assert.ok(!existsSync(path('there')));
  });
});
