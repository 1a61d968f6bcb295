import assert from 'node:assert/strict';
import { effects, fencedIn, readSimulation } from '../../../src/pacemaker/status/simulate.ts';
import { fixture, VERSIONS } from './fixtures.ts';

for (const version of VERSIONS) {
  describe(`crm_simulate of ${version}`, () => {
    const asIs = readSimulation(fixture(`${version}/simulate-as-is.xml`));
    const joining = readSimulation(fixture(`${version}/simulate-join.xml`));
    const fencing = readSimulation(fixture(`${version}/simulate-fencing.xml`));

    it('does nothing where nothing is changed', () => {
      assert.deepEqual(asIs.actions, []);
      assert.deepEqual(effects(asIs, asIs), {
        connectionStarts: [],
        probes: 0,
        starts: [],
        stops: [],
        moves: [],
        others: [],
        fences: [],
        cloneGrowth: [],
      });
    });

    it('tells what a join does, its side effects included', () => {
      const { connectionStarts, moves, others, fences, starts, stops, probes } = effects(
        asIs,
        joining,
      );
      assert.deepEqual(connectionStarts, [
        { node: 'r5', on: 'c1' },
        { node: 'r6', on: 'c1' },
      ]);
      // Two more resources on the cluster nodes shift the balance, and a VM without stickiness moves with its guest.
      assert.deepEqual(moves, [
        { resource: 'fence1', from: 'c2', to: 'c1' },
        { resource: 'vm1', from: 'c1', to: 'c2' },
        { resource: 'guest1', from: 'c1', to: 'c2' },
      ]);
      assert.deepEqual(
        others.map(({ action, resource }) => `${action} ${resource}`),
        ['restart d2', 'restart web-ip', 'restart web-server', 'restart ping:3'],
      );
      assert.deepEqual([fences, starts, stops], [[], [], []]);
      assert.ok(probes > 0);
    });

    it('does not blame a change for what happens anyway', () => {
      const { connectionStarts, moves, fences } = effects(joining, joining);
      assert.deepEqual([connectionStarts, moves, fences], [[], [], []]);
    });

    it('finds who is fenced, and clones that grow', () => {
      assert.deepEqual(fencing.fences, ['r2']);
      assert.deepEqual(fencedIn([asIs, fencing, fencing]), ['r2']);
      assert.deepEqual(effects(asIs, fencing).fences, ['r2']);
      const empty = { ...fencing, after: fencing.before };
      assert.deepEqual(effects(empty, fencing).cloneGrowth, [{ clone: 'ping-clone', by: 4 }]);
    });
  });
}

describe('a simulation', () => {
  it('does not count what is blocked', () => {
    const text = (actions: string) =>
      readSimulation(`<pacemaker-result><actions>${actions}</actions></pacemaker-result>`);
    const blocked = text('<rsc_action action="start" resource="d" node="c1" blocked="true"/>');
    assert.deepEqual(effects(text(''), blocked).starts, []);
    const plain = text('<rsc_action action="start" resource="d" node="c1"/>');
    assert.deepEqual(effects(text(''), plain).starts, [{ resource: 'd', on: 'c1' }]);
  });

  it('that ended in an error is not taken for one without effects', () => {
    const text =
      '<pacemaker-result><status code="78" message="Invalid configuration"/></pacemaker-result>';
    assert.throws(() => readSimulation(text), /crm_simulate: Invalid configuration/);
  });
});
