import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whileLocked } from '../../../src/host/files/file-lock.ts';

describe('the wait for the lock of a file', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-lock-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const over = AbortSignal.abort(new Error('over'));
  const nothing = (): Promise<void> => Promise.resolve();

  it('ends with the signal, names the lock, and leaves that of the other one', async () => {
    const file = join(folder, 'known_hosts');
    writeFileSync(`${file}.outrigger-lock`, '');
    await assert.rejects(whileLocked(file, nothing, over), /held .*known_hosts\.outrigger-lock/);
    assert.deepEqual(readdirSync(folder), ['known_hosts.outrigger-lock']);
  });

  it('is none where the lock is free, whatever the signal says', async () => {
    const file = join(folder, 'known_hosts');
    await whileLocked(file, nothing, over);
    assert.ok(!existsSync(`${file}.outrigger-lock`));
  });
});
