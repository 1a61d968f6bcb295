import assert from 'node:assert/strict';
import fc from 'fast-check';
import { errorAt, type Diagnostic } from '../../../src/support/yaml/diagnostic.ts';
import { nearest } from '../../../src/support/yaml/nearest.ts';
import {
  diagnosticsAsJson,
  renderDiagnostics,
} from '../../../src/support/yaml/render-diagnostics.ts';

const at = (line: number, column: number, more: Partial<Diagnostic> = {}): Diagnostic => ({
  ...errorAt('', 'wrong-value', 'some message'),
  file: 'a.yml',
  line,
  column,
  ...more,
});

const anyText = fc.string({ unit: 'binary', maxLength: 300 });

describe('renderDiagnostics', () => {
  it('shows the place, what was expected and what was probably meant', () => {
    const diagnostic = at(2, 3, { expected: 'a name', suggestion: 'name' });
    assert.equal(
      renderDiagnostics([diagnostic], new Map([['a.yml', 'one:\n  nmae: x\n']])),
      [
        'a.yml:2:3: error: some message [wrong-value]',
        '  2 |   nmae: x',
        '    |   ^',
        '    = expected: a name',
        '    = did you mean `name`?',
        '',
        '1 error, 0 warnings',
        '',
      ].join('\n'),
    );
  });

  it('keeps the caret under the place in a long line', () => {
    const line = `${'a'.repeat(500)}X${'b'.repeat(500)}`;
    const [, shown = '', caret = ''] = renderDiagnostics(
      [at(1, 501)],
      new Map([['a.yml', line]]),
    ).split('\n');
    assert.equal(shown[caret.indexOf('^')], 'X');
    assert.ok(shown.length < 160);
  });

  it('does not show what looks like a secret', () => {
    const rendered = renderDiagnostics(
      [at(1, 3)],
      new Map([['a.yml', '{ becomePassword: hunter2 }']]),
    );
    assert.match(rendered, /\{ becomePassword: \*{9}$/m);
  });

  it('orders by position, whatever the order it is given', () => {
    const diagnostics = [at(1, 2), at(1, 10), at(3, 1), at(3, 1, { code: 'yaml-tag' })];
    fc.assert(
      fc.property(fc.shuffledSubarray(diagnostics, { minLength: 4 }), (shuffled) => {
        assert.equal(
          renderDiagnostics(shuffled, new Map()),
          renderDiagnostics(diagnostics, new Map()),
        );
        assert.equal(diagnosticsAsJson(shuffled), diagnosticsAsJson(diagnostics));
      }),
    );
  });

  it('never lets a control character through', () => {
    fc.assert(
      fc.property(anyText, anyText, fc.nat(5), fc.nat(60), (text, message, line, column) => {
        const diagnostic = at(line + 1, column + 1, { message, expected: text, file: text });
        const texts = new Map([[text, text]]);
        for (const shown of [
          renderDiagnostics([diagnostic], texts),
          diagnosticsAsJson([diagnostic]),
        ]) {
          assert.doesNotMatch(shown.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        }
      }),
    );
  });
});

describe('diagnosticsAsJson', () => {
  it('can be read back as it was', () => {
    fc.assert(
      fc.property(anyText, (message) => {
        const diagnostic = at(1, 1, { message });
        assert.deepEqual(JSON.parse(diagnosticsAsJson([diagnostic])), {
          formatVersion: '1.0',
          valid: false,
          errorCount: 1,
          warningCount: 0,
          diagnostics: [diagnostic],
        });
      }),
    );
  });

  it('is valid with warnings alone', () => {
    const report: unknown = JSON.parse(diagnosticsAsJson([at(1, 1, { severity: 'warning' })]));
    assert.equal((report as { valid: boolean }).valid, true);
  });
});

describe('nearest', () => {
  const known = ['name', 'address', 'reconnectInterval', 'port'];
  for (const [word, meant] of [
    ['reconectInterval', 'reconnectInterval'],
    ['reconnect_interval', 'reconnectInterval'],
    ['Port', 'port'],
    ['adress', 'address'],
    ['zzz', undefined],
    ['', undefined],
    ['x'.repeat(10_000), undefined],
  ] as const) {
    it(`takes ${word.slice(0, 20) || 'nothing'} for ${meant ?? 'nothing known'}`, () => {
      assert.equal(nearest(word, known), meant);
    });
  }
});
