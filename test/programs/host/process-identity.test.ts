import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { isGone, processIdentity } from '../../../src/host/files/process-identity.ts';
import { endedProcess } from '../../support/ended-process.ts';
import { needs } from '../../support/needs.ts';

const commandOf = (pid: number | undefined): string =>
  readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trim();

describe('the identity of a process', function () {
  let own: string[] = [];

  before(needs('/proc'));
  before(() => {
    const identity = processIdentity();
    if (identity === undefined) return;
    own = identity.split(' ');
  });

  const changed = (index: number, value: string): string =>
    own.map((word, at) => (at === index ? value : word)).join(' ');

  it('is gone when the process has ended, and not before', async () => {
    assert.equal(isGone(own.join(' ')), false);
    assert.equal(isGone(await endedProcess()), true);
  });

  it('is gone when another process has its number by now', () => {
    assert.equal(isGone(changed(5, '1')), true);
  });

  it('is gone while nobody has asked a dead process how it ended', async () => {
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60']);
    try {
      const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(chunk.toString());
      const identity = processIdentity(pid) ?? '';
      assert.equal(isGone(identity), false);
      // As long as the parent is a shell it may ask.
      while (commandOf(parent.pid) !== 'sleep') await sleep(10);
      process.kill(pid, 'SIGKILL');
      while (!isGone(identity)) await sleep(10);
      process.kill(pid, 0); // a zombie still counts for the kernel
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('of another boot, machine or namespace tells nothing, though no such process is here', async () => {
    const gone = (await endedProcess()).split(' ');
    for (const [index, other] of [
      '00000000-0000-4000-8000-000000000000',
      'elsewhere',
      'pid:[4026532999]',
      'time:[4026532999]',
    ].entries()) {
      const identity = gone.map((word, at) => (at === index ? other : word)).join(' ');
      assert.equal(isGone(identity), false, identity);
    }
  });

  it('that is none is never gone', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        assert.equal(isGone(text), false);
        assert.equal(isGone(changed(4, `-${text}`)), false);
      }),
    );
    assert.equal(isGone(''), false);
    assert.equal(isGone(changed(4, '0')), false);
  });
});
