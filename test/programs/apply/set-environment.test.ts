import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostScriptArgs } from '../../support/host-script.ts';

const SCRIPT = 'host/scripts/files/set-environment.sh';
const BEFORE = '# PCMK_remote_port=1\nPCMK_debug=no\nPCMK_remote_port=3121\n';

describe('set-environment', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-environment-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const path = () => join(folder, 'pacemaker');
  /** `fakes`: programs that stand before the system's own, by name. */
  function run(
    fakes: Readonly<Record<string, string>> = {},
    pairs: readonly string[] = ['PCMK_remote_port', '3122'],
  ): number | null {
    const bin = mkdtempSync(join(tmpdir(), 'outrigger-bin-'));
    for (const [name, body] of Object.entries(fakes))
      writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    const { status } = spawnSync('/bin/sh', hostScriptArgs(SCRIPT, [path(), ...pairs]), {
      env: { PATH: `${bin}:/usr/bin:/bin` },
    });
    rmSync(bin, { recursive: true });
    return status;
  }

  it('replaces the variable and leaves the rest, and the mode, as they are', () => {
    writeFileSync(path(), BEFORE, { mode: 0o640 });
    assert.equal(run(), 0);
    assert.equal(
      readFileSync(path(), 'utf8'),
      '# PCMK_remote_port=1\nPCMK_debug=no\nPCMK_remote_port=3122\n',
    );
    assert.equal(statSync(path()).mode & 0o777, 0o640);
  });

  it('sets several and takes others away at once, and leaves all else byte for byte', () => {
    // Latin-1, a NUL, a comment with a setting, a variable of a similar name, a line that is not ended.
    const others = Buffer.concat([
      Buffer.from('# PCMK_ca_file=/etc/ca.pem\n\n\tPCMK_ca_files=1\n# gr\xfc\xdfe \0\n', 'latin1'),
      Buffer.from(' export  OTHER="PCMK_key_file=x"\r\n'),
    ]);
    const theirs = 'PCMK_key_file=/a\n export PCMK_crl_file="/old"\n';
    writeFileSync(path(), Buffer.concat([others, Buffer.from(`${theirs}LAST=1`)]));
    assert.equal(
      run({}, ['PCMK_ca_file', '/b.pem', 'PCMK_key_file', '/c', 'PCMK_crl_file', '']),
      0,
    );
    const desired = Buffer.from('PCMK_key_file=/c\nLAST=1\nPCMK_ca_file=/b.pem\n');
    assert.deepEqual(readFileSync(path()), Buffer.concat([others, desired]));
  });

  it('changes what a link leads to, and leaves the link', () => {
    const elsewhere = join(folder, 'kept in another place');
    writeFileSync(elsewhere, BEFORE);
    symlinkSync(elsewhere, path());
    assert.equal(run(), 0);
    assert.equal(readlinkSync(path()), elsewhere);
    assert.ok(readFileSync(elsewhere, 'utf8').endsWith('\nPCMK_remote_port=3122\n'));
    assert.equal(readdirSync(folder).length, 2);
  });

  it('is not swallowed by a last line that would go on in the next one', () => {
    writeFileSync(path(), '# one \\');
    assert.equal(run(), 0);
    assert.equal(readFileSync(path(), 'utf8'), '# one \\\n\nPCMK_remote_port=3122\n');
  });

  for (const [what, before] of [
    ['a file that holds nothing else', 'PCMK_remote_port=3121\n'],
    ['an empty file', ''],
    ['no file', undefined],
  ] as const) {
    it(`takes ${what}`, () => {
      if (before !== undefined) writeFileSync(path(), before);
      assert.equal(run(), 0);
      assert.equal(readFileSync(path(), 'utf8'), 'PCMK_remote_port=3122\n');
    });
  }

  for (const [what, fakes] of [
    ['the disk is full while it copies the lines', { awk: 'echo "# PCMK"; exit 2' }],
    ['the disk is full while it syncs', { sync: 'exit 1' }],
    ['the file cannot be put into its place', { mv: 'exit 1' }],
  ] as const) {
    it(`leaves the file as it was when ${what}`, () => {
      writeFileSync(path(), BEFORE);
      assert.notEqual(run(fakes), 0);
      assert.equal(readFileSync(path(), 'utf8'), BEFORE);
      assert.deepEqual(readdirSync(folder), ['pacemaker']);
    });
  }
});
