import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { lockWaitFromNow, outlastLock } from '../../src/cli/sessions/lock-wait.ts';
import type { Terminal } from '../../src/cli/process/terminal.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { holdLock } from '../support/fake-lock.ts';

const LOCKED = new OutriggerError('LOCKED', 'locked by \u001b[1meve');

describe('a command that was refused because of a lock', () => {
  function terminalOf(signal: AbortSignal = new AbortController().signal) {
    const stream = Object.assign(new PassThrough(), {
      isTTY: false,
    }) as unknown as NodeJS.WriteStream;
    const said: string[] = [];
    const terminal: Terminal = {
      out: () => undefined,
      outStream: stream,
      errStream: stream,
      inIsTerminal: false,
      env: {},
      signal,
      err: (text) => said.push(text),
    };
    return { terminal, said };
  }

  it('begins anew once the lock is given back, and says for how long it waits', async () => {
    const lab = new FakeLab([]);
    await holdLock(lab);
    lab.releaseLock();
    const { terminal, said } = terminalOf();
    await outlastLock(LOCKED, lab.host('c1'), lockWaitFromNow(20), terminal);
    assert.deepEqual(said, ['locked by \\u{1b}[1meve: waiting up to 0.02 s\n']);
  });

  it('fails as it has when the other run outlasts the time, or none was given', async () => {
    const lab = new FakeLab([]);
    await holdLock(lab);
    for (const [limitMs, lines] of [
      [20, 1],
      [0, 0],
      [undefined, 0],
    ] as const) {
      const { terminal, said } = terminalOf();
      const wait = lockWaitFromNow(limitMs);
      await assert.rejects(outlastLock(LOCKED, lab.host('c1'), wait, terminal), LOCKED);
      assert.equal(said.length, lines);
    }
  });

  it('is left by an interrupt, and waits for nothing else', async () => {
    const lab = new FakeLab([]);
    const wait = lockWaitFromNow(60_000);
    const { terminal } = terminalOf(AbortSignal.abort());
    await assert.rejects(outlastLock(LOCKED, lab.host('c1'), wait, terminal), {
      code: 'INTERRUPTED',
    });
    const other = new OutriggerError('REFUSED', 'no');
    const { terminal: quiet, said } = terminalOf();
    await assert.rejects(outlastLock(other, lab.host('c1'), wait, quiet), other);
    assert.deepEqual(said, []);
  });
});
