import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { keptUntilRestart } from '../../../src/pacemaker/procedures/transient.ts';
import {
  credentialChange,
  type DesiredCredentials,
} from '../../../src/credentials/credential-change.ts';
import type { Problem, StoppedGuest } from '../../../src/model/plan.ts';
import { refuseChange } from '../../../src/credentials/refuse-change.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import {
  KEY,
  stateOf,
  theCertificates,
  theKey,
  withCertificates,
  type State,
} from '../../support/credential-states.ts';

describe('a change of credentials is refused', () => {
  interface Given {
    readonly declared?: readonly string[];
    readonly unreachableClusterNodes?: readonly string[];
    readonly problems?: readonly Problem[];
    readonly stoppedGuests?: readonly StoppedGuest[];
  }
  const refusal = (state: State, desired: DesiredCredentials, given: Given = {}) => {
    const { facts, cluster } = stateOf(state);
    const found = credentialChange(facts, cluster, desired) ?? assert.fail('no change');
    const context = {
      declared: ['r1'],
      unreachableClusterNodes: [],
      undeclaredClusterNodes: [],
      problems: [],
      stoppedGuests: [],
      ...given,
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
  const why = { code: 'HOST_UNREACHABLE', message: 'no', hint: undefined } as const;
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
    assert.match(refusal(limited, theKey('b')) ?? '', /but --limit excludes connected nodes: r1$/);
  });

  it('where one that is online gives no answer; one that is down may be left for another authkey', () => {
    const silent = { ...keyed, node: undefined, isSilent: true };
    const given = { problems: [unreachable] };
    assert.match(refusal(silent, theKey('b'), given) ?? '', /must change too are unreachable: r1$/);
    const down = { ...silent, isOnline: false };
    assert.equal(refusal(down, theKey('b'), given), undefined);
    assert.match(
      refusal(down, theCertificates, given) ?? '',
      /must change too are unreachable: r1$/,
    );
  });

  it('where a cluster node that is online gives no answer', () => {
    const given = { unreachableClusterNodes: ['c1'] };
    assert.match(refusal(keyed, theKey('b'), given) ?? '', /must change too are unreachable: c1$/);
    assert.match(
      refusal(keyed, theKey('b'), { unreachableClusterNodes: ['C1'] }) ?? '',
      /must change too are unreachable: C1$/,
    );
    assert.equal(refusal(keyed, theKey('b'), { unreachableClusterNodes: ['c9'] }), undefined);
    assert.match(refusal(keyed, theCertificates, { unreachableClusterNodes: ['c9'] }) ?? '', /c9$/);
  });

  it('where Pacemaker is stopped on a cluster node, and it is a conversion that no run has begun', () => {
    const stopped = { ...keyed, members: [KEY, { ...KEY, daemonVariables: undefined }] };
    assert.match(refusal(stopped, theCertificates) ?? '', /Pacemaker is stopped on c2$/);
    const back = { ...stopped, members: [withCertificates(), stopped.members[1] ?? {}] };
    assert.match(refusal(back, theKey('a', true)) ?? '', /Pacemaker is stopped on c2$/);
    assert.equal(refusal(stopped, theKey('b')), undefined, 'it starts with the new one');
    assert.equal(refusal({ ...stopped, left: 'in-maintenance' }, theCertificates), undefined);
  });

  it('where a connected host cannot, or its machine is stopped', () => {
    const refused: Problem = { host: 'r1', kind: 'refused', ...why };
    assert.match(refusal(keyed, theKey('b'), { problems: [refused] }) ?? '', /r1.* cannot: no$/);
    const stopped = { host: 'r1', resource: 'vm', message: '' };
    for (const state of [keyed, { ...keyed, node: undefined }])
      assert.match(
        refusal(state, theKey('b'), { stoppedGuests: [stopped] }) ?? '',
        /VMs of guest nodes are stopped: r1$/,
      );
  });

  const keptOn = (member: string, name: string, value: string): [string, string] => [
    '<status/>',
    `<status><node_state id="2" uname="${member}"><transient_attributes id="2"><instance_attributes id="status-2"><nvpair id="s" name="${name}" value="${value}"/></instance_attributes></transient_attributes></node_state></status>`,
  ];

  it('where the restart of Pacemaker would end what an operator has set until then', () => {
    const restarts = { ...keyed, members: [KEY, { ...KEY, keepsAuthkey: true }] };
    for (const name of ['standby', 'maintenance']) {
      const written = keptOn('c2', name, 'on');
      for (const desired of [theCertificates, theKey('b')])
        assert.match(
          refusal({ ...restarts, written }, desired) ?? '',
          new RegExp(`: ${name} of c2$`),
        );
      assert.equal(refusal({ ...keyed, written }, theKey('b')), undefined, 'nobody is restarted');
      const off = { ...keyed, written: keptOn('c2', name, 'off') };
      assert.equal(refusal(off, theCertificates), undefined);
    }
    for (const [member, name] of [
      ['c2', 'pingd'],
      ['r1', 'standby'],
    ] as const) {
      const other = { ...keyed, written: keptOn(member, name, 'on') };
      assert.equal(refusal(other, theCertificates), undefined, `${name} of ${member}`);
    }
  });

  it('not where it is set for good as well', () => {
    const { cibText } = stateOf({ ...keyed, written: keptOn('c2', 'standby', 'on') }).cluster;
    const kept = (text: string): readonly string[] => keptUntilRestart(readCib(text), 'c2');
    assert.deepEqual(kept(cibText), ['standby']);
    const entry =
      '<node id="2" uname="c2"><instance_attributes id="n2"><nvpair id="n2s" name="standby" value="on"/></instance_attributes></node>';
    assert.deepEqual(kept(cibText.replace('<nodes/>', `<nodes>${entry}</nodes>`)), []);
  });

  it('in maintenance mode that is not of a run which died', () => {
    assert.match(refusal({ ...keyed, maintenance: true }, theKey('b')) ?? '', /maintenance mode$/);
    assert.equal(refusal({ ...keyed, left: 'in-maintenance' }, theKey('b')), undefined);
  });
});
