import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkReports, DRIFT_REPORTS, writeReports } from '../../../src/flows/write-reports.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { quietReport } from './drift-reports.ts';

describe('reports in files', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-reports-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('are written one beside the other, and nothing else is left', () => {
    const desired = (['junit', 'sarif', 'prometheus', 'html'] as const).map((kind) => ({
      kind,
      path: at(kind),
    }));
    checkReports(desired);
    assert.deepEqual(readdirSync(folder), []);
    writeReports(DRIFT_REPORTS, desired, quietReport);
    assert.deepEqual(readdirSync(folder), ['html', 'junit', 'prometheus', 'sarif']);
    assert.match(readFileSync(at('html'), 'utf8'), /^<!DOCTYPE html>/);
  });

  it('take the place of what a link leads to', () => {
    mkdirSync(at('real'));
    writeFileSync(at('real/drift.prom'), 'old');
    symlinkSync(at('real/drift.prom'), at('link'));
    writeReports(DRIFT_REPORTS, [{ kind: 'prometheus', path: at('link') }], quietReport);
    assert.match(readFileSync(at('real/drift.prom'), 'utf8'), /^# HELP/);
    assert.deepEqual(readdirSync(folder), ['link', 'real']);
  });

  for (const [what, path] of [
    ['a directory that does not exist', 'none/drift.xml'],
    ['a directory', '.'],
    ['a device', '/dev/null'],
  ] as const) {
    it(`cannot be written to ${what}, which is said at once`, () => {
      const desired = [{ kind: 'junit', path: path.startsWith('/') ? path : at(path) }] as const;
      assert.throws(
        () => {
          checkReports(desired);
        },
        (thrown) =>
          thrown instanceof OutriggerError &&
          thrown.code === 'USAGE' &&
          thrown.message.startsWith('cannot write the junit report ') &&
          thrown.hint !== undefined,
      );
    });
  }

  it('need a file each', () => {
    const path = at('drift');
    assert.throws(() => {
      checkReports([
        { kind: 'junit', path },
        { kind: 'html', path },
      ]);
    }, /two reports/);
  });
});
