import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { whileLocked } from '../../../src/host/files/file-lock.ts';
import { processIdentity } from '../../../src/host/files/process-identity.ts';
import { compiled } from '../../support/compiled.ts';
import { endedProcess } from '../../support/ended-process.ts';

describe('the lock of a file', function () {
  this.timeout(120_000);
  let folder = '';
  let file = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-lock-'));
    file = join(folder, 'known_hosts');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const lock = (): string => `${file}.outrigger-lock`;
  const uuid = (digit: number): string => `00000000-0000-4000-8000-00000000000${String(digit)}`;
  const put = (path: string, id: string, identity: string): void => {
    writeFileSync(path, `${id}\n${identity}\nprocess 7 on seat\n`);
  };
  const isTaken = (): Promise<boolean> =>
    whileLocked(file, () => Promise.resolve(existsSync(lock())));

  it('is held by one of many, also where many die while they hold it or take it', async () => {
    const [AT_A_TIME, ROUNDS, KILLS] = [5, 30, 8];
    const contender = compiled('test/support/lock-contender.ts');
    const start = () =>
      spawn(process.execPath, [contender, file, String(ROUNDS)], {
        stdio: ['ignore', 'inherit', 'inherit'],
      });
    const running = Array.from({ length: AT_A_TIME }, start);
    const rounds = (): number =>
      existsSync(file) ? readFileSync(file, 'utf8').split('once\n').length - 1 : 0;
    for (let killed = 0; killed < KILLS; killed += 1) {
      const before = rounds();
      while (rounds() < before + 5) await sleep(5);
      const index = killed % AT_A_TIME;
      running[index]?.kill('SIGKILL');
      running[index] = start();
    }
    for (const child of running)
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    assert.deepEqual(
      running.map(({ exitCode }) => exitCode),
      running.map(() => 0),
    );
    assert.doesNotMatch(readFileSync(file, 'utf8'), /TWO/);
    await isTaken();
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('outrigger-lock')),
      [],
      'the dead have left something',
    );
  });

  it('is taken over from the dead, however many have died over it', async () => {
    const dead = await endedProcess();
    put(lock(), uuid(1), dead);
    put(`${lock()}.${uuid(1)}`, uuid(2), dead);
    put(`${lock()}.${uuid(2)}`, uuid(3), dead);
    put(`${lock()}.${uuid(9)}`, uuid(4), dead);
    assert.equal(await isTaken(), true);
    assert.equal(await isTaken(), true);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('removes the empty draft of a run that was killed before it wrote', async () => {
    writeFileSync(`${lock()}.${uuid(1)}.new`, '');
    assert.equal(await isTaken(), true);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('is taken also where another run removes the draft of one that waits', async () => {
    put(lock(), uuid(1), processIdentity() ?? '');
    const waiting = isTaken();
    await sleep(50);
    for (const name of readdirSync(folder)) if (name.endsWith('.new')) rmSync(join(folder, name));
    await sleep(50);
    rmSync(lock());
    assert.equal(await waiting, true);
    assert.deepEqual(readdirSync(folder), []);
  });

  for (const [who, identity] of [
    ['a run that lives', () => processIdentity() ?? ''],
    ['somebody elsewhere', () => 'another machine altogether'],
    ['somebody unknown', () => ''],
  ] as const)
    it(`is not taken from ${who}, however old it is`, async () => {
      put(lock(), uuid(1), identity());
      utimesSync(lock(), 0, 0);
      let inside = false;
      const waiting = whileLocked(file, () => Promise.resolve((inside = true)));
      await sleep(300);
      assert.equal(inside, false);
      assert.match(readFileSync(lock(), 'utf8'), /process 7 on seat/);
      rmSync(lock());
      assert.equal(await waiting, true);
    });

  it('is given back when the work fails', async () => {
    await assert.rejects(whileLocked(file, () => Promise.reject(new Error('no'))));
    assert.deepEqual(readdirSync(folder), []);
  });
});
