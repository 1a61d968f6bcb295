import assert from 'node:assert/strict';
import { fencedIn, readSimulation } from '../../../src/pacemaker/status/simulate.ts';

/** As a cluster with `provides=unfencing` prints it: every node that joins is unfenced (crm_simulate of 3.0.0). */
const simulated = (...fencings: readonly (readonly [node: string, op: string])[]) =>
  readSimulation(
    `<pacemaker-result><actions>${fencings
      .map(([node, op]) => `<node_action task="Fence (${op})" node="${node}"/>`)
      .join('')}</actions><transition>${fencings
      .map(([node, op]) => `<fencing_action target="${node}" op="${op}"/>`)
      .join('')}</transition></pacemaker-result>`,
  );

describe('a node that would be unfenced', () => {
  it('is not fenced', () => {
    const simulation = simulated(['h1', 'on'], ['h2', 'on']);
    assert.deepEqual(simulation.fences, []);
    assert.deepEqual(fencedIn([simulation]), []);
  });

  it('is fenced where that is to happen as well, and beside others that are', () => {
    const all = simulated(
      ['h1', 'on'],
      ['h1', 'reboot'],
      ['h2', 'on'],
      ['h3', 'off'],
      ['h4', 'poweroff'],
    );
    assert.deepEqual(all.fences, ['h1', 'h3', 'h4']);
  });
});
