import assert from 'node:assert/strict';
import { disturbances } from '../../../src/apply/credentials/maintenance-mode.ts';
import { comparePlacement } from '../../../src/apply/quiet-restart/quiet-restart.ts';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import type { ClusterFacts } from '../../../src/model/facts.ts';
import { foreseenIn } from '../../../src/plan/foreseen.ts';
import type { Forecast } from '../../../src/model/plan.ts';
import { quietEffects } from '../report/plans.ts';

type Places = readonly (readonly [id: string, node: string])[];

/** What runs where, and which operations the cluster remembers. */
function clusterWith(running: Places, operations: Places = []): ClusterFacts {
  const states = operations.map(
    ([id, node], index) =>
      `<node_state uname="${node}"><lrm id="${node}"><lrm_resources><lrm_resource id="${id}"><lrm_rsc_op id="op${index}" operation="stop" last-rc-change="${100 + index}" rc-code="0"/></lrm_resource></lrm_resources></lrm></node_state>`,
  );
  const cib = readCib(
    `<cib epoch="1" num_updates="0" admin_epoch="0" have-quorum="1"><configuration><crm_config/><nodes><node id="1" uname="c1"/><node id="2" uname="c2"/></nodes><resources><clone id="cl"><primitive id="cl-one" class="ocf" provider="pacemaker" type="Dummy"/></clone><primitive id="d1" class="ocf" provider="pacemaker" type="Dummy"/></resources><constraints/></configuration><status>${states.join('')}</status></cib>`,
  );
  const resources = running.map(([id, node]) => ({
    id,
    primitive: id.replace(/:.*/, ''),
    active: true,
    nodes: [node],
    parents: [],
  }));
  return { cib, mon: { resources, nodes: new Map() } } as unknown as ClusterFacts;
}

const foreseen = (effects: Partial<Forecast['effects']>) =>
  foreseenIn({
    forecast: {
      effects: { ...quietEffects, ...effects },
      fencedOnFailure: [],
      withoutEligibleNode: [],
    },
  });

const startsOnH1 = foreseen({ starts: [{ resource: 'cl-one:4', on: 'h1' }] });

describe('what the plan has foreseen excuses', () => {
  it('nothing on another node', () => {
    const before = clusterWith([['cl-one:1', 'h2']]);
    const lost = comparePlacement(before, clusterWith([]), 'h2', startsOnH1);
    assert.equal(lost.kind, 'failed');
    const stopped = clusterWith([['cl-one:1', 'h2']], [['cl-one', 'h2']]);
    const again = comparePlacement(before, stopped, 'h2', startsOnH1);
    assert.equal(again.kind, 'failed');
    const onMember = clusterWith([['cl-one:1', 'c2']]);
    assert.deepEqual(disturbances(onMember, clusterWith([]), startsOnH1), [
      'cl-one:1 no longer runs on the same node',
    ]);
  });

  it('what happens where it was foreseen, also when another node is compared', () => {
    const before = clusterWith([['cl-one:1', 'h2']]);
    const after = clusterWith(
      [
        ['cl-one:1', 'h2'],
        ['cl-one:4', 'h1'],
      ],
      [['cl-one', 'h1']],
    );
    assert.deepEqual(comparePlacement(before, after, 'h2', startsOnH1), { kind: 'changed' });
    assert.deepEqual(disturbances(before, after, startsOnH1), []);
  });

  it('both ends of a move, and no other node', () => {
    const moves = (from: string, to: string) => foreseen({ moves: [{ resource: 'd1', from, to }] });
    const before = clusterWith([['d1', 'h2']]);
    const after = clusterWith(
      [['d1', 'h1']],
      [
        ['d1', 'h2'],
        ['d1', 'h1'],
      ],
    );
    const compared = (from: string, to: string) =>
      comparePlacement(before, after, 'h2', moves(from, to)).kind;
    assert.equal(compared('h2', 'h1'), 'changed');
    assert.equal(compared('h3', 'h1'), 'failed');
    const [onMember, elsewhere] = ['c1', 'c2'].map((node) =>
      clusterWith([['d1', node]], [['d1', node]]),
    );
    assert.ok(onMember && elsewhere);
    assert.deepEqual(disturbances(onMember, elsewhere, moves('c1', 'c2')), []);
    assert.equal(disturbances(onMember, elsewhere, moves('c1', 'h1')).length, 1);
  });
});
