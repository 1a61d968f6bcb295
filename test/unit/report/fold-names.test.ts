import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareNames, foldNames, isNextName } from '../../../src/support/text/fold-names.ts';
import { expandTogether } from '../../../src/support/values/ranges.ts';
import { cases } from '../../support/cases.ts';

/** Expands a folded list the way an inventory would. */
function unfold(text: string): readonly string[] {
  if (text === '') return [];
  return text.split(', ').flatMap((name) => {
    const expanded = expandTogether({ name }, 100_000);
    assert.ok('entries' in expanded, `not a range that an inventory knows: ${name}`);
    return expanded.entries.map((entry) => entry.name ?? '');
  });
}

const digits = fc.stringMatching(/^\d{1,4}$/);
const word = fc.stringMatching(/^[a-zA-Z._-]{1,3}$/);
const name = fc.oneof(
  fc.tuple(fc.constantFrom('c', 'node', 'n-'), digits).map((parts) => parts.join('')),
  fc.array(fc.oneof(digits, word), { minLength: 1, maxLength: 5 }).map((parts) => parts.join('')),
);

describe('folded names', () => {
  const FOLDED: readonly (readonly [names: readonly string[], folded: string])[] = [
    [[], ''],
    [['a'], 'a'],
    [['compute1', 'compute2', 'compute3', 'c9'], 'c9, compute[1-3]'],
    [['n08', 'n09', 'n10', 'n11'], 'n[08-11]'],
    [['n8', 'n9', 'n10', 'n11'], 'n[8-11]'],
    [['n98', 'n99', 'n100'], 'n[98-100]'],
    [['n098', 'n099', 'n100'], 'n[098-100]'],
    [['n01', 'n1', 'n2', 'n02'], 'n[01-02], n[1-2]'],
    [['n1', 'n2', 'n4', 'n5', 'n7'], 'n[1-2], n[4-5], n7'],
    [['a1.dc2.example.net', 'a2.dc2.example.net'], 'a[1-2].dc2.example.net'],
    [['rack1-n1', 'rack1-n2', 'rack2-n1', 'rack2-n2'], 'rack1-n[1-2], rack2-n[1-2]'],
    [['10.0.0.1', '10.0.0.2', '10.0.1.1'], '10.0.0.[1-2], 10.0.1.1'],
    [['x[1-2]', 'x1', 'x1'], 'x1, x[1-2]'],
    [['a\u001b[31m1', 'a\u001b[31m2'], 'a\\u{1b}[31m1, a\\u{1b}[31m2'],
  ];
  for (const [names, folded] of FOLDED) {
    it(`${JSON.stringify(names)} become ${folded}`, () => {
      assert.equal(foldNames(names), folded);
    });
  }

  it('keep the zeros of 480 hosts', () => {
    const names = Array.from(
      { length: 480 },
      (_, index) => `compute${String(index + 1).padStart(3, '0')}`,
    );
    assert.equal(foldNames(names), 'compute[001-480]');
  });

  it('expand to the same names again, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 60 }), (names) => {
        assert.deepEqual([...unfold(foldNames(names))].sort(), [...new Set(names)].sort());
      }),
      { numRuns: cases(500) },
    );
  });

  it('do not depend on the order of the names', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 30 }), (names) => {
        assert.equal(foldNames(names.toReversed()), foldNames(names));
      }),
    );
  });

  it('stand in an order that is total', () => {
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        assert.equal(Math.sign(compareNames(a, b)) + Math.sign(compareNames(b, a)), 0);
        assert.equal(compareNames(a, b) === 0, a === b);
        if (compareNames(a, b) < 0 && compareNames(b, c) < 0) assert.ok(compareNames(a, c) < 0);
      }),
      { numRuns: cases(500) },
    );
  });

  it('know the next name', () => {
    assert.ok(isNextName('n09', 'n10'));
    assert.ok(isNextName('n9.example', 'n10.example'));
    assert.ok(!isNextName('n1', 'n1'));
    assert.ok(!isNextName('n1', 'n3'));
    assert.ok(!isNextName('n1-1', 'n2-2'));
    assert.ok(!isNextName('n99', 'n0100'));
  });

  it('take a second for no fleet', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `rack${index % 40}-n${index}`);
    const before = process.cpuUsage();
    foldNames(names);
    assert.ok(process.cpuUsage(before).user < 1_500_000);
  });
});
