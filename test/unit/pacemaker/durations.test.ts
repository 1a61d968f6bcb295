import assert from 'node:assert/strict';
import fc from 'fast-check';
import { booleanOf, durationMs, sameDuration } from '../../../src/pacemaker/basics/durations.ts';

describe('durations', () => {
  it('reads every unit that Pacemaker reads', () => {
    const minute = [
      '60',
      '60s',
      '60 sec',
      ' 60S',
      '1m',
      '1min',
      '1 Min',
      '60000ms',
      '60000msec',
      '+60',
    ];
    for (const text of minute) assert.equal(durationMs(text), 60_000, text);
    assert.equal(durationMs('60000000us'), 60_000);
    assert.equal(durationMs('2h'), 7_200_000);
    assert.equal(durationMs('1hr'), 3_600_000);
    assert.equal(durationMs('0'), 0);
  });

  it('drops decimals, as Pacemaker does', () => {
    assert.equal(durationMs('1.9s'), 1000);
    assert.equal(durationMs('3.1.4 ms'), 3);
  });

  it('does not read what Pacemaker does not, nor ISO 8601', () => {
    for (const text of ['', 's', '-1', 'soon', '60d', 'PT1M', '.5s'])
      assert.equal(durationMs(text), undefined, text);
  });

  it('clips what is too long', () => {
    assert.equal(durationMs('9999999h'), 4_294_967_295);
  });

  it('compares by meaning, and by text where there is none', () => {
    assert.ok(sameDuration('60', '1min'));
    assert.ok(!sameDuration('60', '60ms'));
    assert.ok(sameDuration('PT1M', 'PT1M'));
    assert.ok(!sameDuration('PT1M', '60s'));
    assert.ok(!sameDuration('soon', 'later'));
  });

  it('gives the same for a number of seconds in every unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_294_967 }), (seconds) => {
        const forms = [`${seconds}`, `${seconds}s`, `${seconds * 1000}ms`, `${seconds * 1e6}us`];
        for (const form of forms) assert.equal(durationMs(form), seconds * 1000);
      }),
    );
  });
});

describe('booleans', () => {
  it('are what Pacemaker takes for one, in any case', () => {
    for (const text of ['true', 'TRUE', 'on', 'yes', 'y', '1']) assert.equal(booleanOf(text), true);
    for (const text of ['false', 'Off', 'no', 'n', '0']) assert.equal(booleanOf(text), false);
    for (const text of ['', 'maybe', '2', ' true']) assert.equal(booleanOf(text), undefined);
  });
});
