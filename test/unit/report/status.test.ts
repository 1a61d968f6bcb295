import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import { statusAsJson } from '../../../src/report/status/status-json.ts';
import { renderStatus } from '../../../src/report/status/status-text.ts';
import { guestNode, remoteNode, sshTo } from '../../support/specs.ts';
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

const declaredBy = (remotes: readonly string[], guests: readonly string[] = []) => ({
  clusterNodes: ['c1', 'c2'].map((name) => ({ name, address: name, connection: sshTo })),
  remoteNodes: remotes.map((name) => remoteNode(name)),
  guestNodes: guests.map((name) => guestNode(name)),
  absent: { remoteNodes: [], guestNodes: [] },
});

const spec = declaredBy(['r1', 'r2', 'r10'], ['g1']);

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

describe('the status of a cluster', () => {
  it('is a few tables for people', () => {
    assertGolden('status.txt', renderStatus({ mon, cib }, spec));
  });

  it('is a document for programs', () => {
    assertGolden('status.json.txt', statusAsJson({ mon, cib }, spec));
  });

  it('keeps control characters to itself', () => {
    assert.doesNotMatch(renderStatus({ mon, cib }, spec), /[^\P{C}\n]/u);
    assert.doesNotMatch(statusAsJson({ mon, cib }, spec), /[^\P{C}\n]/u);
  });

  it('keeps the passwords of fence devices to itself', () => {
    assert.doesNotMatch(
      renderStatus({ mon, cib }, spec) + statusAsJson({ mon, cib }, spec),
      /hunter2/,
    );
  });

  it('tells of a cluster that has nothing yet', () => {
    const empty = readCib(
      '<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration></cib>',
    );
    const silent = readCrmMon(
      '<pacemaker-result><status code="0" message="OK"/></pacemaker-result>',
    );
    assert.equal(
      renderStatus({ mon: silent, cib: empty }, { ...declaredBy([]), clusterNodes: [] }),
      'Cluster (without a name): no DC, no quorum, fencing on\n\n0 of 0 cluster nodes online, 0 of 0 remote nodes in\n',
    );
  });

  it('counts the nodes that are declared, not those that the cluster has', () => {
    const more = declaredBy(['r1', 'r10', 'r11'], ['g1', 'g2']);
    const text = renderStatus({ mon, cib }, more);
    assert.match(text, /^ {2}r11 +not online: it is not in the cluster +- +192\.0\.2\.21:3121/m);
    assert.match(text, /^ {2}r2 .*, not in the inventory/m);
    assert.equal(
      lastLine(text),
      '2 of 2 cluster nodes online, 2 of 3 remote nodes in (1 not in the inventory), 1 of 2 guest nodes in, 1 failure',
    );
  });

  it('says the same to programs', () => {
    const { remoteNodes } = JSON.parse(
      statusAsJson({ mon, cib }, declaredBy(['r1', 'r11'], ['g1'])),
    ) as { remoteNodes: Record<string, unknown>[] };
    assert.deepEqual(
      remoteNodes.map(({ name, isOnline, notOnline, declared }) => [
        name,
        isOnline,
        notOnline,
        declared,
      ]),
      [
        ['r1', true, null, 'present'],
        ['r2', false, 'failed', 'not-declared'],
        ['r10', true, null, 'not-declared'],
        ['r11', false, 'not-in-cluster', 'present'],
      ],
    );
  });

  it('does not count a node that is to be removed', () => {
    const leaving = {
      ...declaredBy(['r1'], ['g1']),
      absent: { remoteNodes: ['r2', 'r10', 'r12'].map((name) => remoteNode(name)), guestNodes: [] },
    };
    const text = renderStatus({ mon, cib }, leaving);
    assert.doesNotMatch(text, /r12/);
    assert.match(
      lastLine(text),
      /, 1 of 1 remote node in \(2 to be removed\), 1 of 1 guest node in,/,
    );
  });

  it('counts a cluster node that is declared and that the cluster does not have', () => {
    const [first] = spec.clusterNodes;
    assert.ok(first);
    const three = { ...spec, clusterNodes: [...spec.clusterNodes, { ...first, name: 'c3' }] };
    assert.match(
      lastLine(renderStatus({ mon, cib }, three)),
      /^2 of 3 cluster nodes online \(the cluster has 2\), /,
    );
  });
});
