import assert from 'node:assert/strict';
import { REMOTE_UNIT } from '../../../src/pacemaker/basics/names.ts';
import type { Facts, HostFacts, UnitFacts } from '../../../src/model/facts.ts';
import { findProblems } from '../../../src/plan/problems/problems.ts';
import { hostFacts } from '../../support/specs.ts';

const unit = (activeState: string): UnitFacts => ({
  activeState,
  loadState: 'loaded',
  unitFileState: 'disabled',
  startedAt: undefined,
});
const withUnit = (activeState: string, listening: readonly number[]): HostFacts =>
  hostFacts('r1', { listening, units: { [REMOTE_UNIT]: unit(activeState) } });

function problemOf(host: HostFacts, port = 3121) {
  const facts: Facts = {
    clusterNodes: new Map(),
    remoteNodes: new Map([['r1', host]]),
    guestNodes: new Map(),
    vms: new Map(),
    unreachable: new Map(),
    servers: new Map([['r1', { address: '192.0.2.1', port }]]),
    cluster: undefined,
  };
  return findProblems(facts)[0];
}

describe('a daemon that is not the unit', () => {
  for (const state of ['inactive', 'failed'])
    it(`is refused, before anything is changed, while the unit is ${state}`, () => {
      const problem = problemOf(withUnit(state, [22, 3121]));
      assert.equal(problem?.code, 'PORT_IN_USE');
      assert.equal(
        problem.message,
        `another process listens on port 3121 there, while ${REMOTE_UNIT} is ${state}`,
      );
      assert.match(problem.hint ?? '', /ss -ltnp 'sport = :3121'/);
    });

  it('is refused where the package is not installed (a container)', () => {
    assert.equal(problemOf(hostFacts('r1', { listening: [3121], units: {} }))?.code, 'PORT_IN_USE');
  });

  it('is looked for on the port of the node, and is not the unit on its way', () => {
    assert.equal(problemOf(withUnit('inactive', [3121]), 3122), undefined);
    assert.equal(problemOf(withUnit('inactive', [3122]), 3122)?.code, 'PORT_IN_USE');
    for (const state of ['active', 'activating', 'deactivating', 'reloading'])
      assert.equal(problemOf(withUnit(state, [3121])), undefined);
  });

  it('counts for guest nodes as well, and the way out is named', () => {
    const guest = withUnit('inactive', [3121]);
    const facts: Facts = {
      clusterNodes: new Map(),
      remoteNodes: new Map(),
      unreachable: new Map(),
      guestNodes: new Map([['r1', guest]]),
      vms: new Map([['r1', 'vm-r1']]),
      servers: new Map([['r1', { address: '192.0.2.1', port: 3121 }]]),
      cluster: undefined,
    };
    const [problem] = findProblems(facts);
    assert.equal(problem?.code, 'PORT_IN_USE');
    assert.match(problem.hint ?? '', /manage: cluster-only/);
  });

  it('is nobody’s problem where the host is not managed', () => {
    const facts: Facts = {
      clusterNodes: new Map(),
      remoteNodes: new Map(),
      unreachable: new Map(),
      guestNodes: new Map(),
      vms: new Map(),
      cluster: undefined,
      servers: new Map([['r1', { address: '192.0.2.1', port: 3121 }]]),
      clusterOnly: new Set(['r1']),
    };
    assert.deepEqual(findProblems(facts), []);
  });
});
