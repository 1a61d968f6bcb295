import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expandTogether } from '../../../src/support/values/ranges.ts';

const expand = (text: string, limit = 10_000): (string | undefined)[] => {
  const expanded = expandTogether({ text }, limit);
  assert.ok('entries' in expanded, text);
  return expanded.entries.map((entry) => entry.text);
};

const plainText = fc.stringMatching(/^[a-z.-]{0,8}$/);
const range = fc.record({
  first: fc.integer({ min: 0, max: 9_000 }),
  more: fc.integer({ min: 0, max: 500 }),
});

describe('expandTogether', () => {
  it('gives back a text without ranges as it is', () => {
    fc.assert(
      fc.property(plainText, (text) => {
        assert.deepEqual(expand(text), [text]);
      }),
    );
  });

  it('counts from the first to the last number', () => {
    fc.assert(
      fc.property(plainText, range, plainText, (before, { first, more }, after) => {
        const expanded = expand(`${before}[${first}-${first + more}]${after}`);
        assert.equal(expanded.length, more + 1);
        assert.equal(expanded[0], `${before}${first}${after}`);
        assert.equal(expanded.at(-1), `${before}${first + more}${after}`);
        assert.equal(new Set(expanded).size, expanded.length);
      }),
    );
  });

  it('keeps the number of digits where zeros are written', () => {
    fc.assert(
      fc.property(range, ({ first, more }) => {
        const digits = (number: number) => String(number).padStart(6, '0');
        const expanded = expand(`[${digits(first)}-${digits(first + more)}]`);
        assert.ok(expanded.every((text) => text?.length === 6));
        assert.deepEqual(
          expanded.map(Number),
          expanded.map((_, index) => first + index),
        );
      }),
    );
  });

  it('never makes more entries than it may, and never throws', () => {
    const field = fc.stringMatching(/^[a-c0-9[\]-]{0,12}$/);
    fc.assert(
      fc.property(field, field, fc.nat(50), (name, address, limit) => {
        const expanded = expandTogether({ name, address }, limit);
        if ('fault' in expanded) assert.ok(expanded.fault.message.length > 0);
        else assert.ok(expanded.entries.length <= limit || limit === 0);
      }),
    );
  });
});
