import assert from 'node:assert/strict';
import { readCib, type Cib } from '../../../src/pacemaker/cib.ts';
import {
  detachCluster,
  applyOperations,
  keepApart,
  protect,
} from '../../../src/pacemaker/cib-edit.ts';
import { readCrmMon } from '../../../src/pacemaker/crm-mon.ts';
import type { AuthkeyChoice } from '../../../src/plan/authkey-choice.ts';
import { certificateVariables, type WantedX509 } from '../../../src/plan/certificates.ts';
import { credentialChange, type WantedCredentials } from '../../../src/plan/credential-change.ts';
import type { ClusterFacts, ClusterNodeFacts, Facts, HostFacts } from '../../../src/plan/facts.ts';
import type { Problem, StoppedGuest } from '../../../src/plan/plan.ts';
import { refuseChange } from '../../../src/plan/refuse-change.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { crmMonXml } from '../../support/crm-mon.ts';
import { hostFacts, type HostFactsPatch } from '../../support/specs.ts';

const variables = certificateVariables(false);
const file = (digest: string) => ({ path: '', digest, description: '' });
const onHost = (digest: string) => ({
  ...{ digest, owner: 'root', group: 'haclient', mode: '640', modifiedAt: 1 },
});
const files = { ca: file('aa'), certificate: file('bb'), key: file('cc') };
const x509: WantedX509 = {
  nodes: new Map(['c1', 'c2', 'r1', 'r2'].map((name) => [name, { files, variables }])),
  removesAuthkey: false,
  validity: { now: new Date(0), from: new Date(0), until: new Date(1) },
  notes: [],
};

const withKey = (digest: string, more: HostFactsPatch = {}): HostFactsPatch => ({
  authkey: { digest },
  daemonVariables: {},
  ...more,
});
const withCertificates = (ca = 'aa'): HostFactsPatch => ({
  environment: variables,
  daemonVariables: variables,
  certificates: { ca: onHost(ca), certificate: onHost('bb'), key: onHost('cc') },
});

const CONNECTION = '<primitive id="r1" class="ocf" provider="pacemaker" type="remote"/>';
const START = `<cib admin_epoch="0" epoch="7" num_updates="1" have-quorum="1" dc-uuid="1">
  <configuration><crm_config/><nodes/><resources>CONNECTION</resources><constraints/></configuration><status/></cib>`;

const LEFT = {
  protected: (cib: Cib) => protect(cib, ['r1']),
  detached: detachCluster,
  apart: (cib: Cib) => keepApart(cib, new Map([['r1', ['c1']]])),
};

interface State {
  readonly members: readonly HostFactsPatch[];
  /** Of r1, if it answered. */
  readonly node?: HostFactsPatch | undefined;
  readonly isConnected?: boolean;
  readonly isSilent?: boolean;
  readonly isOnline?: boolean;
  /** What a run that died left in the CIB. */
  readonly left?: keyof typeof LEFT | undefined;
  readonly maintenance?: boolean;
}

function stateOf({
  members,
  node,
  isConnected = true,
  isSilent = false,
  isOnline = true,
  left,
  maintenance = false,
}: State): { facts: Facts; cluster: ClusterFacts } {
  let cibText = START.replace('CONNECTION', isConnected ? CONNECTION : '');
  if (maintenance)
    cibText = cibText.replace(
      '<crm_config/>',
      '<crm_config><cluster_property_set id="p"><nvpair id="n" name="maintenance-mode" value="true"/></cluster_property_set></crm_config>',
    );
  const cib = readCib(cibText);
  if (left !== undefined) cibText = applyOperations(cibText, LEFT[left](cib));
  const cluster: ClusterFacts = {
    toldBy: 'c1',
    cib: readCib(cibText),
    cibText,
    mon: readCrmMon(crmMonXml({ connections: { r1: isOnline ? { on: 'c1' } : {} } })),
    dcState: 'S_IDLE',
  };
  const hosts = members.map((more, index): ClusterNodeFacts => ({
    ...hostFacts(`c${index + 1}`, more),
    ...{ uname: undefined, membership: undefined, routes: [], fencers: new Map() },
  }));
  const silent = { name: 'r1', code: 'HOST_UNREACHABLE', message: 'no answer', hint: undefined };
  return {
    cluster,
    facts: {
      clusterNodes: new Map(hosts.map((host) => [host.name, host])),
      remoteNodes: new Map<string, HostFacts>(
        node === undefined ? [] : [['r1', hostFacts('r1', node)]],
      ),
      guestNodes: new Map(),
      unreachable: new Map(isSilent ? [['r1', silent]] : []),
      servers: new Map(),
      machines: new Map(),
      cluster,
    },
  };
}

const theKey = (digest: string | undefined, isStated = false): WantedCredentials => {
  const authkey: AuthkeyChoice = {
    source: { kind: 'generate' },
    digest,
    description: '',
    risks: [],
  };
  return { authkey, isStated };
};
const theCertificates: WantedCredentials = { x509, isStated: false };

/** The kind of the change, and whether Pacemaker is restarted for it. */
const change = (
  state: State,
  wanted: WantedCredentials,
  prefersPinned = false,
): string | undefined => {
  const { facts, cluster } = stateOf(state);
  const found = credentialChange(facts, cluster, wanted, prefersPinned);
  if (found?.pinned !== undefined) {
    assert.ok(!found.isDetached, 'it is one or the other');
    return [found.kind, 'pinned', ...found.pinned.because].join(', ');
  }
  return found && `${found.kind}${found.isDetached ? ', detached' : ''}`;
};

const life = { keepsAuthkey: true };
const KEY = withKey('a');

describe('a change of credentials', () => {
  it('is none where everybody has what is wanted', () => {
    assert.equal(change({ members: [KEY, KEY], node: KEY }, theKey('a', true)), undefined);
    const certified = withCertificates();
    assert.equal(
      change({ members: [certified, certified], node: certified }, theCertificates),
      undefined,
    );
  });

  it('is one between authkey and certificates, connected or not', () => {
    const certified = withCertificates();
    for (const isConnected of [true, false]) {
      const keyed = { members: [KEY, KEY], isConnected };
      assert.equal(change(keyed, theCertificates), 'to-certificates, detached');
      const both = { members: [certified, KEY], isConnected };
      assert.equal(change(both, theCertificates), 'to-certificates, detached');
      assert.equal(change(both, theKey('a', true)), 'to-authkey, detached');
    }
  });

  it('is one of another authkey for connected nodes; without any the key is merely written', () => {
    const members = [KEY, KEY];
    assert.equal(change({ members, node: KEY }, theKey('b')), 'authkey');
    assert.equal(change({ members, node: KEY, isConnected: false }, theKey('b')), undefined);
    const kept = members.map((one) => ({ ...one, ...life }));
    assert.equal(change({ members: kept, node: KEY }, theKey('b')), 'authkey, detached');
  });

  it('is none where a single cluster node gets the key that all others have', () => {
    const odd = withKey('b');
    assert.equal(change({ members: [KEY, odd], node: KEY }, theKey('a')), undefined);
    const kept = { ...odd, ...life };
    assert.equal(
      change({ members: [KEY, kept], node: KEY }, theKey('a')),
      'authkey, detached',
      'it may have read the other one, and keeps it',
    );
    assert.equal(change({ members: [KEY, odd], node: odd }, theKey('a')), 'authkey');
    assert.equal(change({ members: [KEY, odd] }, theKey('a')), 'authkey', 'nobody asked r1');
    assert.equal(change({ members: [KEY, odd], isSilent: true }, theKey('a')), undefined);
  });

  it('goes on where a run has died', () => {
    const half = { members: [KEY, KEY], node: withKey('b'), left: 'protected' } as const;
    assert.equal(change(half, theKey('a')), 'authkey');
    const whole = { ...half, node: KEY };
    assert.equal(change(whole, theKey('a')), undefined, 'nothing but the release is left');
    const units = {
      'pacemaker.service': {
        ...{ loadState: 'loaded', activeState: 'active', unitFileState: 'enabled', startedAt: 10 },
      },
    };
    const older = withKey('a', { ...life, units, authkey: { digest: 'a', modifiedAt: 20 } });
    const kept = { ...whole, members: [older, older] };
    assert.equal(change(kept, theKey('a')), 'authkey, detached');
    assert.equal(change({ ...kept, left: undefined }, theKey('a')), undefined, 'written at first');
    const detached = { members: [KEY, KEY], node: KEY, left: 'detached' } as const;
    assert.equal(change(detached, theKey('a')), 'authkey, detached');
    const certified = withCertificates();
    assert.equal(
      change({ members: [certified], left: 'detached' }, theCertificates),
      'to-certificates, detached',
    );
  });

  it('is made node by node beside sbd, where the playbook says so, and where a run that died began so', () => {
    const sbd = {
      'sbd.service': {
        ...{ loadState: 'loaded', activeState: 'active', unitFileState: '', startedAt: undefined },
      },
    };
    const hazardous = { members: [KEY, withKey('a', { units: sbd })], node: KEY };
    const because = 'pinned, sbd.service on c2';
    assert.equal(change(hazardous, theCertificates), `to-certificates, ${because}`);
    assert.equal(change(hazardous, theKey('b')), 'authkey', 'nobody is restarted');
    const kept = hazardous.members.map((one) => ({ ...one, ...life }));
    assert.equal(change({ ...hazardous, members: kept }, theKey('b')), `authkey, ${because}`);
    const harmless = { members: [KEY, KEY], node: KEY };
    assert.equal(change(harmless, theCertificates, true), 'to-certificates, pinned');
    assert.equal(change(harmless, theKey('b'), true), 'authkey');
    const certified = withCertificates();
    const left = { members: [certified, certified], node: certified, left: 'apart' } as const;
    assert.equal(change(left, theCertificates), 'to-certificates, pinned');
    assert.equal(change({ ...harmless, left: 'apart' }, theKey('a', true)), 'authkey, pinned');
    assert.equal(
      change({ ...hazardous, left: 'detached' }, theCertificates),
      'to-certificates, detached',
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

describe('a change of credentials is refused', () => {
  interface Given {
    readonly declared?: readonly string[];
    readonly silentMembers?: readonly string[];
    readonly problems?: readonly Problem[];
    readonly stoppedGuests?: readonly StoppedGuest[];
  }
  const refusal = (state: State, wanted: WantedCredentials, given: Given = {}) => {
    const { facts, cluster } = stateOf(state);
    const found = credentialChange(facts, cluster, wanted) ?? assert.fail('no change');
    const context = {
      ...{ declared: ['r1'], silentMembers: [], undeclaredMembers: [] },
      ...{ problems: [], stoppedGuests: [], ...given },
    };
    try {
      refuseChange(found, facts, cluster, context);
      return undefined;
    } catch (thrown) {
      assert.ok(thrown instanceof OutriggerError && thrown.code === 'REFUSED');
      assert.ok(thrown.hint, 'every refusal says what to do');
      return thrown.message;
    }
  };
  const keyed: State = { members: [KEY, KEY], node: KEY };
  const why = { code: 'X', message: 'no', hint: undefined };
  const unreachable: Problem = { host: 'r1', kind: 'unreachable', ...why };

  it('not where everybody takes part', () => {
    assert.equal(refusal(keyed, theKey('b')), undefined);
    assert.equal(refusal(keyed, theCertificates), undefined);
  });

  it('where the inventory does not name a connected node', () => {
    assert.match(refusal(keyed, theKey('b'), { declared: [] }) ?? '', /does not name .*: r1$/);
  });

  it('where --limit leaves one out', () => {
    const limited = { ...keyed, node: undefined };
    assert.match(refusal(limited, theKey('b')) ?? '', /--limit leaves out .*: r1$/);
  });

  it('where one that is online gives no answer; one that is down may be left for another authkey', () => {
    const silent = { ...keyed, node: undefined, isSilent: true };
    const given = { problems: [unreachable] };
    assert.match(refusal(silent, theKey('b'), given) ?? '', /gave no answer: r1$/);
    const down = { ...silent, isOnline: false };
    assert.equal(refusal(down, theKey('b'), given), undefined);
    assert.match(refusal(down, theCertificates, given) ?? '', /gave no answer: r1$/);
  });

  it('where a cluster node that is online gives no answer', () => {
    const given = { silentMembers: ['c1'] };
    assert.match(refusal(keyed, theKey('b'), given) ?? '', /gave no answer: c1$/);
    assert.equal(refusal(keyed, theKey('b'), { silentMembers: ['c9'] }), undefined);
    assert.match(refusal(keyed, theCertificates, { silentMembers: ['c9'] }) ?? '', /c9$/);
  });

  it('where a connected host cannot, or its machine is stopped', () => {
    const refused: Problem = { host: 'r1', kind: 'refused', ...why };
    assert.match(refusal(keyed, theKey('b'), { problems: [refused] }) ?? '', /r1.* cannot: no$/);
    const stopped = { host: 'r1', resource: 'vm', message: '' };
    for (const state of [keyed, { ...keyed, node: undefined }])
      assert.match(
        refusal(state, theKey('b'), { stoppedGuests: [stopped] }) ?? '',
        /machines of guest nodes are stopped: r1$/,
      );
  });

  it('in maintenance mode that is not of a run which died', () => {
    assert.match(refusal({ ...keyed, maintenance: true }, theKey('b')) ?? '', /maintenance mode$/);
    assert.equal(refusal({ ...keyed, left: 'detached' }, theKey('b')), undefined);
  });
});
