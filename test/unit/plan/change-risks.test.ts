import assert from 'node:assert/strict';
import { changeRisks } from '../../../src/plan/change-risks.ts';
import {
  credentialChange,
  type DesiredCredentials,
} from '../../../src/credentials/credential-change.ts';
import type { HostDifference, HostItem } from '../../../src/model/item.ts';
import type { Risk } from '../../../src/model/risk.ts';
import {
  KEY,
  stateOf,
  theCertificates,
  theKey,
  withCertificates,
  type State,
} from '../../support/credential-states.ts';

const item: HostItem = { kind: 'authkey', host: 'c1', compare: () => undefined };
const reported = (...risks: Risk[]): ReadonlyMap<HostItem, HostDifference> =>
  new Map([[item, { attributes: [], actions: [], needsRestart: true, risks }]]);

/** What has to be allowed for a change, beyond what the authkeys of the hosts need. */
function risksOf(
  state: State,
  desired: DesiredCredentials,
  onHosts = reported(),
): readonly string[] {
  const { facts, cluster } = stateOf(state);
  const change = credentialChange(facts, cluster, desired);
  assert.ok(change !== undefined);
  return changeRisks({ credentialChange: change, cluster, differences: { onHosts } }).map(
    ({ code, subjects }) => `${code}: ${subjects.join(', ')}`,
  );
}

describe('the risk of a change of credentials', () => {
  const older = {
    authkey: { digest: 'a', modifiedAt: 200 },
    daemonVariables: {},
    keepsAuthkey: true,
    units: {
      'pacemaker.service': {
        loadState: 'loaded',
        activeState: 'active',
        unitFileState: 'enabled',
        startedAt: 100,
      },
    },
  };
  const keepsIt: State = { members: [older, KEY], node: KEY, connectedAt: 150 };

  it('is told where Pacemaker has to be restarted for a key that the hosts have already', () => {
    assert.deepEqual(risksOf(keepsIt, theKey('a')), ['authkey-replaced: r1']);
  });

  it('is told once: not where the authkeys of the hosts need a word anyway', () => {
    const state = { ...keepsIt, members: [older, { ...KEY, keepsAuthkey: true }] };
    for (const code of ['authkey-replaced', 'cluster-keys-differ'] as const)
      assert.deepEqual(risksOf(state, theKey('b'), reported({ code, subjects: ['c1'] })), []);
  });

  it('is no risk where an interrupted run left the cluster in maintenance mode; a marker of another procedure does not count', () => {
    assert.deepEqual(risksOf({ ...keepsIt, left: 'in-maintenance' }, theKey('a')), []);
    const left = 'protected';
    assert.deepEqual(risksOf({ ...keepsIt, left }, theKey('a')), ['authkey-replaced: r1']);
  });

  it('is the same whether daemons or files have to change between authkey and certificates', () => {
    const converted = ['credentials-converted: r1'];
    assert.deepEqual(risksOf({ members: [KEY, KEY], node: KEY }, theCertificates), converted);
    const stale = { ...withCertificates(), daemonVariables: {} };
    assert.deepEqual(risksOf({ members: [stale, stale], node: KEY }, theCertificates), converted);
  });
});
