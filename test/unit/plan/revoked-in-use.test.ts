import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib.ts';
import type { ClusterNodeFacts, Facts, HostFacts } from '../../../src/plan/facts.ts';
import { refuseRevokedInUse } from '../../../src/plan/revoked-in-use.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { hostFacts } from '../../support/specs.ts';

const holding = (name: string, digest: string): HostFacts =>
  hostFacts(name, {
    certificates: {
      certificate: { digest, owner: 'root', group: 'haclient', mode: '640', modifiedAt: 1 },
    },
  });

const facts: Facts = {
  clusterNodes: new Map([
    [
      'c1',
      {
        ...holding('c1', 'aa'),
        ...{ uname: 'c1', membership: undefined, routes: [], fencers: new Map() },
      } satisfies ClusterNodeFacts,
    ],
  ]),
  remoteNodes: new Map([
    ['r1', holding('r1', 'bb')],
    ['bare', hostFacts('bare', {})],
  ]),
  guestNodes: new Map([['g1', holding('g1', 'cc')]]),
  ...{ unreachable: new Map(), servers: new Map(), machines: new Map(), cluster: undefined },
};

const cib = readCib(
  '<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes><node id="1" uname="c1"/></nodes><resources><primitive id="r2" class="ocf" provider="pacemaker" type="remote"/></resources></configuration><status/></cib>',
);

function refuse(revoked: readonly string[], nodes: readonly string[] = []): void {
  const serials = new Map(revoked.map((digest) => [digest, `5${digest}`]));
  refuseRevokedInUse(facts, cib, { pending: { revokes: { serials, nodes: new Set(nodes) } } });
}

const refused = (work: () => void, said: RegExp): void => {
  assert.throws(work, (thrown: unknown) => {
    assert.ok(thrown instanceof OutriggerError && thrown.code === 'REFUSED');
    assert.match(thrown.message, said);
    return true;
  });
};

describe('a certificate that is about to be revoked', () => {
  it('is revoked when no host has it any more, or nothing is revoked', () => {
    refuse(['dd'], ['r1', 'c1', 'gone']);
    refuse([]);
    refuseRevokedInUse(facts, cib, {});
    refuseRevokedInUse(facts, cib, undefined);
  });

  it('is not revoked while hosts still have it: each is named, with its serial number', () => {
    refused(() => {
      refuse(['aa', 'bb', 'cc', 'dd']);
    }, /still in use: c1 \(5aa\), r1 \(5bb\), g1 \(5cc\)$/);
  });

  it('is not revoked while a node of the cluster may use it that nobody has asked', () => {
    refused(() => {
      refuse(['dd'], ['r2', 'gone']);
    }, /nobody knows which ones these use: r2$/);
  });
});
