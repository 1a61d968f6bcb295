/** Whoever has an old Node.js is told so in one sentence, and not by a SyntaxError. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const { bin, engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly bin: { readonly outrigger: string };
  readonly engines: { readonly node: string };
};

describe('the entry of the program', () => {
  let folder: string;
  let entry: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-node-'));
    entry = join(folder, bin.outrigger);
    mkdirSync(dirname(entry), { recursive: true });
    cpSync(join(ROOT, bin.outrigger.replace(/^dist/, 'src')), entry);
    cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
    // The program itself, as an old Node.js would see it: nothing that it could parse.
    writeFileSync(join(dirname(entry), 'main.js'), 'this is no JavaScript');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** Runs the entry with a Node.js that says it has this version. */
  const runAs = (version: string) => {
    const fake = join(folder, 'fake.cjs');
    const versions = JSON.stringify({ node: version });
    writeFileSync(fake, `Object.defineProperty(process, 'versions', { value: ${versions} });`);
    return spawnSync(process.execPath, ['-r', fake, entry], { encoding: 'utf8' });
  };

  for (const version of ['12.22.12', '16.20.2', '18.20.8', '20.18.3']) {
    it(`says in one sentence that Node.js ${version} is too old`, () => {
      const { status, stdout, stderr } = runAs(version);
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, /^outrigger needs Node\.js 20\.19 or newer, and this is [^\n]+\.\n$/);
      assert.ok(stderr.includes(version), stderr);
    });
  }

  for (const version of [engines.node.replace('>=', '') + '.0', '21.0.0', '100.1.0']) {
    it(`goes on with Node.js ${version}`, () => {
      assert.match(runAs(version).stderr, /SyntaxError/);
      writeFileSync(join(dirname(entry), 'main.js'), 'console.log(process.argv.slice(2).length);');
      assert.deepEqual([runAs(version).status, runAs(version).stdout], [0, '0\n']);
    });
  }
});
