import assert from 'node:assert/strict';
import { select } from '../../../src/spec/select.ts';

const named = (...names: string[]) => names.map((name) => ({ name }));

const lists = {
  clusterNodes: named('c1', 'c2'),
  remoteNodes: named('r1', 'r2', 'r10', 'db.a', 'dbxa'),
};

const chosen = (limit: string | undefined) => select(lists, limit).map(({ name }) => name);

describe('--limit', () => {
  for (const [limit, names] of [
    [undefined, ['c1', 'c2', 'r1', 'r2', 'r10', 'db.a', 'dbxa']],
    ['r2', ['r2']],
    ['r2, r1', ['r1', 'r2']],
    ['r[1-2]', ['r1', 'r2']],
    ['r?', ['r1', 'r2']],
    ['r*', ['r1', 'r2', 'r10']],
    ['db.a', ['db.a']],
    ['remoteNodes', ['r1', 'r2', 'r10', 'db.a', 'dbxa']],
    ['clusterNodes,r10', ['c1', 'c2', 'r10']],
    ['r1,r1,r[1-1]', ['r1']],
  ] as const) {
    it(`${limit ?? 'left out'} means ${names.join(', ')}`, () => {
      assert.deepEqual(chosen(limit), names);
    });
  }

  it('matches something with each of its patterns, or is a mistake', () => {
    for (const limit of ['r3', 'r1,x*', '', 'R1', 'r1,', '(', 'r[1-']) {
      assert.throws(() => chosen(limit), { code: 'USAGE' }, limit);
    }
    assert.throws(() => chosen('remoteNode'), { hint: 'did you mean remoteNodes?' });
  });
});
