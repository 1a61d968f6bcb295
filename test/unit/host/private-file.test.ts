import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePrivateFile } from '../../../src/host/files/private-file.ts';
import { needs } from '../../support/needs.ts';

describe('a file that only its owner can read', () => {
  before(needs('prlimit'));
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-private-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** As on a disk that gets full: the first write that goes beyond is cut short. */
  function withRoomFor(bytes: number, work: () => void): void {
    const limit = (soft: string): void => {
      const args = ['--pid', String(process.pid), `--fsize=${soft}:`];
      assert.equal(spawnSync('prlimit', args).status, 0);
    };
    limit(String(bytes));
    try {
      work();
    } finally {
      limit('unlimited');
    }
  }

  it('is written whole, and takes the place of another one', () => {
    const path = join(folder, 'crl.pem');
    writePrivateFile(path, 'old');
    writePrivateFile(path, 'new');
    assert.equal(readFileSync(path, 'utf8'), 'new');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.throws(() => {
      writePrivateFile(path, 'another', { isNew: true });
    }, /EEXIST/);
  });

  it('is what it was where the disk gets full in the middle', () => {
    const path = join(folder, 'crl.pem');
    writePrivateFile(path, 'old');
    withRoomFor(4096, () => {
      assert.throws(() => {
        writePrivateFile(path, 'x'.repeat(6000));
      }, /EFBIG/);
    });
    assert.equal(readFileSync(path, 'utf8'), 'old');
  });
});
