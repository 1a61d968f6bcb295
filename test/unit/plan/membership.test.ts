import assert from 'node:assert/strict';
import type { Cib } from '../../../src/pacemaker/cib/cib.ts';
import type { ClusterNodeFacts, Facts } from '../../../src/model/facts.ts';
import { checkMembership, undeclaredClusterNodes } from '../../../src/model/membership.ts';
import { hostFacts } from '../../support/specs.ts';

const cibOf = (...names: string[]): Cib =>
  ({
    clusterNodes: names.map((name, index) => ({ id: String(index + 1), name })),
  }) as unknown as Cib;

interface Reported {
  readonly uname?: string;
  readonly dcUuid?: string;
}

const factsOf = (reported: Readonly<Record<string, Reported>>): Facts => ({
  clusterNodes: new Map(
    Object.entries(reported).map(([name, { uname, dcUuid }]): [string, ClusterNodeFacts] => [
      name,
      {
        ...hostFacts(name),
        uname,
        membership: { haveQuorum: true, dcUuid: dcUuid ?? '1', cibVersion: '0.1.2' },
        routes: [],
        fencers: new Map(),
      },
    ]),
  ),
  remoteNodes: new Map(),
  guestNodes: new Map(),
  vms: new Map(),
  unreachable: new Map(),
  servers: new Map(),
  cluster: undefined,
});

describe('the members of a cluster', () => {
  it('are known by what they call themselves, whatever the inventory calls them', () => {
    const facts = factsOf({ first: { uname: 'C1' }, c2: {} });
    checkMembership(facts, cibOf('c1', 'c2'));
    assert.deepEqual(undeclaredClusterNodes(facts, cibOf('c1', 'c2'), ['first', 'c2']), []);
  });

  it('are missing from the inventory where the CIB has more', () => {
    const facts = factsOf({ c1: {} });
    assert.deepEqual(undeclaredClusterNodes(facts, cibOf('c3', 'c1', 'c2'), ['c1']), ['c2', 'c3']);
    assert.deepEqual(undeclaredClusterNodes(facts, cibOf('c1', 'c2'), ['c1', 'C2']), []);
  });

  it('are refused when one of them belongs to another cluster', () => {
    const facts = factsOf({ c1: {}, x1: {} });
    assert.throws(() => {
      checkMembership(facts, cibOf('c1', 'c2'));
    }, /another cluster/);
  });

  it('are refused while they disagree', () => {
    const facts = factsOf({ c1: { dcUuid: '1' }, c2: { dcUuid: '2' } });
    assert.throws(() => {
      checkMembership(facts, cibOf('c1', 'c2'));
    }, /report different states.*c1: quorum, DC 1; c2: quorum, DC 2/);
  });
});
