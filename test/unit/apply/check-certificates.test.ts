import assert from 'node:assert/strict';
import { checkCertificates } from '../../../src/apply/quiet-restart/check-certificates.ts';
import { certificateVariables, type DesiredX509 } from '../../../src/credentials/certificates.ts';
import { FakeHost } from '../../support/fake-host.ts';
import { hostFacts, remoteNode } from '../../support/specs.ts';

const node = remoteNode('h1', { address: 'h1', server: 'h1' });
const variables = certificateVariables(false);
const x509: DesiredX509 = {
  nodes: new Map(['c1', 'h1'].map((name) => [name, { files: {}, variables }])),
  removesAuthkey: false,
  validity: { now: new Date(), from: new Date(0), until: new Date() },
  notes: [],
  expiring: [],
  ends: new Map(),
};

/** What speaks against h1 when a cluster node says this of its handshake. */
async function blocker(state: string, early: boolean): Promise<string | undefined> {
  const c1 = new FakeHost('c1', { handshake: ({ input }) => `${String(input).trim()} ${state}\n` });
  const hosts = [c1, new FakeHost('h1', {})];
  const context: Parameters<typeof checkCertificates>[0] = {
    hosts: new Map(hosts.map((host) => [host.name, host])),
    clusterHosts: [c1],
    lastFacts: new Map(),
    options: { forks: 2, batch: undefined, maxFail: undefined },
    probe: ({ name }) =>
      Promise.resolve({
        ...hostFacts(name, { knowsCertificates: true }),
        environment: variables,
        daemonVariables: variables,
        isConnected: false,
      }),
  };
  return (await checkCertificates(context, [node], x509, { early })).get('h1');
}

describe('a handshake with a node', () => {
  it('speaks against it where it is rejected, or does not trust', async () => {
    assert.equal(await blocker('accepted', true), undefined);
    assert.match((await blocker('rejected', false)) ?? '', /does not accept .* c1 \(verified with/);
    assert.match(
      (await blocker('untrusted', false)) ?? '',
      /is not accepted by c1 \(verified with/,
    );
  });

  it('has to be possible while all change together; a join that fails is taken back', async () => {
    assert.equal(
      await blocker('no-openssl', true),
      'its daemon cannot be tested, because openssl is missing, from c1',
    );
    assert.equal(await blocker('no-openssl', false), undefined);
  });
});
