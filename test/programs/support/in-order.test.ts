import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MOCHA = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'node_modules',
  'mocha',
  'bin',
  'mocha.js',
);
const IN_ORDER = join(import.meta.dirname, '..', '..', 'support', 'in-order.ts');

const SUITES = `
import assert from 'node:assert';
import { inOrder } from '${IN_ORDER}';
describe('one', function () {
  inOrder(this);
  it('goes well', () => {});
  it('fails', () => assert.fail('as it shall'));
  it('stands on it', () => {});
});
describe('another', function () {
  inOrder(this);
  it('knows nothing of it', () => {});
});
`;

describe('steps that stand on each other', () => {
  it('are left out after one that failed, and other suites go on', () => {
    const dir = mkdtempSync(join(tmpdir(), 'in-order-'));
    try {
      const file = join(dir, 'suites.ts');
      writeFileSync(file, SUITES);
      const argv = [MOCHA, '--no-config', '--no-package', '--import=tsx', '--reporter=json', file];
      let said = '';
      try {
        execFileSync(process.execPath, argv, { encoding: 'utf8', stdio: 'pipe' });
      } catch (thrown) {
        said = (thrown as { stdout: string }).stdout;
      }
      const { stats } = JSON.parse(said) as { stats: Record<string, number> };
      assert.deepEqual([stats['passes'], stats['failures'], stats['pending']], [2, 1, 1]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
