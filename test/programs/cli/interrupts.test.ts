import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Interrupts, writerTo } from '../../../src/cli/process/interrupts.ts';
import { changesThings } from '../../../src/cli/arguments/changes-things.ts';
import { compiled } from '../../support/compiled.ts';
import { needs } from '../../support/needs.ts';

const MAIN = 'src/cli/main.ts';
const EPIPE = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });

function interrupts(isChanging: boolean) {
  const left: string[] = [];
  const reported: string[] = [];
  const made = new Interrupts({
    isChanging,
    report: (text) => reported.push(text.trim()),
    leave: (how) => left.push(how),
  });
  return { made, left, reported };
}

describe('an interrupt', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`by ${signal} is gentle once and at once the second time`, () => {
      const { made, left } = interrupts(true);
      made.onSignal(signal);
      assert.deepEqual([made.signal.aborted, left], [true, []]);
      made.onSignal(signal);
      assert.deepEqual(left, ['interrupted']);
    });
  }

  it('by a closed terminal is always gentle, however often it is told', () => {
    const { made, left } = interrupts(true);
    made.onSignal('SIGHUP');
    made.onSignal('SIGHUP');
    made.onLostStream('stdout', EPIPE);
    made.onLostStream('stderr', EPIPE);
    made.onSignal('SIGTERM');
    assert.deepEqual([made.signal.aborted, left], [true, []]);
    made.onSignal('SIGTERM');
    assert.deepEqual(left, ['interrupted']);
  });
});

describe('a reader that goes away', () => {
  before(needs('bash'));
  it('interrupts a command that changes things', () => {
    for (const which of ['stdout', 'stderr'] as const) {
      const { made, left } = interrupts(true);
      made.onLostStream(which, EPIPE);
      assert.deepEqual([made.signal.aborted, left], [true, []]);
    }
  });

  it('ends a command that only reads, unless it is stderr that is lost', () => {
    const { made, left } = interrupts(false);
    made.onLostStream('stderr', EPIPE);
    assert.deepEqual([made.signal.aborted, left], [false, []]);
    made.onLostStream('stdout', EPIPE);
    made.onLostStream('stdout', new Error('EIO'));
    assert.deepEqual(left, ['quietly', 'failed']);
  });

  it('is told once and written to no more', async () => {
    const written: string[] = [];
    const lost: string[] = [];
    const stream = new Writable({
      autoDestroy: false,
      write: (chunk: Buffer, _encoding, done) => {
        written.push(chunk.toString());
        done(EPIPE);
      },
    });
    const write = writerTo(stream, ({ code }) => lost.push(code ?? ''));
    write('a');
    await new Promise(setImmediate);
    write('b');
    stream.emit('error', EPIPE);
    assert.deepEqual([written, lost], [['a'], ['EPIPE']]);
  });

  it('is known by the command', () => {
    assert.ok(changesThings(['apply', '--yes']));
    assert.ok(changesThings(['trust', '-i', 'x']));
    for (const command of ['plan', 'status', 'validate', 'schema']) {
      assert.ok(!changesThings([command, '-i', 'apply']));
    }
    assert.ok(!changesThings(['--version']));
  });

  for (const command of ['schema inventory', 'validate -i inventories/example.yml']) {
    it(`ends \`${command}\` quietly`, async () => {
      // Waits until `true` is gone, so that nobody reads.
      const line = `{ sleep 0.2; node ${compiled(MAIN)} ${command}; echo "code $?" >&2; } | true`;
      const { stderr } = await bash(line);
      assert.equal(stderr, 'code 0\n');
    });
  }

  it('leaves a reader that stays its text', async () => {
    const inventory =
      '{ apiVersion: outrigger/v1, cluster: { name: a }, clusterNodes: [{ name: c1, address: c1 }] }';
    const line = `echo '${inventory}' | node ${compiled(MAIN)} validate -i /dev/stdin | cat`;
    assert.equal(
      (await bash(line)).stdout,
      '/dev/stdin is valid: 1 cluster node, 0 remote nodes.\n',
    );
  });
});

function bash(line: string): Promise<{ stdout: string; stderr: string }> {
  const child = spawn('bash', ['-c', line], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => {
    child.on('close', () => {
      resolve({ stdout, stderr });
    });
  });
}
