import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProgress } from '../../../src/cli/progress/progress.ts';
import type { RunEvent } from '../../../src/model/run-event.ts';

const PLAYS = ['Prepare the hosts', 'Connect', 'Verify'];
const ITEMS = ['package', 'authkey', 'environment', 'firewall-port', 'service'] as const;

/** A stream that looks like a terminal and keeps what is written to it. */
function fakeTerminal(
  columns = 120,
  rows = 40,
): { stream: PassThrough & { columns: number; rows: number }; text: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns, rows });
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { stream, text: () => text };
}

/** The pictures that were drawn one over the other, as lines. */
const framesOf = (text: string): readonly (readonly string[])[] =>
  text
    .split(/(?:\p{Cc}\[\d+A)?\r\p{Cc}\[J/u)
    .slice(1)
    .map((frame) => frame.split('\n').slice(0, -1));

const begin = (play: string, hosts: readonly string[], batch = ''): RunEvent => ({
  type: 'play-started',
  play,
  hosts,
  batch,
});

const step = (host: string, item: (typeof ITEMS)[number], failed = false): readonly RunEvent[] => [
  { type: 'action', play: 'Prepare the hosts', host, item, action: item },
  {
    type: 'verdict',
    play: 'Prepare the hosts',
    host,
    item,
    verdict: failed ? { kind: 'failed', because: 'no space left' } : { kind: 'changed' },
  },
];

const fleet = Array.from({ length: 500 }, (_, index) => `compute${index + 1}`);

describe('progress on a terminal', () => {
  it('shows 500 hosts in a fixed number of lines and little time', async () => {
    const { stream, text } = fakeTerminal();
    const before = process.cpuUsage();
    const progress = await startProgress({ plays: PLAYS, stream, isTerminal: true });
    progress.gather(0, 500);
    await sleep(120);
    progress.gather(500, 500);
    progress.event(begin('Prepare the hosts', fleet));
    for (const [index, host] of fleet.entries()) {
      for (const item of ITEMS)
        for (const event of step(host, item, index < 3)) progress.event(event);
      if (index % 50 === 0) await sleep(30);
    }
    await sleep(120);
    await progress.stop();
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 2_000_000, `${user + system} µs`);
    const frames = framesOf(text()).slice(1);
    assert.ok(frames.length >= 4 && frames.length <= 30, String(frames.length));
    assert.deepEqual([...new Set(frames.slice(0, -1).map((frame) => frame.length))], [7]);
    assert.ok(frames.at(-2)?.includes('failed: compute[1-3]'));
    assert.deepEqual(frames.at(-1)?.slice(1), [
      `${frames.at(-1)?.[1]?.[0] ?? ''} Prepare the hosts  500/500, 3 failed`,
      '- Connect',
      '- Verify',
    ]);
  });

  it('follows plays that take turns batch by batch', async () => {
    const { stream, text } = fakeTerminal();
    const progress = await startProgress({ plays: PLAYS, stream, isTerminal: true });
    for (const batch of ['1 of 2', '2 of 2']) {
      for (const play of PLAYS)
        progress.event(begin(play, batch === '1 of 2' ? ['r1'] : ['r2', 'r3'], batch));
    }
    await progress.stop();
    assert.match(framesOf(text()).at(-1)?.[2] ?? '', /^[✔√] Verify {2}0\/3$/u);
  });

  it('keeps to the width and the height of the terminal', async () => {
    const { stream, text } = fakeTerminal(20, 4);
    const progress = await startProgress({ plays: PLAYS, stream, isTerminal: true });
    progress.event(begin('Prepare the hosts', ['\u001b[31mr1']));
    await sleep(120);
    await progress.stop();
    for (const frame of framesOf(text())) {
      assert.ok(frame.length <= 3);
      for (const line of frame) assert.ok(Array.from(line).length < 20, line);
    }
  });

  it('takes a terminal that does not tell its size for one of 80 columns', async () => {
    const { stream, text } = fakeTerminal(0, 0);
    const progress = await startProgress({ plays: [], stream, isTerminal: true });
    progress.gather(1, 2);
    await progress.stop();
    assert.deepEqual(framesOf(text()).at(-1), ['- reading the state of 2 hosts  1/2']);
  });

  it('registers no signal listener and ignores what comes after the stop', async () => {
    const { stream, text } = fakeTerminal();
    const before = process.listenerCount('SIGINT');
    const progress = await startProgress({ plays: PLAYS, stream, isTerminal: true });
    assert.equal(process.listenerCount('SIGINT'), before);
    await progress.stop();
    const shown = text();
    progress.event(begin('Connect', ['r1']));
    progress.gather(1, 2);
    await sleep(150);
    assert.equal(text(), shown);
  });
});

describe('hosts that give no answer', () => {
  it('are told from the first moment on, and are no success', async () => {
    const { stream, text } = fakeTerminal();
    const progress = await startProgress({ plays: [], stream, isTerminal: true });
    progress.gather(0, 42, 0);
    await sleep(150);
    assert.match(framesOf(text()).at(-1)?.[0] ?? '', /reading the state of 42 hosts {2}0\/42$/);
    progress.gather(40, 42, 2);
    await sleep(150);
    assert.match(framesOf(text()).at(-1)?.[0] ?? '', / 38\/42, 2 unreachable$/);
    progress.gather(42, 42, 42);
    await progress.stop();
    assert.match(
      framesOf(text()).at(-1)?.[0] ?? '',
      /^[✖×✗x] reading the state of 42 hosts {2}0\/42, 42 unreachable$/u,
    );
  });

  it('are told in a log as well', async () => {
    const { stream, text } = fakeTerminal();
    const progress = await startProgress({ plays: [], stream, isTerminal: false });
    for (const done of [0, 1, 2]) progress.gather(done, 2, done);
    await progress.stop();
    assert.equal(text(), 'reading the state of 2 hosts\n0 of 2 hosts read, 2 unreachable\n');
  });
});

describe('progress without a terminal', () => {
  it('is a line for each play and each failure, without a byte that moves', async () => {
    const { stream, text } = fakeTerminal();
    const progress = await startProgress({ plays: PLAYS, stream, isTerminal: false });
    progress.gather(0, 2);
    progress.gather(2, 2);
    progress.event(begin('Prepare the hosts', ['r1', 'r2']));
    for (const event of [...step('r1', 'package'), ...step('r2', 'package', true)])
      progress.event(event);
    await progress.stop();
    progress.event(begin('Connect', ['r1']));
    assert.equal(
      text(),
      [
        'reading the state of 2 hosts',
        '[Prepare the hosts] 2 hosts: r[1-2]',
        '[Prepare the hosts] r2 package: failed: no space left',
        '',
      ].join('\n'),
    );
  });

  it('tells waits that may take long', async () => {
    const { stream, text } = fakeTerminal();
    const progress = await startProgress({ plays: PLAYS, stream, isTerminal: false });
    for (const limitSeconds of [30, 150])
      progress.event({
        type: 'waiting',
        play: 'Verify',
        message: `waiting for r1 to come online, up to ${limitSeconds} s without progress`,
        limitSeconds,
      });
    await progress.stop();
    assert.equal(text(), '[Verify] waiting for r1 to come online, up to 150 s without progress\n');
  });
});
