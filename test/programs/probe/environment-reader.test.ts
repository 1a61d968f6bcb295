import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readEnvironment } from '../../../src/probe/readers/read-environment.ts';
import {
  environmentFiles,
  pacemakerVariables,
  systemdAssignments,
} from '../../support/environment-files.ts';
import { cases } from '../../support/cases.ts';

const READER = readFileSync(
  new URL('../../../src/host/scripts/environment-file.sh', import.meta.url),
  'utf8',
);
// That of this machine is of no concern.
const FUNCTIONS = `${READER}\noutrigger_version=257\n`;
const END = '@end';

describe('the reader of environment files', function () {
  this.timeout(120_000);
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-environment-reader-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function shell(text: string): string {
    const { status, stdout, stderr } = spawnSync(
      '/bin/sh',
      ['-c', FUNCTIONS + text, 'sh', folder],
      {
        encoding: 'utf8',
      },
    );
    assert.equal(status, 0, stderr);
    return stdout;
  }

  /** What it makes of each file; all in one shell. */
  function read(files: readonly Buffer[]): readonly Readonly<Record<string, string>>[] {
    for (const [index, file] of files.entries()) writeFileSync(join(folder, String(index)), file);
    const reported = shell(
      `i=0; while [ -e "$1/$i" ]; do environment_variables "$1/$i"; echo ${END}; i=$((i + 1)); done`,
    );
    for (const index of files.keys()) rmSync(join(folder, String(index)));
    return reported
      .split(`${END}\n`)
      .slice(0, -1)
      .map((lines) => readEnvironment(lines.split('\n')).environment);
  }

  const CASES: readonly (readonly [
    what: string,
    text: string,
    Readonly<Record<string, string>>,
  ])[] = [
    ['lines end as on Windows', '# x\r\nPCMK_a=1\r\nPCMK_b=2\r\n', { PCMK_a: '1', PCMK_b: '2' }],
    ['blanks end a line', 'PCMK_a=/etc/key  \t\n', { PCMK_a: '/etc/key' }],
    ['words follow a value', 'PCMK_a=3121 # default\n', { PCMK_a: '3121 # default' }],
    ['a line goes on', 'PCMK_a=/etc\\\n/key\\\r\nPCMK_b=2\n', { PCMK_a: '/etc/key', PCMK_b: '2' }],
    [
      'quotes are in the middle',
      'PCMK_a="/etc"/key" x"\nPCMK_b=\'x\'y\n',
      { PCMK_a: '/etc/key" x"', PCMK_b: 'xy' },
    ],
    ['a value is empty', 'PCMK_a=\nPCMK_b=""\n', { PCMK_a: '', PCMK_b: '' }],
    ['a quote stays open', 'PCMK_a="1\nPCMK_b=2\n', { PCMK_a: '1\nPCMK_b=2\n' }],
    ['a comment ends in a backslash', '# x \\\nPCMK_a=1\n', { PCMK_a: '1' }],
    ['the last of several', 'PCMK_a=1\nPCMK_a = 2\n', { PCMK_a: '2' }],
    ['export stands before', 'export PCMK_a=1\n', {}],
    ['it holds a NUL', 'PCMK_a=1\n# \0\n', {}],
    ['bytes are not printable', 'PCMK_a=ü\\\\x\t1\n', { PCMK_a: 'ü\\x\t1' }],
  ];
  it('takes each case as systemd does', () => {
    const reported = read(CASES.map(([, text]) => Buffer.from(text)));
    for (const [index, [what, text, desired]] of CASES.entries()) {
      assert.deepEqual(reported[index], desired, what);
      assert.deepEqual(pacemakerVariables(systemdAssignments(Buffer.from(text))), desired, what);
    }
  });

  it('lets a comment that ends in a backslash go on, as systemd did before v254', () => {
    writeFileSync(join(folder, 'file'), '# x \\\nPCMK_a=1\nPCMK_b=2\n');
    assert.equal(shell('outrigger_version=252; environment_variables "$1/file"'), 'PCMK_b=2\n');
  });

  it('says nothing of variables that are not Pacemaker’s', () => {
    const [reported] = read([Buffer.from('SECRET=1\nX="\nPCMK_a=2"\nSBD_PACEMAKER=yes\n')]);
    assert.deepEqual(reported, {});
  });

  it('makes of any file what systemd makes of it', () => {
    fc.assert(
      fc.property(fc.array(environmentFiles, { minLength: 20, maxLength: 40 }), (files) => {
        assert.deepEqual(
          read(files),
          files.map((file) => pacemakerVariables(systemdAssignments(file))),
        );
      }),
      { numRuns: cases(15) },
    );
  });

  it('changes in any file what counts, and no other assignment', () => {
    const pairs = fc.constantFrom(
      'PCMK_remote_port=3199',
      'PCMK_authkey_location= PCMK_remote_port=3199',
      'PCMK_remote_port=',
      'PCMK_new=/x PCMK_remote_port=3199',
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(environmentFiles, pairs), { minLength: 20, maxLength: 40 }),
        (all) => {
          for (const [index, [file, set]] of all.entries()) {
            writeFileSync(join(folder, String(index)), file);
            writeFileSync(join(folder, `${index}.set`), set);
          }
          shell(
            'i=0; while [ -e "$1/$i" ]; do environment_with "$1/$i" "$(cat "$1/$i.set")" >"$1/$i.new" || exit 1; i=$((i + 1)); done',
          );
          for (const [index, [file, set]] of all.entries()) {
            const after = readFileSync(join(folder, `${index}.new`));
            const desired = new Map(
              set.split(' ').map((pair) => pair.split('=', 2) as [string, string]),
            );
            assert.deepEqual(
              effect(after, desired),
              expected(file, desired),
              JSON.stringify([file.toString(), set, after.toString()]),
            );
          }
          for (const index of all.keys())
            for (const end of ['', '.set', '.new']) rmSync(join(folder, `${index}${end}`));
        },
      ),
      { numRuns: cases(15) },
    );
  });

  // A file that is ignored as a whole is still not to be damaged: it is looked at without what makes it so.
  const sane = (file: Buffer): Buffer =>
    Buffer.from(
      file
        .toString('latin1')
        .replaceAll('\0', '0')
        .replaceAll('\xfc', 'u')
        .replaceAll('\xc3u', 'uu'),
      'latin1',
    );
  const assignmentsOf = (file: Buffer) => {
    const found = systemdAssignments(sane(file));
    return found === 'ignored'
      ? []
      : found.map(([name, value]) => [name, value.toString()] as const);
  };

  /** The wanted variables as they are now, and the others in their order. */
  function effect(file: Buffer, desired: ReadonlyMap<string, string>): unknown {
    const all = assignmentsOf(file);
    const values = [...desired.keys()].map(
      (name) => all.findLast(([each]) => each === name)?.[1] ?? '',
    );
    return { values, others: all.filter(([name]) => !desired.has(bare(name))) };
  }
  function expected(file: Buffer, desired: ReadonlyMap<string, string>): unknown {
    return {
      values: [...desired.values()],
      others: assignmentsOf(file).filter(([name]) => !desired.has(bare(name))),
    };
  }
  const bare = (name: string): string => name.replace(/^export\s+/, '');

  it('leaves each byte of a file with CRLF, and adds lines that end so', () => {
    writeFileSync(join(folder, 'file'), '# ü\r\n A=1\r\nPCMK_b= "2" \r\nC=3\r\n');
    const after = shell('environment_with "$1/file" "PCMK_b=3 PCMK_new=1"');
    assert.equal(after, '# ü\r\n A=1\r\nPCMK_b=3\r\nC=3\r\nPCMK_new=1\r\n');
    assert.equal(shell('environment_with "$1/file" "PCMK_b="'), '# ü\r\n A=1\r\nC=3\r\n');
  });

  it('adds before a quote that stays open to the end', () => {
    writeFileSync(join(folder, 'file'), 'A=1\nB="2\n');
    assert.equal(shell('environment_with "$1/file" "PCMK_b=3"'), 'A=1\nPCMK_b=3\nB="2\n');
  });
});
