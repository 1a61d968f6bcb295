import assert from 'node:assert/strict';
import { stillDetached } from '../../../src/apply/detached.ts';
import { readCib } from '../../../src/pacemaker/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/crm-mon.ts';
import type { ClusterFacts } from '../../../src/plan/facts.ts';

const cib = readCib(
  '<cib admin_epoch="0" epoch="7" num_updates="1"><configuration><crm_config/><nodes><node id="1" uname="c1"/><node id="2" uname="c2"/></nodes><resources/></configuration><status/></cib>',
);

const clusterWith = (online: Readonly<Record<string, boolean>>): ClusterFacts => ({
  ...{ toldBy: 'c1', dcState: 'S_IDLE', cib, cibText: '' },
  mon: readCrmMon(
    `<pacemaker-result api-version="2.38"><nodes>${Object.entries(online)
      .map(
        ([name, is]) => `<node name="${name}" id="${name}" online="${String(is)}" type="member"/>`,
      )
      .join('')}</nodes><resources/></pacemaker-result>`,
  ),
});

describe('a cluster that stays in maintenance mode', () => {
  it('names the nodes on which Pacemaker has to come back', () => {
    assert.match(
      stillDetached(clusterWith({ c1: true, c2: false })),
      /bring Pacemaker back on c2 /,
    );
    assert.match(stillDetached(clusterWith({ c1: true })), /bring Pacemaker back on c2 /);
    assert.match(stillDetached(undefined), /bring Pacemaker back on that node /);
  });

  it('says that Pacemaker runs everywhere, where something else has failed', () => {
    const said = stillDetached(clusterWith({ c1: true, c2: true }));
    assert.match(said, /Pacemaker runs on every cluster node: mend what is said here, then apply/);
    assert.doesNotMatch(said, /bring/);
  });
});
