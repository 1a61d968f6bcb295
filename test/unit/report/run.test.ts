import assert from 'node:assert/strict';
import fc from 'fast-check';
import { eventAsJson, summaryAsJson, versionAsJson } from '../../../src/report/run/run-json.ts';
import { durationText, eventLine, renderRun } from '../../../src/report/run/run-text.ts';
import type { Change } from '../../../src/model/plan.ts';
import { Secret } from '../../../src/support/secret.ts';
import { assertGolden } from './golden.ts';
import { everyEvent, failedRun, interruptedRun, verdict } from './runs.ts';

const parse = (line: string): unknown => JSON.parse(line);
const evil = fc.string({
  unit: fc.constantFrom('a', ' ', '\u001b', '\u202e', '\n', '\r', '\u009b'),
});

describe('the events of a run', () => {
  it('become plain lines', () => {
    assertGolden('events.txt', `${everyEvent.map(eventLine).join('\n')}\n`);
  });

  it('become JSON lines between a version and a summary', () => {
    const lines = [
      versionAsJson('0.1.0'),
      ...everyEvent.map((event) => eventAsJson(event, '2025-01-01T00:00:00.000Z')),
      summaryAsJson(failedRun, '2025-01-01T00:00:01.000Z'),
    ];
    for (const line of lines) {
      assert.match(line, /^[^\n]+\n$/);
      parse(line);
    }
    assertGolden('events.jsonl.txt', lines.join(''));
  });

  it('never tell a secret that strays into one', () => {
    const stray = {
      ...verdict('h1', 'package', { kind: 'changed' }),
      key: new Secret(Buffer.from('hunter2')),
    };
    assert.match(eventAsJson(stray, ''), /"key":"«secret»"/);
    assert.doesNotMatch(eventAsJson(stray, '') + eventLine(stray), /hunter2/);
  });

  it('never take more than one line, whatever a host says', () => {
    fc.assert(
      fc.property(evil, evil, (host, because) => {
        const event = verdict(host, 'package', { kind: 'failed', because, hint: because });
        assert.doesNotMatch(eventLine(event), /\p{C}/u);
        assert.doesNotMatch(eventAsJson(event, '').slice(0, -1), /\p{C}|\\u00/u);
        const run = {
          result: { failed: new Map([[host, because]]), wasInterrupted: true },
          events: [event],
          seconds: 1,
        };
        assert.doesNotMatch(renderRun(run), /[^\P{C}\n]/u);
        assert.doesNotMatch(summaryAsJson(run, '').slice(0, -1), /\p{C}/u);
      }),
    );
  });
});

describe('the closing report of a run', () => {
  it('groups failures by their cause', () => {
    assertGolden('failed-run.txt', renderRun(failedRun));
  });

  it('says what an interrupt left half-done', () => {
    assertGolden('interrupted-run.txt', renderRun(interruptedRun));
  });

  it('is one line when all went well', () => {
    const events = [verdict('h1', 'package', { kind: 'changed' })];
    const run = {
      result: { failed: new Map<string, string>(), wasInterrupted: false },
      events,
      seconds: 3,
    };
    assert.equal(renderRun(run), 'Done: 1 change on 1 host. Took 3 s.\n');
  });

  it('says so when an interrupt left nothing half-done', () => {
    const run = {
      result: { failed: new Map<string, string>(), wasInterrupted: true },
      events: [],
      seconds: 0,
    };
    assert.match(
      renderRun(run),
      /nothing: all started steps were completed\n\nInterrupted: 0 changes/,
    );
  });

  it('says what stopped it, and is not called done', () => {
    const run = {
      result: { failed: new Map<string, string>(), wasInterrupted: false },
      events: [verdict('h1', 'package', { kind: 'changed' })],
      seconds: 3,
      stopped: '"Connect" was not started: no quorum',
    };
    assert.equal(
      renderRun(run),
      'Stopped\n  "Connect" was not started: no quorum\n\nFailed: 1 change on 1 host. Took 3 s.\n',
    );
    assert.equal((JSON.parse(summaryAsJson(run, '')) as { stopped?: string }).stopped, run.stopped);
  });

  it('calls a node connected but not released only where its connection was tried', () => {
    const said = (item: 'connection-resource' | 'guest-node', change: Partial<Change>): string => {
      const reported: Change = {
        host: 'h1',
        item,
        action: 'update',
        attributes: [],
        restart: 'none',
        isConsequence: false,
      };
      const changes = [{ ...reported, ...change }];
      return renderRun({
        result: { failed: new Map<string, string>(), wasInterrupted: false },
        events: [verdict('h1', item, { kind: 'changed' })],
        seconds: 1,
        stopped: 'the lock is lost',
        plan: { plays: [{ name: 'Connect', changes }] },
      });
    };
    const again = { attributes: [{ name: 'start', before: 'failed', after: 'tried again' }] };
    const option = { attributes: [{ name: 'reconnect_interval', before: '60s', after: '30s' }] };
    const waits = /h1: connected, but still in standby and with a join guard/;
    assert.match(said('connection-resource', { action: 'create' }), waits);
    assert.match(said('connection-resource', again), waits);
    assert.match(said('guest-node', { action: 'create' }), waits);
    assert.doesNotMatch(said('connection-resource', option), /Half-done/);
    assert.doesNotMatch(said('connection-resource', { action: 'remove' }), /Half-done/);
  });

  it('does not depend on the order in which hosts told', () => {
    const reversed = { ...failedRun, events: failedRun.events.toReversed() };
    assert.equal(renderRun(reversed), renderRun(failedRun));
  });

  it('tells durations in words', () => {
    assert.deepEqual([0, 59.4, 59.6, 185].map(durationText), [
      '0 s',
      '59 s',
      '1 min 0 s',
      '3 min 5 s',
    ]);
  });
});
