/** What the program loads before it does anything: modules are looked at, time is not. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

describe('what the program loads', function () {
  this.timeout(120_000);
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-start-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** The modules of a run, by V8's own list. */
  function loadedBy(...argv: readonly string[]): readonly string[] {
    execFileSync(process.execPath, ['--import=tsx', MAIN, ...argv], {
      env: { ...process.env, NODE_V8_COVERAGE: folder },
      stdio: 'ignore',
    });
    return readdirSync(folder)
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Coverage)
      .flatMap(({ result }) => result.map(({ url }) => url));
  }
  const isOf = (name: string) => (url: string) => url.includes(`/node_modules/${name}/`);

  it('is little for the version', () => {
    const loaded = loadedBy('--version');
    assert.ok(loaded.some((url) => url.includes('/src/cli/main.ts')));
    for (const name of ['commander', 'ssh2', 'ajv', 'js-yaml', 'saxes', '@bomb.sh/tab', 'listr2'])
      assert.ok(!loaded.some(isOf(name)), name);
  });
});
