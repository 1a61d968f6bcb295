import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { compiled } from '../../support/compiled.ts';

/** Sends these to a process whose event loop does not turn any more; how it ended. */
async function endedBy(...signals: NodeJS.Signals[]): Promise<unknown[]> {
  const child = spawn(process.execPath, [compiled('test/support/busy-process.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const ended = once(child, 'exit');
  for (const signal of signals) {
    child.kill(signal);
    // The kernel keeps one signal of a kind at a time.
    await sleep(100);
  }
  return ended;
}

describe('a process in the middle of a long computation', function () {
  this.timeout(15_000);

  for (const signals of [
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGTERM'],
  ] as const) {
    it(`is ended by ${signals.join(' and ')}`, async () => {
      assert.deepEqual(await endedBy(...signals), [null, 'SIGINT']);
    });
  }

  it('is not ended by one of them, nor by a lost terminal however often', async () => {
    const ended = await endedBy('SIGHUP', 'SIGHUP', 'SIGINT', 'SIGHUP', 'SIGKILL');
    assert.deepEqual(ended, [null, 'SIGKILL']);
  });
});
