import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { decisiveOperations } from '../../../src/pacemaker/cib/history.ts';

const cibWith = (operations: string): ReturnType<typeof readCib> =>
  readCib(`<cib admin_epoch="0" epoch="1" num_updates="0"><configuration/><status>
<node_state id="r1" uname="r1"><lrm id="r1"><lrm_resources>
<lrm_resource id="d1:0">${operations}</lrm_resource>
<lrm_resource id="other"><lrm_rsc_op operation="start" last-rc-change="5"/></lrm_resource>
</lrm_resources></lrm></node_state></status></cib>`);

const op = (operation: string, when: number): string =>
  `<lrm_rsc_op operation="${operation}" last-rc-change="${when}"/>`;

describe('the history of resources', () => {
  it('tells starts and stops of the given resources, instances of clones included', () => {
    const cib = cibWith(op('start', 7) + op('monitor', 8) + op('stop', 9));
    assert.deepEqual(
      [...decisiveOperations(cib, ['d1'])],
      ['start of d1:0 on r1 7', 'stop of d1:0 on r1 9'],
    );
    assert.deepEqual([...decisiveOperations(cib, ['d2'])], []);
  });

  it('shows a start that happened in between, and no probe', () => {
    const before = decisiveOperations(cibWith(op('start', 7)), ['d1']);
    const probed = decisiveOperations(cibWith(op('monitor', 8)), ['d1']);
    const again = decisiveOperations(cibWith(op('start', 8)), ['d1']);
    assert.deepEqual(
      [...probed].filter((one) => !before.has(one)),
      [],
    );
    assert.deepEqual(
      [...again].filter((one) => !before.has(one)),
      ['start of d1:0 on r1 8'],
    );
  });
});
