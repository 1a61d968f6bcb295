import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  runProgram,
  type ProgramEnd,
  type ProgramRun,
} from '../../../src/host/secrets/local-program.ts';
import { isEnded } from '../../support/ended-process.ts';

const LIMIT_MS = 1000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('a program that hangs', () => {
  it('is given up at the limit, whatever memory was collected meanwhile', async () => {
    const ended = runProgram({
      argv: ['/bin/sleep', '30'],
      limitMs: LIMIT_MS,
      mostBytes: 1000,
      signal: new AbortController().signal,
    });
    for (const waitMs of [100, 200]) await sleep(waitMs).then(collectGarbage);
    const end = await ended;
    assert.ok(end.kind === 'failed');
    assert.equal(end.why, 'it did not finish within 1 s');
  });
});

describe('a program that has started something which holds its output', () => {
  let folder: string;
  let pids: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-program-'));
    pids = join(folder, 'pids');
  });
  afterEach(() => {
    for (const pid of helpers()) if (!isEnded(pid)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const helpers = (): number[] => readFileSync(pids, 'utf8').trim().split('\n').map(Number);

  /** To stop them, and after how many milliseconds. */
  async function run(
    script: string,
    more: Partial<ProgramRun> = {},
  ): Promise<{ readonly end: ProgramEnd; readonly took: number }> {
    const begin = Date.now();
    const end = await runProgram({
      argv: ['/bin/sh', '-c', `sleep 30 & echo $! >${pids}; ${script}`],
      limitMs: LIMIT_MS,
      mostBytes: 1000,
      signal: new AbortController().signal,
      ...more,
    });
    return { end, took: Date.now() - begin };
  }

  for (const isApart of [true, false]) {
    const how = isApart ? 'in a session of its own' : 'in ours';
    it(`is given up at the limit also when it has ended (${how})`, async () => {
      const { end, took } = await run('echo printed; exit 0', { isApart });
      assert.ok(end.kind === 'failed');
      assert.match(end.why, /^it did not finish within 1 s \(it has ended, /);
      assert.ok(took < 10_000, String(took));
    });

    it(`is given up at once when it prints too much (${how})`, async () => {
      const { end, took } = await run('exec yes', { isApart, limitMs: 20_000 });
      assert.ok(end.kind === 'failed');
      assert.equal(end.why, 'its output is too long');
      assert.ok(took < 10_000, String(took));
    });

    it(`ends with an interrupt (${how})`, async () => {
      const { end, took } = await run('exit 0', {
        isApart,
        limitMs: 20_000,
        signal: AbortSignal.timeout(500),
      });
      assert.equal(end.kind, 'interrupted');
      assert.ok(took < 10_000, String(took));
    });
  }

  for (const isApart of [true, false]) {
    const how = isApart ? 'in a session of its own' : 'in ours';
    it(`takes that with it (${how})`, async () => {
      await run('exit 0', { isApart });
      assert.deepEqual(helpers().map(isEnded), [true]);
    });

    it(`takes with it what has left its session, and what hears no SIGTERM (${how})`, async () => {
      const script = `setsid sh -c 'trap "" TERM; echo $$ >>${pids}; sleep 30; sleep 30' & wait`;
      const { end } = await run(script, { isApart });
      assert.ok(end.kind === 'failed');
      assert.equal(end.why, 'it did not finish within 1 s');
      assert.deepEqual(helpers().map(isEnded), [true, true]);
    });

    it(`lets it put things in order first (${how})`, async () => {
      const tidied = join(folder, 'tidied');
      const script = `trap 'echo yes >${tidied}; exit 1' TERM; sleep 30 & wait`;
      await run(script, { isApart });
      assert.equal(readFileSync(tidied, 'utf8'), 'yes\n');
    });
  }

  it('leaves what a program that ended well has started for later', async () => {
    const end = await runProgram({
      argv: ['/bin/sh', '-c', `sleep 30 >/dev/null 2>&1 & echo $! >${pids}; echo printed`],
      limitMs: 20_000,
      mostBytes: 1000,
      signal: new AbortController().signal,
    });
    assert.equal(end.kind, 'printed');
    assert.deepEqual(helpers().map(isEnded), [false]);
  });
});
