import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiled } from '../../support/compiled.ts';

/** More than a pipe holds: once it is all written, there is a reader, who waits for the rest. */
const WRITE_MUCH =
  'i=0; while [ $i -lt 30000 ]; do echo "# comment"; i=$((i+1)); done; echo all >&2';

/** How one signal ends a command whose thread is kept busy, here by a file that has no end. */
async function endedBy(signal: NodeJS.Signals, ...args: string[]): Promise<unknown[]> {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-signal-'));
  const endless = join(folder, 'endless');
  execFileSync('mkfifo', [endless]);
  const pipe = openSync(endless, 'r+');
  const child = spawn(process.execPath, [compiled('src/cli/main.ts'), ...args], {
    stdio: [pipe, 'ignore', 'inherit'],
  });
  const writer = spawn('sh', ['-c', `exec >${endless}; ${WRITE_MUCH}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    const ended: Promise<unknown[]> = once(child, 'exit');
    await Promise.race([once(writer.stderr, 'data'), ended]);
    child.kill(signal);
    return await ended;
  } finally {
    for (const left of [child, writer]) left.kill('SIGKILL');
    closeSync(pipe);
    rmSync(folder, { recursive: true });
  }
}

describe('a command that has connected to nothing yet', function () {
  this.timeout(30_000);

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`is ended by the first ${signal}, whatever keeps it busy`, async () => {
      assert.deepEqual(await endedBy(signal, 'validate', '-i', '/dev/stdin'), [null, signal]);
    });
  }

  it('also where it is one that changes something', async () => {
    assert.deepEqual(await endedBy('SIGINT', 'apply', '-i', '/dev/stdin'), [null, 'SIGINT']);
  });
});
