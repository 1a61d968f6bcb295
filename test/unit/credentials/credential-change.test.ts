import assert from 'node:assert/strict';
import { certificateVariables } from '../../../src/credentials/certificates.ts';
import {
  credentialChange,
  type DesiredCredentials,
} from '../../../src/credentials/credential-change.ts';
import {
  KEY,
  stateOf,
  theCertificates,
  theKey,
  withCertificates,
  withKey,
  type State,
} from '../../support/credential-states.ts';
import type { HostFactsPatch } from '../../support/specs.ts';

/** The kind of the change, and whether Pacemaker is restarted for it. */
const change = (
  state: State,
  desired: DesiredCredentials,
  prefersNodeByNode = false,
): string | undefined => {
  const { facts, cluster } = stateOf(state);
  const found = credentialChange(facts, cluster, desired, prefersNodeByNode);
  if (found?.nodeByNode !== undefined) {
    assert.ok(!found.inMaintenanceMode, 'it is one or the other');
    return [found.kind, 'node by node', ...found.nodeByNode.because].join(', ');
  }
  return found && `${found.kind}${found.inMaintenanceMode ? ', in maintenance mode' : ''}`;
};

const life = { keepsAuthkey: true };

describe('a change of credentials', () => {
  it('is none where everybody has what is wanted', () => {
    assert.equal(change({ members: [KEY, KEY], node: KEY }, theKey('a', true)), undefined);
    const certified = withCertificates();
    assert.equal(
      change({ members: [certified, certified], node: certified }, theCertificates),
      undefined,
    );
  });

  it('is one where a controller has connected with a key from before and keeps it', () => {
    const unit = { loadState: 'loaded', activeState: 'active', unitFileState: 'enabled' };
    const older = (more: HostFactsPatch): HostFactsPatch => ({
      authkey: { digest: 'a', modifiedAt: 200 },
      daemonVariables: {},
      units: { 'pacemaker.service': { ...unit, startedAt: 100.5 } },
      ...more,
    });
    const found = (connectedAt: number | undefined, more: HostFactsPatch = life) =>
      change({ members: [older(more), KEY], node: KEY, connectedAt }, theKey('a'));
    assert.equal(found(150), 'authkey, in maintenance mode');
    assert.equal(found(100), 'authkey, in maintenance mode');
    assert.equal(found(200), undefined, 'it has connected with this key');
    assert.equal(found(50), undefined, 'that was another process');
    assert.equal(found(undefined), undefined, 'it has read no key yet');
    assert.equal(found(150, { keepsAuthkey: false }), undefined, 'it reads it again');
  });

  it('is one between authkey and certificates, connected or not', () => {
    const certified = withCertificates();
    for (const isConnected of [true, false]) {
      const keyed = { members: [KEY, KEY], isConnected };
      assert.equal(change(keyed, theCertificates), 'to-certificates, in maintenance mode');
      const both = { members: [certified, KEY], isConnected };
      assert.equal(change(both, theCertificates), 'to-certificates, in maintenance mode');
      assert.equal(change(both, theKey('a', true)), 'to-authkey, in maintenance mode');
    }
  });

  it('is one of the files of certificates where all use some already', () => {
    const withList = {
      environment: certificateVariables(true),
      daemonVariables: certificateVariables(true),
    };
    const listed = { ...withCertificates(), ...withList };
    const certified = withCertificates();
    for (const node of [listed, certified])
      assert.equal(
        change({ members: [listed, certified], node }, theCertificates),
        'certificate-files, in maintenance mode',
      );
    const ends = { members: [listed, certified], node: KEY };
    assert.equal(change(ends, theCertificates), 'to-certificates, in maintenance mode');
    const edited = { ...listed, daemonVariables: {} };
    assert.equal(
      change({ members: [edited, listed], node: listed }, theCertificates),
      'to-certificates, in maintenance mode',
      'its daemon uses the authkey still',
    );
  });

  it('is none for a cluster node whose Pacemaker is stopped and will start with what is wanted', () => {
    const certified = withCertificates();
    const stopped = { ...certified, daemonVariables: undefined };
    assert.equal(
      change({ members: [certified, stopped], node: certified }, theCertificates),
      undefined,
    );
    const keyed = { ...KEY, daemonVariables: undefined };
    assert.equal(
      change({ members: [certified, keyed], node: certified }, theCertificates),
      'to-certificates, in maintenance mode',
    );
  });

  it('is one of another authkey for connected nodes; without any the key is merely written', () => {
    const members = [KEY, KEY];
    assert.equal(change({ members, node: KEY }, theKey('b')), 'authkey');
    assert.equal(change({ members, node: KEY, isConnected: false }, theKey('b')), undefined);
    const kept = members.map((one) => ({ ...one, ...life }));
    assert.equal(change({ members: kept, node: KEY }, theKey('b')), 'authkey, in maintenance mode');
  });

  it('is none where a single cluster node gets the key that all others have', () => {
    const odd = withKey('b');
    assert.equal(change({ members: [KEY, odd], node: KEY }, theKey('a')), undefined);
    const kept = { ...odd, ...life };
    assert.equal(
      change({ members: [KEY, kept], node: KEY }, theKey('a')),
      'authkey, in maintenance mode',
      'it may have read the other one, and keeps it',
    );
    assert.equal(change({ members: [KEY, odd], node: odd }, theKey('a')), 'authkey');
    assert.equal(change({ members: [KEY, odd] }, theKey('a')), 'authkey', 'nobody asked r1');
    assert.equal(change({ members: [KEY, odd], isUnreachable: true }, theKey('a')), undefined);
  });

  it('goes on where a run has died', () => {
    const half = { members: [KEY, KEY], node: withKey('b'), left: 'protected' } as const;
    assert.equal(change(half, theKey('a')), 'authkey');
    const whole = { ...half, node: KEY };
    assert.equal(change(whole, theKey('a')), undefined, 'nothing but the release is left');
    const units = {
      'pacemaker.service': {
        loadState: 'loaded',
        activeState: 'active',
        unitFileState: 'enabled',
        startedAt: 10,
      },
    };
    const older = withKey('a', { ...life, units, authkey: { digest: 'a', modifiedAt: 20 } });
    const kept = { ...whole, members: [older, older] };
    assert.equal(
      change(kept, theKey('a')),
      undefined,
      'the mark of a failed upgrade, of a renewal',
    );
    assert.equal(
      change({ ...kept, node: withKey('b') }, theKey('a')),
      'authkey',
      'nor that of a node',
    );
    assert.equal(change({ ...kept, connectedAt: 15 }, theKey('a')), 'authkey, in maintenance mode');
    assert.equal(change({ ...kept, left: undefined }, theKey('a')), undefined, 'written at first');
    const inMaintenance = { members: [KEY, KEY], node: KEY, left: 'in-maintenance' } as const;
    assert.equal(change(inMaintenance, theKey('a')), 'authkey, in maintenance mode');
    const certified = withCertificates();
    assert.equal(
      change({ members: [certified], left: 'in-maintenance' }, theCertificates),
      'to-certificates, in maintenance mode',
    );
  });

  it('is made node by node beside sbd, where the playbook says so, and where a run that died began so', () => {
    const sbd = {
      'sbd.service': {
        loadState: 'loaded',
        activeState: 'active',
        unitFileState: '',
        startedAt: undefined,
      },
    };
    const hazardous = { members: [KEY, withKey('a', { units: sbd })], node: KEY };
    const because = 'node by node, sbd.service on c2';
    assert.equal(change(hazardous, theCertificates), `to-certificates, ${because}`);
    assert.equal(change(hazardous, theKey('b')), 'authkey', 'nobody is restarted');
    const kept = hazardous.members.map((one) => ({ ...one, ...life }));
    assert.equal(change({ ...hazardous, members: kept }, theKey('b')), `authkey, ${because}`);
    const harmless = { members: [KEY, KEY], node: KEY };
    assert.equal(change(harmless, theCertificates, true), 'to-certificates, node by node');
    assert.equal(change(harmless, theKey('b'), true), 'authkey');
    const certified = withCertificates();
    const left = { members: [certified, certified], node: certified, left: 'apart' } as const;
    assert.equal(change(left, theCertificates), 'to-certificates, node by node');
    assert.equal(
      change({ ...harmless, left: 'apart' }, theKey('a', true)),
      'authkey, node by node',
    );
    assert.equal(
      change({ ...hazardous, left: 'in-maintenance' }, theCertificates),
      'to-certificates, in maintenance mode',
      'it goes on as it has begun',
    );
  });

  it('is one of another authority for connected nodes only', () => {
    const other = withCertificates('ab');
    const own = withCertificates();
    assert.equal(change({ members: [other, own], node: own }, theCertificates), 'authority');
    assert.equal(change({ members: [own, own], node: other }, theCertificates), 'authority');
    const alone = { members: [other, own], isConnected: false };
    assert.equal(change(alone, theCertificates), undefined);
  });
});
