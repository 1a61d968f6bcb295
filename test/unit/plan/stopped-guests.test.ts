import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { applyOperations, beginMaintenance } from '../../../src/pacemaker/procedures/edit.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import type { ClusterFacts, Facts } from '../../../src/model/facts.ts';
import { findStoppedGuests } from '../../../src/plan/problems/stopped-guests.ts';
import { crmMonXml, type Reported } from '../../support/crm-mon.ts';
import { hostFacts } from '../../support/specs.ts';

const record = (node: string): string =>
  `<node_state uname="${node}"><lrm id="${node}"><lrm_resources><lrm_resource id="vm-g1">
  <lrm_rsc_op operation="monitor" rc-code="7"/></lrm_resource></lrm_resources></lrm></node_state>`;

const cibWith = (probedOn: readonly string[]): string =>
  `<cib admin_epoch="0" epoch="7" num_updates="1"><configuration><crm_config/>
  <nodes><node id="1" uname="c1"/><node id="2" uname="c2"/></nodes><resources>
  <primitive id="vm-g1" class="ocf" provider="heartbeat" type="VirtualDomain"><meta_attributes id="m">
  <nvpair id="n" name="remote-node" value="g1"/></meta_attributes></primitive></resources><constraints/></configuration>
  <status>${probedOn.map(record).join('')}</status></cib>`;

interface Window {
  readonly answers?: boolean;
  readonly inMaintenanceMode?: boolean;
  readonly probedOn?: readonly string[];
  readonly reported?: Reported;
}

/** The guest nodes that count as stopped; the cluster reports the VM of g1 as stopped. */
function stopped({
  answers = true,
  inMaintenanceMode = true,
  probedOn = ['c1', 'c2'],
  reported = {},
}: Window): readonly string[] {
  const before = cibWith(probedOn);
  const cibText = inMaintenanceMode
    ? applyOperations(before, beginMaintenance(readCib(before)))
    : before;
  const cluster: ClusterFacts = {
    readFrom: 'c1',
    cib: readCib(cibText),
    cibText,
    mon: readCrmMon(crmMonXml({ vms: { 'vm-g1': {} }, ...reported })),
    dcState: 'S_IDLE',
  };
  const facts: Facts = {
    clusterNodes: new Map(),
    remoteNodes: new Map(),
    guestNodes: new Map(answers ? [['g1', hostFacts('g1')]] : []),
    unreachable: new Map(),
    servers: new Map(),
    vms: new Map([['g1', 'vm-g1']]),
    cluster,
  };
  return findStoppedGuests(facts, cluster).map(({ host }) => host);
}

describe('a guest node whose machine the cluster reports as stopped', () => {
  it('is left alone, also when its address answers', () => {
    assert.deepEqual(stopped({}), ['g1']);
    assert.deepEqual(stopped({ inMaintenanceMode: false }), ['g1']);
    assert.deepEqual(stopped({ answers: false, probedOn: ['c1'] }), ['g1']);
  });

  it('is not when it answers, and a run that died is restarting Pacemaker where the machine may run', () => {
    assert.deepEqual(stopped({ probedOn: ['c1'] }), [], 'c2 is back, and has not told yet');
    assert.deepEqual(
      stopped({ reported: { down: ['c2'] } }),
      [],
      'what is on record is from before',
    );
  });

  it('is when the cluster node is down for another reason', () => {
    assert.deepEqual(stopped({ inMaintenanceMode: false, reported: { down: ['c2'] } }), ['g1']);
  });
});
