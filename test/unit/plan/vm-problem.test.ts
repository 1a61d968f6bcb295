import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import type { Facts } from '../../../src/model/facts.ts';
import { findProblems } from '../../../src/plan/problems/problems.ts';
import { crmMonXml, type Reported } from '../../support/crm-mon.ts';
import { fixture } from '../pacemaker/fixtures.ts';

const cibText = fixture('cib.xml');

/** What is said of the guest node `name` on `resource`, which gives no answer. */
function problemsOf(name: string, resource: string, reported: Reported = {}) {
  const facts: Facts = {
    clusterNodes: new Map(),
    remoteNodes: new Map(),
    guestNodes: new Map(),
    unreachable: new Map([
      [name, { name, code: 'HOST_UNREACHABLE', message: 'no answer', hint: undefined }],
    ]),
    servers: new Map(),
    vms: new Map([[name, resource]]),
    cluster: {
      readFrom: 'c1',
      cib: readCib(cibText),
      cibText,
      mon: readCrmMon(crmMonXml(reported)),
      dcState: 'S_IDLE',
    },
  };
  return findProblems(facts).map(({ code, message, hint }) => ({ code, message, hint }));
}

describe('a resource cannot be the machine of a guest node when', () => {
  for (const [resource, code, message] of [
    ['vmm1', 'RESOURCE_UNKNOWN', /has no resource vmm1$/],
    ['vm1', 'RESOURCE_IS_GUEST', /is already the VM of the guest node guest1$/],
    ['r1', 'RESOURCE_UNSUITABLE', /it is the connection of a remote node$/],
    ['fence1', 'RESOURCE_UNSUITABLE', /it is a fence device$/],
    ['web', 'RESOURCE_UNSUITABLE', /it is a group$/],
    ['ping-clone', 'RESOURCE_UNSUITABLE', /it is a clone$/],
    ['ping', 'RESOURCE_UNSUITABLE', /it is inside a clone$/],
    ['proxy', 'RESOURCE_UNSUITABLE', /it is a bundle$/],
    ['d1', 'VM_NOT_READY', /the cluster does not report it$/],
  ] as const) {
    it(`it is ${resource}`, () => {
      const [problem] = problemsOf('g9', resource);
      assert.equal(problem?.code, code);
      assert.match(problem.message, message);
    });
  }

  it('the cluster does not run and manage it', () => {
    const why = (vm: NonNullable<Reported['vms']>[string]) =>
      problemsOf('g9', 'd1', { vms: { d1: vm } })[0]?.message;
    assert.match(why({ on: 'c1', managed: false }) ?? '', /it is unmanaged$/);
    assert.match(why({ on: 'c1', failed: true }) ?? '', /it has failed$/);
    assert.match(
      why({ on: 'c1', role: 'Starting' }) ?? '',
      /it is changing its state \(Starting\)$/,
    );
    assert.equal(why({ on: 'c1' }), 'no answer');
  });

  it('says what to do where the cluster stopped the machine because the connection failed', () => {
    const [problem] = problemsOf('guest1', 'vm1', {
      connections: {
        guest1: { startFailures: { c1: 'Key was rejected', c2: 'Key was rejected' } },
      },
      vms: { vm1: {} },
    });
    assert.equal(problem?.code, 'VM_DOWN');
    assert.match(problem.message, /start on c1: Key was rejected; start on c2: Key was rejected/);
    assert.match(
      problem.hint ?? '',
      /cleanup -r guest1`, `crm_resource -r vm1 --meta -d remote-node`/,
    );
    const [running] = problemsOf('guest1', 'vm1', { vms: { vm1: { on: 'c1' } } });
    assert.equal(running?.code, 'HOST_UNREACHABLE');
  });
});
