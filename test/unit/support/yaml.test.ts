import assert from 'node:assert/strict';
import fc from 'fast-check';
import { childPointer } from '../../../src/support/yaml/json-pointer.ts';
import { readYaml } from '../../../src/support/yaml/yaml.ts';
import { cases } from '../../support/cases.ts';

const text = `# a comment
plain: one
"quoted": 'two'
flow: { a/b: [1, "x"], c~d: &anchor y }
list:
  -
  - - deep
  - key:
alias: *anchor
block: |-
  text
`;

function pointersOf(value: unknown, pointer = ''): string[] {
  if (typeof value !== 'object' || value === null) return [pointer];
  const children = Object.entries(value).flatMap(([key, child]) =>
    pointersOf(child, childPointer(pointer, key)),
  );
  return [pointer, ...children];
}

describe('readYaml', () => {
  const { document, diagnostics } = readYaml('a.yml', text);

  it('gives the value', () => {
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(document?.value, {
      plain: 'one',
      quoted: 'two',
      flow: { 'a/b': [1, 'x'], 'c~d': 'y' },
      list: [null, ['deep'], { key: null }],
      alias: 'y',
      block: 'text',
    });
  });

  for (const [pointer, at, line, column] of [
    ['', 'value', 2, 1],
    ['/plain', 'key', 2, 1],
    ['/plain', 'value', 2, 8],
    ['/quoted', 'key', 3, 1],
    ['/quoted', 'value', 3, 11],
    ['/flow/a~1b/1', 'value', 4, 18],
    ['/flow/c~0d', 'key', 4, 24],
    ['/flow/c~0d', 'value', 4, 37],
    ['/list/1/0', 'value', 7, 7],
    ['/list/2/key', 'value', 8, 5],
    ['/alias', 'value', 9, 8],
    ['/block', 'value', 10, 1],
    ['/plain/not/there', 'key', 2, 8],
    ['/nowhere', 'value', 2, 1],
  ] as const) {
    it(`knows where the ${at} of ${pointer || 'the whole'} stands`, () => {
      assert.deepEqual(document?.positionOf(pointer, at), { line, column });
    });
  }

  it('gives plain scalars back as they are written', () => {
    assert.equal(document?.writtenAt('/plain'), 'one');
    assert.equal(document.writtenAt('/quoted'), undefined);
    assert.equal(document.writtenAt('/flow'), undefined);
  });

  it('refuses a file that is too large', () => {
    const { diagnostics: found } = readYaml('a.yml', `a: ${'x'.repeat(9 * 1024 * 1024)}`);
    assert.deepEqual(
      found.map(({ code }) => code),
      ['too-large'],
    );
  });

  it('finds every pointer inside the text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const source = JSON.stringify(value, undefined, 1);
        const { document: read } = readYaml('a.yml', source);
        const lines = source.split('\n');
        for (const pointer of read === undefined ? [] : pointersOf(read.value)) {
          const { line, column } = read?.positionOf(pointer) ?? { line: 0, column: 0 };
          assert.ok(line >= 1 && line <= lines.length, pointer);
          assert.ok(column >= 1 && column <= (lines[line - 1] ?? '').length + 1, pointer);
        }
      }),
    );
  });

  for (const [written, meant] of [
    ['0o17', '15'],
    ['007', '7'],
    ['1.0', '1'],
    ['~', 'null'],
    ['True', 'true'],
    ['-.inf', '-Infinity'],
  ]) {
    it(`refuses the key ${written}, which would be ${meant}`, () => {
      const { diagnostics: found } = readYaml('a.yml', `groups: { ${written}: x }`);
      assert.deepEqual(
        found.map(({ code, column, message }) => [code, column, message.includes(`\`${meant}\``)]),
        [['ambiguous-key', 11, true]],
      );
      assert.deepEqual(readYaml('a.yml', `'${written}': x`).diagnostics, []);
    });
  }

  it('takes keys that are read as they are written', () => {
    for (const key of ['true', 'null', '7', 'r1', '1.5', 'no', '1e', '-', '8E332'])
      assert.deepEqual(
        readYaml('a.yml', `{ "x": 1, ${key === '-' ? '"-"' : key}: x }`).diagnostics,
        [],
      );
  });

  it('tells what is wrong with any text instead of throwing, at a place inside it', () => {
    const yamlish = fc.stringMatching(/^[a-c:\- \n\t[\]{}&*!|>'"#,?%@0~\\]{0,40}$/);
    fc.assert(
      fc.property(fc.oneof(yamlish, fc.string({ unit: 'binary' })), (source) => {
        const { document: read, diagnostics: found } = readYaml('a.yml', source);
        assert.equal(read === undefined, found.length > 0);
        const lines = source.split(/\r\n|\n|\r/);
        for (const { line, column } of found) {
          assert.ok(line >= 1 && line <= lines.length);
          assert.ok(column >= 1 && column <= (lines[line - 1] ?? '').length + 1);
        }
      }),
      { numRuns: cases(1000) },
    );
  });
});
