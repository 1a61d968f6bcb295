import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { removeConnections, type CibOperation } from '../../../src/pacemaker/procedures/edit.ts';
import { touchedObjects } from '../../../src/pacemaker/edits/touched.ts';
import { parseXml } from '../../../src/pacemaker/basics/xml.ts';

const cib = readCib(`<cib admin_epoch="0" epoch="1" num_updates="0"><configuration>
  <nodes><node id="1" uname="c1"/><node id="r1" uname="r1" type="remote"/></nodes>
  <resources>
    <primitive id="r1" class="ocf" provider="pacemaker" type="remote"/>
    <group id="stack"><primitive id="vm" class="ocf" provider="x" type="y"/><primitive id="db" class="ocf" provider="x" type="y"/></group>
    <primitive id="fence" class="stonith" type="x"><instance_attributes id="fence-attrs"/></primitive>
  </resources>
  <constraints><rsc_location id="where" rsc="r1" node="c1" score="1"/><rsc_location id="other" rsc="db" node="c1" score="1"/></constraints>
</configuration><status><node_state id="r1" uname="r1" in_ccm="1"><lrm id="r1"/></node_state></status></cib>`);

const merging = (xml: string): CibOperation => ({
  kind: 'merge',
  fragment: parseXml(`<cib>${xml}</cib>`, 'a fragment'),
});
const names = (...operations: CibOperation[]): string[] =>
  touchedObjects(cib, operations).map(({ name, element }) =>
    element === undefined ? `no ${name}` : name,
  );

describe('the objects of the CIB that edits touch', () => {
  it('are those that a merge names, each by itself: of a group only the members in it', () => {
    const fragment = merging(`<configuration><nodes><node id="r1"/></nodes><resources>
      <group id="stack"><primitive id="vm"><meta_attributes id="m"/></primitive></group>
      <primitive id="r2"/></resources></configuration>`);
    assert.deepEqual(names(fragment), ['<node> r1', 'no <primitive> r2', '<primitive> vm']);
  });

  it('are those that hold what is deleted, and what goes with it', () => {
    assert.deepEqual(names(...removeConnections(cib, ['r1'])), [
      '<node> r1',
      '<primitive> r1',
      '<rsc_location> where',
    ]);
    const targets = [
      { element: 'instance_attributes', id: 'fence-attrs' },
      { element: 'nvpair', id: 'nowhere' },
    ];
    assert.deepEqual(names({ kind: 'delete', targets }), [
      'no <nvpair> nowhere',
      '<primitive> fence',
    ]);
  });

  it('say of the status of a node only that there is one', () => {
    const [state] = touchedObjects(cib, [merging('<status><node_state id="r1"/></status>')]);
    assert.deepEqual([state?.name, state?.element?.children], ['<node_state> r1', []]);
    assert.deepEqual({ ...state?.element?.attributes }, {});
  });
});
