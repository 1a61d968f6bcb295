import assert from 'node:assert/strict';
import { select } from '../../../src/inventory/select.ts';

const named = (...names: string[]) => names.map((name) => ({ name }));

const lists = {
  clusterNodes: named('c1', 'c2'),
  remoteNodes: [
    ...named('r1', 'r2', 'r10'),
    { name: 'db.a', group: 'storage' },
    { name: 'dbxa', group: 'storage' },
    { name: 'web', group: 'both' },
    { name: 'both', group: undefined },
  ],
};

const chosen = (limit: string | undefined) => select(lists, limit).map(({ name }) => name);

describe('--limit', () => {
  for (const [limit, names] of [
    [undefined, ['c1', 'c2', 'r1', 'r2', 'r10', 'db.a', 'dbxa', 'web', 'both']],
    ['r2', ['r2']],
    ['r2, r1', ['r1', 'r2']],
    ['r[1-2]', ['r1', 'r2']],
    ['r?', ['r1', 'r2']],
    ['r*', ['r1', 'r2', 'r10']],
    ['db.a', ['db.a']],
    ['remoteNodes', ['r1', 'r2', 'r10', 'db.a', 'dbxa', 'web', 'both']],
    ['clusterNodes,r10', ['c1', 'c2', 'r10']],
    ['r1,r1,r[1-1]', ['r1']],
    ['storage', ['db.a', 'dbxa']],
    ['storage,r[2-10]', ['r2', 'r10', 'db.a', 'dbxa']],
    ['w?b,storage', ['db.a', 'dbxa', 'web']],
    ['*[1-2]', ['c1', 'c2', 'r1', 'r2']],
    ['r[1,10]', ['r1', 'r10']],
    ['c2,r[10, 1-2],web', ['c2', 'r1', 'r2', 'r10', 'web']],
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

  it('names what is missing in a list, and suggests zeros where names have them', () => {
    assert.throws(() => chosen('r[1,3]'), {
      message: '--limit "r3" matches nothing in the inventory',
    });
    const nodes = { remoteNodes: named('compute01', 'compute02', 'compute03', 'compute15') };
    assert.throws(() => select(nodes, 'compute[1-3]'), { hint: 'did you mean compute[01-03]?' });
    assert.throws(() => select(nodes, 'compute[1,3]'), { hint: 'did you mean compute[01,03]?' });
    assert.deepEqual(
      select(nodes, 'compute[01,03]').map(({ name }) => name),
      ['compute01', 'compute03'],
    );
    for (const limit of ['compute[01,03', 'compute[01,]', 'compute[,]', 'compute[a,b]']) {
      assert.throws(() => select(nodes, limit), { code: 'USAGE' }, limit);
    }
  });

  it('asks back where a node and a group have the same name', () => {
    assert.throws(() => chosen('both'), { code: 'USAGE', message: /is a node and a group/ });
  });

  it('knows the groups when it guesses what was meant', () => {
    assert.throws(() => chosen('storrage'), { hint: 'did you mean storage?' });
    assert.throws(() => chosen('!?'), { hint: /storage or both or clusterNodes or remoteNodes/ });
  });

  it('takes no longer for a pattern that is meant to take long', () => {
    const nodes = {
      remoteNodes: named(...Array.from({ length: 1000 }, (_, i) => `${'a'.repeat(60)}${i}`)),
    };
    const began = process.cpuUsage().user;
    for (const limit of [`${'a*'.repeat(40)}b`, `${'*?'.repeat(30)}x`, 'r[1-999999999]'])
      assert.throws(() => select(nodes, limit), { code: 'USAGE' });
    assert.ok(process.cpuUsage().user - began < 5e6);
  });
});
