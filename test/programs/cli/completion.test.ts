import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiled } from '../../support/compiled.ts';
import { skipUnless } from '../../support/needs.ts';

describe('completion', function () {
  this.timeout(300_000); // each question starts a program
  let folder = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'completion-'));
    writeFileSync(join(folder, 'inventory.yml'), '');
    mkdirSync(join(folder, 'inventories'));
    mkdirSync(join(folder, 'bin'));
    const program = `#!/bin/sh\nexec '${process.execPath}' '${compiled('src/cli/main.ts')}' "$@"\n`;
    writeFileSync(join(folder, 'bin', 'outrigger'), program, { mode: 0o755 });
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  const say = (argv: readonly string[]): string => {
    const [file = '', ...args] = argv;
    const path = `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`;
    const { stdout, stderr, status } = spawnSync(file, args, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PATH: path, HOME: folder },
    });
    assert.equal(status, 0, `${argv.join(' ')}: ${stderr}${stdout}`);
    return stdout;
  };

  const candidates = (...words: string[]): readonly string[] =>
    say(['outrigger', 'complete', '--', ...words])
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t')[0] ?? '');

  it('knows commands, options and files', () => {
    assert.deepEqual(candidates('dr'), ['drift', ':4']);
    assert.ok(candidates('apply', '--').includes('--max-fail'));
    assert.ok(candidates('schema', '').includes('inventory'));
    assert.deepEqual(candidates('explain', 'HOST_KEY_CH'), ['HOST_KEY_CHANGED', ':4']);
    assert.deepEqual(candidates('plan', '-i', 'inv'), ['inventories/', 'inventory.yml', ':4']);
    assert.deepEqual(candidates('plan', '-i', 'inventor'), ['inventories/', 'inventory.yml', ':4']);
    assert.deepEqual(candidates('plan', '-i', 'inventori'), ['inventories/', ':6']);
  });

  it('prints scripts that bash, zsh and fish take', function () {
    skipUnless(this, 'bash', 'zsh', 'fish');
    for (const shell of ['bash', 'zsh', 'fish']) {
      const file = join(folder, `script.${shell}`);
      writeFileSync(file, say(['outrigger', 'completion', shell]));
      say([shell, '-n', file]);
    }
  });

  it('completes in fish, as somebody who types there', function () {
    skipUnless(this, 'fish');
    const script = `outrigger completion fish | source; complete --do-complete 'outrigger plan -i inventory'`;
    assert.match(say(['fish', '--no-config', '-c', script]), /^inventory\.yml\s*$/m);
  });

  it('completes in bash, as somebody who types there', function () {
    skipUnless(this, 'bash', '/usr/share/bash-completion/bash_completion');
    const script = `. /usr/share/bash-completion/bash_completion
eval "$(outrigger completion bash)"
COMP_WORDS=(outrigger dr); COMP_CWORD=1; COMP_LINE='outrigger dr'; COMP_POINT=12
compopt() { :; }
__outrigger_complete; printf '%s\\n' "\${COMPREPLY[@]}"`;
    assert.equal(say(['bash', '--norc', '-c', script]).trim(), 'drift');
  });
});
