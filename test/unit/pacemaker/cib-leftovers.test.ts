import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import {
  danglingConstraints,
  formerNodes,
  leftoverNodes,
} from '../../../src/pacemaker/cib/leftovers.ts';

const remote = (id: string): string =>
  `<primitive id="${id}" class="ocf" provider="pacemaker" type="remote"/>`;

const cibOf = ({ nodes = '', resources = '', constraints = '', status = '' }) =>
  readCib(`<cib admin_epoch="0" epoch="1" num_updates="0" have-quorum="1" dc-uuid="1"><configuration><crm_config/>
<nodes><node id="1" uname="c1"/>${nodes}</nodes><resources>${resources}<bundle id="web"/></resources>
<constraints>${constraints}</constraints></configuration>
<status><node_state id="1" uname="c1"/>${status}</status></cib>`);

const at = (id: string, node: string): string =>
  `<rsc_location id="${id}" rsc="d1" node="${node}" score="1"/>`;

const rule = (id: string, operation: string, value: string): string =>
  `<rsc_location id="${id}" rsc="d1"><rule id="${id}-r" score="1"><expression id="${id}-e" attribute="#uname"
operation="${operation}" value="${value}"/></rule></rsc_location>`;

describe('what removed nodes leave in a CIB', () => {
  it('is an entry without a connection, or a state alone', () => {
    const cib = cibOf({
      nodes: '<node id="r1" uname="r1" type="remote"/><node id="old2" uname="old2" type="remote"/>',
      resources: remote('r1'),
      status:
        '<node_state id="old1" uname="old1" remote_node="true"/><node_state id="r1" uname="r1" remote_node="true"/>',
    });
    assert.deepEqual(leftoverNodes(cib), ['old2']);
    assert.deepEqual(formerNodes(cib), ['old1']);
  });

  it('is not what a bundle has', () => {
    const status = '<node_state id="web-0" uname="web-0" remote_node="true"/>';
    assert.deepEqual(leftoverNodes(cibOf({ status })), []);
    assert.deepEqual(formerNodes(cibOf({ status })), []);
    assert.deepEqual(danglingConstraints(cibOf({ constraints: at('l1', 'web-0') }), []), []);
  });

  it('is a constraint that names a node which does not exist, by an attribute or in a rule', () => {
    const constraints = [
      at('l1', 'C1'),
      at('l2', 'r1'),
      at('l3', 'ghost'),
      at('l4', 'soon'),
      rule('l5', 'eq', 'ghost'),
      rule('l6', 'ne', 'ghost'),
    ].join('');
    const cib = cibOf({ resources: remote('r1'), constraints });
    assert.deepEqual(danglingConstraints(cib, ['soon']), [
      { id: 'l3', node: 'ghost' },
      { id: 'l5', node: 'ghost' },
    ]);
  });
});
