import assert from 'node:assert/strict';
import { serviceItem } from '../../../src/items/service.ts';
import { certificateVariables } from '../../../src/credentials/certificates.ts';
import { isOfRunningDaemon } from '../../../src/plan/drift/running-daemon.ts';
import { hostFacts, type HostFactsPatch } from '../../support/specs.ts';

const variables = certificateVariables(false);

/** What the item of the daemon says, and whether it is about what the running daemon uses. */
function reportedOf(more: HostFactsPatch, certificates?: typeof variables): string[] {
  const unit = { loadState: 'loaded', activeState: 'active', unitFileState: 'enabled' };
  const facts = hostFacts('r1', {
    units: { 'pacemaker_remote.service': { ...unit, startedAt: 100 } },
    listening: [3121],
    ...more,
  });
  const { attributes = [] } = serviceItem('r1', 3121, certificates).compare(facts) ?? {};
  return attributes.map(
    ({ name }) => `${name}: ${isOfRunningDaemon('service', name) ? 'in use' : 'written'}`,
  );
}

describe('a running daemon', () => {
  it('is told from its files where it is older than its authkey', () => {
    assert.deepEqual(reportedOf({ authkey: { modifiedAt: 200 } }), ['started: in use']);
  });

  it('is told from its files where it was started without the certificates, or before them', () => {
    assert.deepEqual(reportedOf({ daemonVariables: {} }, variables), ['started: in use']);
    const file = { digest: 'a', owner: 'root', group: 'haclient', mode: '640', modifiedAt: 200 };
    const newer = { daemonVariables: variables, certificates: { key: file } };
    assert.deepEqual(reportedOf(newer, variables), ['started: in use']);
  });

  it('is not meant by what is wrong with the unit', () => {
    assert.deepEqual(reportedOf({ listening: [] }), ['port 3121: written']);
  });
});
