import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { quote } from '../../../src/shell/quote.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { cases } from '../../support/cases.ts';
import { skipUnless } from '../../support/needs.ts';

const anyText = fc
  .string({
    unit: fc.oneof(fc.constantFrom(...`'"\\$\`!*?~#&;|<>(){}[]\n\t -`.split('')), fc.string()),
  })
  .map((text) => text.replaceAll('\0', ''));

describe('quote', () => {
  it('stands for exactly its text, whatever that holds', function () {
    skipUnless(this, 'bash', 'dash');
    for (const shell of ['sh', 'bash', 'dash']) {
      fc.assert(
        fc.property(fc.array(anyText, { minLength: 1, maxLength: 20 }), (words) => {
          const script = words.map((word) => `printf '%s\\0' ${quote(word)}`).join('\n');
          const { stdout } = spawnSync(shell, ['-c', script], { encoding: 'buffer' });
          assert.deepEqual(stdout, Buffer.from(words.map((word) => `${word}\0`).join('')));
        }),
        { numRuns: cases(40) },
      );
    }
  });

  it('runs nothing that stands in the text', () => {
    const text = `$(echo ran) \`echo ran\` '; echo ran; '`;
    const { stdout } = spawnSync('sh', ['-c', `printf %s ${quote(text)}`], { encoding: 'utf8' });
    assert.equal(stdout, text);
  });

  it('makes a word of nothing', () => {
    assert.equal(quote(''), `''`);
  });

  it('refuses NUL, which ends a command line', () => {
    assert.throws(() => quote('a\0b'), OutriggerError);
  });
});
