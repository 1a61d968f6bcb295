import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import { checkCluster } from '../../../src/plan/doctor/diagnose-cluster.ts';
import type { Examination } from '../../../src/model/diagnosis.ts';
import { crmMonXml } from '../../support/crm-mon.ts';

/** What is said of a cluster without quorum. */
function withoutQuorum(policy: string): string | undefined {
  const cibText = '<cib admin_epoch="0" epoch="1" num_updates="0" have-quorum="0"/>';
  const mon = readCrmMon(crmMonXml({ options: { 'no-quorum-policy': policy } }));
  const cluster = { readFrom: 'c1', cibText, cib: readCib(cibText), mon, dcState: 'S_IDLE' };
  const facts: Examination['facts'] = {
    clusterNodes: new Map(),
    remoteNodes: new Map(),
    guestNodes: new Map(),
    vms: new Map(),
    unreachable: new Map(),
    servers: new Map(),
    cluster,
  };
  const { findings } = checkCluster({ facts, clusterNodes: [] } as unknown as Examination);
  return findings.find(({ message }) => message === 'there is no quorum')?.hint;
}

describe('the cluster as doctor sees it', () => {
  it('does not start anything without quorum, unless the cluster does not mind', () => {
    assert.match(withoutQuorum('stop') ?? '', /without quorum nothing is started/);
    assert.match(
      withoutQuorum('ignore') ?? '',
      /with no-quorum-policy=ignore each partition of a split cluster starts all resources/,
    );
  });
});
