import assert from 'node:assert/strict';
import fs, { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whileLocked } from '../../../src/host/files/file-lock.ts';
import { processIdentity } from '../../../src/host/files/process-identity.ts';
import { endedProcess } from '../../support/ended-process.ts';

const DEAD = '00000000-0000-4000-8000-000000000001';

describe('the lock of a file, when it is given back', () => {
  const real = fs.rmSync;
  let folder = '';
  let file = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-lock-'));
    file = join(folder, 'known_hosts');
  });
  afterEach(() => {
    fs.rmSync = real;
    syncBuiltinESMExports();
    rmSync(folder, { recursive: true });
  });

  /** As soon as the lock is gone another process takes it. */
  const takenByNextAtOnce = (lock: string): void => {
    let isTaken = false;
    fs.rmSync = (path, options) => {
      real(path, options);
      if (path !== lock || isTaken) return;
      isTaken = true;
      writeFileSync(lock, `another\n${processIdentity() ?? ''}\nanother process\n`, { flag: 'wx' });
    };
    syncBuiltinESMExports();
  };

  for (const [how, prepare] of [
    ['that nobody held before', () => Promise.resolve()],
    [
      'that was taken over from the dead',
      async (lock: string) => {
        writeFileSync(lock, `${DEAD}\n${await endedProcess()}\nprocess 7 on seat\n`);
      },
    ],
  ] as const)
    it(`one ${how} is not taken from the next holder`, async () => {
      const lock = `${file}.outrigger-lock`;
      await prepare(lock);
      await whileLocked(file, () => {
        takenByNextAtOnce(lock);
        return Promise.resolve();
      });
      assert.equal(existsSync(lock), true);
    });
});
