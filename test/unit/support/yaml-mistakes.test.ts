/** What is said of a text that is no YAML names the mistake, and where that was made; see also test/unit/inventory/invalid. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { messageOf } from '../../../src/support/errors.ts';
import { readYaml } from '../../../src/support/yaml/yaml.ts';
import { readFileSync } from 'node:fs';
import { cases } from '../../support/cases.ts';

const said = (text: string): string =>
  readYaml('f', text)
    .diagnostics.map(({ line, column, message, expected }) =>
      [`${line}:${column}`, message, ...(expected === undefined ? [] : [expected])].join(' | '),
    )
    .join('\n');

describe('a mistake in a YAML text', () => {
  for (const [what, text, expected] of [
    ['a bracket in a bracket', 'a: { b: [1, 2 }\nc: 1\n', /^1:9 \| the bracket .* \| `\]`/],
    ['a quote to the end of the file', 'a: "r1\n', /^1:4 \| the quote/],
    ['a quote in a list', "a: [x, 'y, z]\nb: 'c'\n", /^1:8 \| the quote/],
    ['a range in a list', 'a: [r[1-3], b]\n', /^1:5 \| `r\[1-3\]` is not quoted/],
    ['several ranges', 'a: { b: 10.[0-1].[1-3] }\n', /^1:9 \| `10\.\[0-1\]\.\[1-3\]` is/],
    ['a range at the beginning', 'a: [1-3].example\n', /^1:4 \| `\[1-3\]\.example` is/],
    ['a template as a whole', 'a: {{ x }}\nb: 1\n', /^1:4 \| `\{\{ x \}\}` is a template/],
    ['a template that begins a text', 'a: {{ x }}.example\n', /^1:4 .* template/],
    ['a statement of a template', 'a: {% x %}\n', /^1:4 .* template/],
    ['a no-break space behind a dash', 'a:\n  -\u00a0b: 1\n', /^2:4 .* no-break space \(U\+00A0\)/],
    ['a no-break space in braces', 'a: { b:\u00a01 }\n', /^1:8 .* no-break space/],
    ['one that indents the line above', 'a:\n\u00a0 - b: 1\n    c: 2\n', /^2:1 .* no-break/],
    ['an en dash as a mark', 'a:\n  \u2013 b: 1\n', /^2:3 .* en dash \(U\+2013\).* \| `-`$/],
    ['an em dash as a mark', 'a:\n  \u2014 b: 1\n', /^2:3 .* em dash/],
    ['typographic quotes', 'a: \u201cx\u201d\n', /^1:4 .* typographic quote .* \| `"`$/],
  ] as const) {
    it(`is named where it is: ${what}`, () => {
      assert.match(said(text), expected);
    });
  }

  it('is not put down to brackets and quotes that are no mistake', () => {
    assert.equal(
      said('a: {\n  b: 1\n  c: 2 }\n'),
      '3:4 | missed comma between flow collection entries',
    );
    const quotes = "# it's [ {\na: it's \"so\" # don't\nb: 'it''s'\nc: \"\\\"[\"\nd: r[1-3]\n";
    assert.equal(said(quotes), '');
    assert.match(said(`${quotes}\te: 1\n`), /^6:1 \| tab characters/);
    assert.match(said(`${quotes}e: [1\n`), /^6:4 \| the bracket/);
  });

  it('is no dash, blank or quote in a text for people', () => {
    for (const text of [
      'a: x \u2013 y',
      'a: 10\u00a0km',
      'a: \u201cThis\u201d is so',
      'a: "\u2013"',
    ])
      assert.equal(said(`${text}\n`), '');
  });

  it('is looked for in a time that grows with the text', () => {
    for (const piece of ['[', '{{', "'", '"', '{ ', 'r[1', '\u2013', '{{ x', '[1]'])
      assert.notEqual(said(`a: {${piece.repeat(200_000)}`), '');
  });

  it('stands inside the text, whatever that is', () => {
    const pieces = fc.constantFrom(
      ...[
        '{{ x }}',
        '[',
        ']',
        '{',
        '}',
        "'",
        '"',
        ' ',
        '\n',
        'a: ',
        '- ',
        '\u2013',
        '\u00a0',
        'r1',
        ',',
        '#',
      ],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (chosen) => {
        const text = chosen.join('');
        const lines = text.split('\n');
        for (const { line, column } of readYaml('f', text).diagnostics)
          assert.ok(column >= 1 && column <= (lines[line - 1] ?? '').length + 1);
      }),
      { numRuns: cases(1000) },
    );
  });
});

describe('a file that cannot be read', () => {
  const failure = (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (thrown) {
      return messageOf(thrown);
    }
  };

  it('is named in plain words', () => {
    assert.equal(failure('/nope'), 'no such file or directory (ENOENT)');
    assert.equal(failure('/'), 'it is a directory (EISDIR)');
    assert.equal(failure('/etc/passwd/x'), 'a part of its path is not a directory (ENOTDIR)');
    assert.equal(
      messageOf(new Error('EPERM: operation not permitted, open')),
      'operation not permitted (EPERM)',
    );
    assert.equal(
      messageOf(new Error('connect ECONNREFUSED 127.0.0.1:1')),
      'connect ECONNREFUSED 127.0.0.1:1',
    );
  });
});
