import assert from 'node:assert/strict';
import { asOneLine } from '../../../src/support/text/printable.ts';

describe('the output of a command in an error', () => {
  it('is one line, without what a terminal would obey', () => {
    assert.equal(asOneLine('  one\r\n\n\ttwo\u{1b}[31m\n'), 'one; two\\u{1b}[31m');
    assert.equal(asOneLine('\n \n'), '');
  });

  it('is cut at the limit', () => {
    assert.equal(asOneLine('abc\ndef', 5), 'abc;  [3 more characters]');
  });
});
