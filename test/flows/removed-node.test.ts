import assert from 'node:assert/strict';
import { element } from '../../src/pacemaker/basics/xml.ts';
import { driftOf, hasDrifted } from '../../src/plan/drift/drift.ts';
import { apply, planOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { remoteNode } from '../support/specs.ts';

/** As a controller writes it when another cluster node becomes the DC. */
const state = (name: string) =>
  element('cib', {}, [
    element('status', {}, [
      element('node_state', { id: name, uname: name, remote_node: 'true', in_ccm: 'false' }),
    ]),
  ]);

const NOTE = 'h2: the cluster has a stale status entry of this removed node, which has no effect';

describe('a removed node whose state comes back', function () {
  this.timeout(120_000);
  useStateFolder();

  for (const isDeclared of [false, true])
    it(`is a note and no drift, ${isDeclared ? 'with `state: absent`' : 'when the inventory does not name it'}`, async () => {
      const lab = new FakeLab(['h1', 'h2']);
      const [h1, h2] = lab.spec.remoteNodes;
      assert.ok(h1 && h2);
      const absent = { remoteNodes: isDeclared ? [remoteNode('h2', h2)] : [], guestNodes: [] };
      Object.assign(lab, { spec: { ...lab.spec, remoteNodes: [h1], absent } });
      await apply(lab);
      lab.merge(state('h2'));
      const { plan } = await planOf(lab);
      const drift = driftOf(plan);
      assert.equal(hasDrifted(drift), false, JSON.stringify(drift.drifted));
      assert.ok(
        plan.notes.some((note) => note.startsWith(NOTE)),
        plan.notes.join('\n'),
      );
      assert.equal(drift.inSync.includes('h2'), isDeclared);
    });
});
