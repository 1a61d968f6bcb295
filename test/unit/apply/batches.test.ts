import assert from 'node:assert/strict';
import fc from 'fast-check';
import { batchesOf, groupPlays, hostsIn } from '../../../src/apply/plays/batches.ts';
import type { BatchSize, Play } from '../../../src/playbook/playbook.ts';

const share = fc.integer({ min: 1, max: 100 }).map((percent): BatchSize => `${percent}%`);

const size: fc.Arbitrary<BatchSize> = fc.oneof(fc.integer({ min: 1, max: 50 }), share);

const names = fc.uniqueArray(fc.string(), { maxLength: 60 });

describe('batches', () => {
  it('hold every name once, in order, and none is empty', () => {
    fc.assert(
      fc.property(names, fc.array(size, { maxLength: 4 }), (all, sizes) => {
        const batches = batchesOf(all, sizes);
        assert.deepEqual(batches.flat(), all);
        assert.ok(batches.every((batch) => batch.length > 0));
      }),
    );
  });

  it('are never larger than their size, of which the last is repeated', () => {
    fc.assert(
      fc.property(names, fc.array(size, { minLength: 1, maxLength: 4 }), (all, sizes) => {
        for (const [index, batch] of batchesOf(all, sizes).entries()) {
          const desired = sizes[index] ?? sizes.at(-1) ?? 1;
          assert.ok(batch.length <= hostsIn(desired, all.length));
        }
      }),
    );
  });

  it('are cut as a canary, a tenth and the rest', () => {
    const all = Array.from({ length: 25 }, (_, index) => `r${index}`);
    assert.deepEqual(
      batchesOf(all, [1, '10%', '100%']).map((batch) => batch.length),
      [1, 3, 21],
    );
    assert.deepEqual(
      batchesOf(all, [10]).map((batch) => batch.length),
      [10, 10, 5],
    );
    assert.deepEqual(
      batchesOf(all, []).map((batch) => batch.length),
      [25],
    );
    assert.deepEqual(batchesOf([], [1]), []);
  });

  it('are at most 50 hosts by a share, and as many as a number says', () => {
    const all = Array.from({ length: 2000 }, (_, index) => `r${index}`);
    const sizes = (...batch: BatchSize[]) => batchesOf(all, batch).map(({ length }) => length);
    assert.deepEqual(sizes(1, '10%', 50).slice(0, 3), [1, 50, 50]);
    assert.equal(Math.max(...sizes('100%')), 50);
    assert.deepEqual(sizes(2000), [2000]);
  });

  it('round a share up, to at least one host', () => {
    assert.deepEqual(
      [hostsIn('10%', 25), hostsIn('1%', 5), hostsIn('100%', 7), hostsIn(0, 5), hostsIn(3, 2)],
      [3, 1, 7, 1, 3],
    );
  });
});

describe('plays that are taken together', () => {
  const play = (name: string, ...batch: BatchSize[]): Play => ({
    name,
    hosts: 'cluster',
    gates: [],
    items: [],
    checks: [],
    for: 'remoteNodes',
    procedure: undefined,
    batch,
  });
  const grouped = (...plays: Play[]) =>
    groupPlays(plays).map((group) => group.map(({ name }) => name));

  it('are neighbours with the same batches', () => {
    assert.deepEqual(
      grouped(
        play('a'),
        play('b'),
        play('c', 1, '10%'),
        play('d', 1, '10%'),
        play('e', 1),
        play('f', 1, '10%'),
      ),
      [['a'], ['b'], ['c', 'd'], ['e'], ['f']],
    );
  });
});
