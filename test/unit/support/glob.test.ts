import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fitsGlob } from '../../../src/support/text/glob.ts';
import { cases } from '../../support/cases.ts';

/** The same by a regular expression, for short patterns. */
const expected = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(text);

describe('a glob', () => {
  it('fits what the regular expression would', () => {
    const short = (letters: string[]) =>
      fc.array(fc.constantFrom(...letters), { maxLength: 6 }).map((all) => all.join(''));
    fc.assert(
      fc.property(short(['a', 'b', '*', '?']), short(['a', 'b']), (pattern, text) => {
        assert.equal(fitsGlob(pattern, text), expected(pattern, text), `${pattern} ${text}`);
      }),
      { numRuns: cases(2000) },
    );
  });

  it('takes everything but its two signs as it is', () => {
    for (const text of ['a.b', '[a]', '(', '\\', '^$', '{1}', '+'])
      assert.deepEqual([fitsGlob(text, text), fitsGlob(text, 'axb')], [true, false]);
  });
});
