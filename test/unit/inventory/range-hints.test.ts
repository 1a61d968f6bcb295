import assert from 'node:assert/strict';
import { expandTogether } from '../../../src/support/values/ranges.ts';

describe('a range that is written as elsewhere', () => {
  for (const [text, meant] of [
    ['r[01:40]', '[01-40]'],
    ['r[1..40]', '[1-40]'],
    ['r[1–4]', '[1-4]'],
    ['r[1—4]', '[1-4]'],
    ['r[ 1 - 4 ]', '[1-4]'],
  ] as const) {
    it(`${text}: did you mean ${meant}?`, () => {
      const expanded = expandTogether({ name: text }, 100);
      assert.ok('fault' in expanded);
      assert.ok(expanded.fault.message.endsWith(`did you mean \`${meant}\`?`));
    });
  }

  for (const text of ['r[4:1]', 'r[a-b]', 'r[01:4]', 'r[]', 'r[1,2]']) {
    it(`${text}: no guess`, () => {
      const expanded = expandTogether({ name: text }, 100);
      assert.ok('fault' in expanded);
      assert.match(expanded.fault.message, /a range looks like/);
    });
  }
});
