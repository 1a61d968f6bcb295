import assert from 'node:assert/strict';
import type { EditContext } from '../../../src/apply/run/edit-context.ts';
import {
  leaveMaintenance,
  stillInMaintenance,
} from '../../../src/apply/credentials/maintenance-mode.ts';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import type { ClusterFacts } from '../../../src/model/facts.ts';
import type { RunEvent } from '../../../src/model/run-event.ts';
import { FakeLab } from '../../support/fake-lab.ts';
import { sitePlaybook } from '../../support/specs.ts';

const cib = readCib(
  '<cib admin_epoch="0" epoch="7" num_updates="1"><configuration><crm_config/><nodes><node id="1" uname="c1"/><node id="2" uname="c2"/></nodes><resources/></configuration><status/></cib>',
);

const clusterWith = (online: Readonly<Record<string, boolean>>): ClusterFacts => ({
  readFrom: 'c1',
  dcState: 'S_IDLE',
  cib,
  cibText: '',
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
      stillInMaintenance(clusterWith({ c1: true, c2: false })),
      /start Pacemaker on c2 /,
    );
    assert.match(stillInMaintenance(clusterWith({ c1: true })), /start Pacemaker on c2 /);
    assert.match(stillInMaintenance(undefined), /start Pacemaker on that node /);
  });

  it('says that Pacemaker runs everywhere, where something else has failed', () => {
    const said = stillInMaintenance(clusterWith({ c1: true, c2: true }));
    assert.match(said, /Pacemaker runs on every cluster node: fix the problem above, then apply/);
    assert.doesNotMatch(said, /start Pacemaker/);
  });
});

describe('a cluster that is given its resources back', () => {
  /** One that is busy for longer than anybody waits. */
  async function endMaintenanceWhileBusy(lab: FakeLab): Promise<readonly RunEvent[]> {
    const real = performance.now.bind(performance);
    let passed = 0;
    lab.dcState = () => {
      passed += 61_000;
      return 'S_TRANSITION_ENGINE';
    };
    performance.now = () => real() + passed;
    try {
      const events: RunEvent[] = [];
      const context: Pick<EditContext, 'queryNode' | 'emit'> & {
        readonly log: Pick<EditContext['log'], 'keepCib'>;
        readonly lease: Pick<EditContext['lease'], 'found'>;
      } = {
        queryNode: lab.host('c1'),
        lease: { found: () => undefined },
        emit: (event) => events.push(event),
        log: { keepCib: () => () => assert.fail('nothing is written') },
      };
      const [play = assert.fail()] = sitePlaybook.plays;
      await leaveMaintenance(context as EditContext, play, ['h1']);
      return events;
    } finally {
      performance.now = real;
    }
  }

  it('may take longer to recover what has failed: that is told, and keeps nobody from the rest', async () => {
    const reported = (await endMaintenanceWhileBusy(new FakeLab([]))).map((event) =>
      event.type === 'notice' ? event.message : event.type,
    );
    assert.deepEqual(reported, [
      'waiting',
      'maintenance mode has ended, but a transition is still in progress (no progress for 60 s): the run continues',
    ]);
  });

  it('stays in maintenance mode that somebody else has switched on', async () => {
    const lab = new FakeLab([]);
    lab.setProperty('maintenance-mode', 'true');
    await assert.rejects(endMaintenanceWhileBusy(lab), /another user has enabled maintenance mode/);
  });
});
