import assert from 'node:assert/strict';
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

const refuse = (...revoked: string[]): void => {
  const revokes = new Map(revoked.map((digest) => [digest, `5${digest}`]));
  refuseRevokedInUse(facts, { pending: { revokes } });
};

describe('a certificate that is about to be revoked', () => {
  it('is revoked when no host has it any more, or nothing is revoked', () => {
    refuse('dd');
    refuse();
    refuseRevokedInUse(facts, {});
    refuseRevokedInUse(facts, undefined);
  });

  it('is not revoked while hosts still have it: each is named, with its serial number', () => {
    assert.throws(
      () => {
        refuse('aa', 'bb', 'cc', 'dd');
      },
      (thrown: unknown) => {
        assert.ok(thrown instanceof OutriggerError && thrown.code === 'REFUSED');
        assert.match(thrown.message, /still in use: c1 \(5aa\), r1 \(5bb\), g1 \(5cc\)$/);
        return true;
      },
    );
  });
});
