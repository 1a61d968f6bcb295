import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/crm-mon.ts';
import { statusAsJson } from '../../../src/report/status-json.ts';
import { renderStatus } from '../../../src/report/status-text.ts';
import { assertGolden } from './golden.ts';

const monNode = (name: string, attributes: string): string =>
  `<node name="${name}" id="${name}" pending="false" shutdown="false" ${attributes}/>`;

const calm = 'standby="false" maintenance="false" unclean="false"';

const monResource = (id: string, agent: string, more: string, on: readonly string[]): string =>
  `<resource id="${id}" resource_agent="${agent}" orphaned="false" ${more}>${on.map((name) => `<node name="${name}"/>`).join('')}</resource>`;

const started = 'role="Started" active="true" managed="true" failed="false" blocked="false"';
const stopped = 'role="Stopped" active="false" managed="true" failed="true" blocked="false"';
const REMOTE = 'ocf:pacemaker:remote';

const mon = readCrmMon(`<pacemaker-result api-version="2.36" request="crm_mon">
  <summary><current_dc present="true" name="c1" version="3.0.0-5.1" with_quorum="true"/></summary>
  <nodes>
    ${monNode('c2', `online="true" standby="true" maintenance="false" unclean="false" is_dc="false" type="member"`)}
    ${monNode('c1', `online="true" ${calm} is_dc="true" type="member"`)}
    ${monNode('r1', `online="true" ${calm} type="remote"`)}
    ${monNode('r2', `online="false" ${calm} type="remote"`)}
    ${monNode('r10', `online="true" standby="true" maintenance="false" unclean="false" type="remote"`)}
    ${monNode('g1', `online="true" ${calm} type="remote" id_as_resource="vm-g1"`)}
  </nodes>
  <resources>
    ${monResource('r1', REMOTE, started, ['c1'])}
    ${monResource('r2', REMOTE, stopped, [])}
    ${monResource('r10', REMOTE, started, ['c2'])}
    ${monResource('vm-g1', 'ocf:heartbeat:VirtualDomain', started, ['c1'])}
    ${monResource('g1', REMOTE, started, ['c1'])}
    ${monResource('web', 'ocf:heartbeat:apache', started, ['r1'])}
    ${monResource('db', 'ocf:heartbeat:pgsql', started, ['r1'])}
  </resources>
  <failures><failure op_key="r2_start_0" node="c1" exitstatus="error" exitreason="no answer\u009b31m" status="Error" task="start"/></failures>
  <status code="0" message="OK"/>
</pacemaker-result>`);

const remote = (id: string, server: string, start = '', more = ''): string =>
  `<primitive id="${id}" class="ocf" provider="pacemaker" type="remote">
     <instance_attributes id="${id}-i"><nvpair id="${id}-i-server" name="server" value="${server}"/></instance_attributes>
     <operations><op id="${id}-start-0s" name="start" interval="0s">${start}</op></operations>${more}
   </primitive>`;

const cib =
  readCib(`<cib admin_epoch="0" epoch="9" num_updates="0" have-quorum="1" dc-uuid="1"><configuration>
  <crm_config><cluster_property_set id="cib-bootstrap-options">
    <nvpair id="o1" name="cluster-name" value="lab"/><nvpair id="o2" name="stonith-enabled" value="false"/>
  </cluster_property_set></crm_config>
  <nodes><node id="1" uname="c1"/><node id="2" uname="c2"/></nodes>
  <resources>
    ${remote('r10', '2001:db8::10', '', '<meta_attributes id="outrigger-quiet-r10" score="INFINITY"><nvpair id="q1" name="is-managed" value="false"/></meta_attributes>')}
    ${remote('r1', '192.0.2.21')}
    ${remote('r2', '192.0.2.22', '<meta_attributes id="outrigger-guard-r2"><nvpair id="g1-x" name="on-fail" value="block"/></meta_attributes>')}
    <primitive id="vm-g1" class="ocf" provider="heartbeat" type="VirtualDomain">
      <meta_attributes id="vm-g1-m"><nvpair id="vm-g1-n" name="remote-node" value="g1"/><nvpair id="vm-g1-a" name="remote-addr" value="192.0.2.41"/></meta_attributes>
    </primitive>
    <primitive id="fence" class="stonith" type="fence_ipmilan"><instance_attributes id="f-i">
      <nvpair id="f-p" name="password" value="hunter2"/></instance_attributes></primitive>
    <primitive id="web" class="ocf" provider="heartbeat" type="apache"/>
    <primitive id="db" class="ocf" provider="heartbeat" type="pgsql"/>
  </resources><constraints/></configuration><status/></cib>`);

describe('the status of a cluster', () => {
  it('is a few tables for people', () => {
    assertGolden('status.txt', renderStatus({ mon, cib }));
  });

  it('is a document for programs', () => {
    assertGolden('status.json.txt', statusAsJson({ mon, cib }));
  });

  it('keeps control characters to itself', () => {
    assert.doesNotMatch(renderStatus({ mon, cib }), /[^\P{C}\n]/u);
    assert.doesNotMatch(statusAsJson({ mon, cib }), /[^\P{C}\n]/u);
  });

  it('keeps the passwords of fence devices to itself', () => {
    assert.doesNotMatch(renderStatus({ mon, cib }) + statusAsJson({ mon, cib }), /hunter2/);
  });

  it('tells of a cluster that has nothing yet', () => {
    const empty = readCib(
      '<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration></cib>',
    );
    const silent = readCrmMon(
      '<pacemaker-result><status code="0" message="OK"/></pacemaker-result>',
    );
    assert.equal(
      renderStatus({ mon: silent, cib: empty }),
      'Cluster (without a name): no DC, no quorum, fencing on\n\n0 of 0 cluster nodes online, 0 of 0 remote nodes in\n',
    );
  });
});
