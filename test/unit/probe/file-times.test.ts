import assert from 'node:assert/strict';
import { serviceItem } from '../../../src/items/service.ts';
import type { HostFacts } from '../../../src/model/facts.ts';
import { changed, factsOf } from './fixtures.ts';

describe('the time of a file', () => {
  it('that lies in the future tells nothing: no daemon is older than that file', () => {
    const digest = 'a'.repeat(64);
    const written = (time: string): HostFacts =>
      factsOf(
        changed('remote-node', {
          clock: '1795354800.0',
          authkey: `path=/k\ndigest=${digest}\nrights=hacluster haclient 400 ${time}`,
          certificates: `ca ${digest} root haclient 640 ${time}`,
        }),
      );
    const blockers = (facts: HostFacts): string[] =>
      serviceItem('h1', 3121)
        .compare(facts)
        ?.attributes.map(({ before }) => before ?? '') ?? [];
    const ahead = written('1795354801.5');
    assert.deepEqual([ahead.authkey.modifiedAt, ahead.certificates.ca?.modifiedAt], [0, 0]);
    assert.deepEqual(blockers(ahead), []);
    assert.deepEqual(blockers(written('1795354799.5')), ['before its key was written']);
  });
});
