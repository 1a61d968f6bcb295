/** Maintenance mode while credentials change, or after an interrupted run: ended by hand, switched on, and with Pacemaker away. */
import assert from 'node:assert/strict';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import { vmOf } from '../../../src/pacemaker/status/vm-state.ts';
import { inOrder } from '../../support/in-order.ts';
import {
  certificatesUsed,
  connectedCluster,
  type CredentialCluster,
} from '../credential-cluster.ts';
import { labDown } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { applied, assertInSync, assertQuiet, plan, settled, type Line } from '../outrigger.ts';
import { assertNothingLeft, isRestartOfPacemaker, killedAt, startRun } from '../story-run.ts';
import { photograph } from '../workload.ts';

const NAME = 'story-maintenance-mode';
const CONVERT = ['--allow', 'credentials-converted'];
const END = 'crm_attribute --name maintenance-mode --update false';

describe('maintenance mode for a change of credentials', function () {
  inOrder(this); // each step stands on the one before
  let cluster: CredentialCluster;

  before(async function () {
    cluster = await connectedCluster(this, { name: NAME, fencing: false, bareHosts: 1 });
  });

  after(() => labDown(NAME));

  async function noResourceNotices(inventory: string, work: () => Promise<void>): Promise<void> {
    const { lab } = cluster;
    const before = await photograph(lab);
    await work();
    await settled(lab);
    assert.deepEqual(await photograph(lab), before);
    await assertQuiet(lab);
    await assertNothingLeft(lab);
    assert.match(await lab.crmMon(), /maintenance-mode="false"/);
    await assertInSync(lab, inventory);
  }

  it('that somebody ends after a run that died is set again by the next apply, which goes on', async () => {
    const { lab, withCertificates } = cluster;
    await noResourceNotices(withCertificates, async () => {
      const args = ['apply', '-i', withCertificates, ...CONVERT];
      await killedAt(lab, args, (line) => isRestartOfPacemaker(line));
      await settled(lab);
      await lab.sh('c1', END);
      await settled(lab);
      await applied(lab, 0, ['-i', withCertificates, ...CONVERT]);
    });
    assert.deepEqual(await certificatesUsed(lab), ['4', '4', '4', '4']);
  });

  it('that somebody ends between two restarts of Pacemaker is set again before the second', async () => {
    const { lab, withKey } = cluster;
    await noResourceNotices(withKey, async () => {
      let ends: Promise<string> | undefined;
      const { ended } = startRun(lab, ['apply', '-i', withKey, ...CONVERT], (line) => {
        if (line.type === 'waiting' && line.message.endsWith('for c1 to rejoin the cluster'))
          ends = lab.sh('c2', END);
      });
      const { code, stderr } = await ended;
      assert.equal(code, 0, stderr);
      assert.ok(ends !== undefined, 'nobody has ended it');
      await ends;
    });
    assert.deepEqual(await certificatesUsed(lab), ['0', '0', '0', '0']);
  });

  it('that somebody switches on meanwhile stays on, and the next apply goes on when it is ended', async () => {
    const { lab, withCertificates } = cluster;
    await noResourceNotices(withCertificates, async () => {
      let switched: Promise<string> | undefined;
      const reported: Line[] = [];
      const { ended } = startRun(lab, ['apply', '-i', withCertificates, ...CONVERT], (line) => {
        reported.push(line);
        if (line.type === 'waiting' && line.message.endsWith('for c1 to rejoin the cluster'))
          switched = lab.sh('c2', 'crm_attribute --name maintenance-mode --update true');
      });
      const { code, stderr } = await ended;
      assert.equal(code, 4, stderr);
      assert.match(
        JSON.stringify(reported),
        /somebody has switched maintenance mode on meanwhile, and it stays on/,
      );
      assert.ok(switched !== undefined, 'nobody has switched it on');
      await switched;
      assert.match(await lab.crmMon(), /maintenance-mode="true"/);
      await lab.sh('c1', END);
      await settled(lab);
      await applied(lab, 0, ['-i', withCertificates, ...CONVERT]);
    });
    assert.deepEqual(await certificatesUsed(lab), ['4', '4', '4', '4']);
  });

  it('makes no stopped machine of one that runs where Pacemaker is just being restarted', async () => {
    const { lab, withKey } = cluster;
    const home = (await homeOf(lab, 'vm-v1')) ?? assert.fail();
    await noResourceNotices(withKey, async () => {
      const args = ['apply', '-i', withKey, ...CONVERT];
      await killedAt(lab, args, (line) => isRestartOfPacemaker(line, home));
      await lab.sh(home, 'systemctl stop pacemaker');
      assert.equal(await homeOf(lab, 'vm-v1'), undefined, 'the cluster knows of it still');
      await plan(lab, withKey); // would be refused
      await lab.sh(home, 'systemctl start --no-block pacemaker');
      await applied(lab, 0, ['-i', withKey, ...CONVERT]);
    });
    assert.deepEqual(await certificatesUsed(lab), ['0', '0', '0', '0']);
  });
});

/** The node on which the cluster sees a resource run. */
const homeOf = async (lab: Lab, resource: string): Promise<string | undefined> =>
  vmOf(readCrmMon(await lab.crmMon()), resource)?.nodes[0];
