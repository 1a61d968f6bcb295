import assert from 'node:assert/strict';
import {
  constraintsNaming,
  hasConnections,
  maintenanceMode,
  readCib,
} from '../../../src/pacemaker/cib/cib.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { fixture } from './fixtures.ts';

const HEAD = '<cib admin_epoch="0" epoch="1" num_updates="2">';

/** A CIB that holds just this. */
const cibWith = (sections: {
  readonly config?: string;
  readonly resources?: string;
  readonly nodes?: string;
}) =>
  readCib(
    `${HEAD}<configuration><crm_config>${sections.config ?? ''}</crm_config><nodes>${sections.nodes ?? ''}</nodes>` +
      `<resources>${sections.resources ?? ''}</resources></configuration></cib>`,
  );

const REMOTE = 'class="ocf" provider="pacemaker" type="remote"';

describe('the view of a CIB', () => {
  const cib = readCib(fixture('cib.xml'));

  it('tells version, quorum, DC and feature set', () => {
    assert.deepEqual(cib.version, { adminEpoch: 0, epoch: 10, numUpdates: 63, text: '0.10.63' });
    assert.equal(cib.haveQuorum, true);
    assert.equal(cib.dcUuid, '1');
    assert.equal(cib.featureSet, '3.20.0');
  });

  it('tells cluster nodes from the entries of remote nodes', () => {
    assert.deepEqual(cib.clusterNodes, [
      { id: '1', name: 'c1' },
      { id: '2', name: 'c2' },
    ]);
    const r2 = cib.nodeEntries.get('r2');
    assert.equal(r2?.type, 'remote');
    assert.equal(r2.standby, true);
    assert.equal(r2.maintenance, false);
    assert.equal(r2.attributes.get('standby')?.nvpairId, 'r2-custom-standby');
    assert.equal(cib.nodeEntries.get('r1')?.attributes.get('rack')?.value, 'a1 & "b"');
  });

  it('reads a connection as pcs wrote it', () => {
    const r2 = cib.remoteConnections.get('r2');
    assert.ok(r2);
    assert.equal(r2.server, '10.77.0.102');
    assert.equal(r2.port, 3122);
    assert.equal(r2.reconnectInterval, '60s');
    assert.equal(r2.targetRole, 'Stopped');
    assert.equal(r2.isManaged, true);
    assert.equal(r2.guarded, false);
    assert.equal(r2.instance.get('port')?.nvpairId, 'r2-instance_attributes-port');
    const start = r2.operations.find(({ name }) => name === 'start');
    assert.deepEqual(start, {
      id: 'r2-start-interval-0s',
      name: 'start',
      interval: '0s',
      timeout: '60s',
      onFail: undefined,
      others: {},
      inherited: false,
    });
    assert.deepEqual([...cib.remoteConnections.keys()], ['r1', 'r2']);
  });

  it('finds guests, bundles, fencing devices and who has been seen', () => {
    assert.deepEqual(
      cib.guestNodes.map(({ name, resource, server, port, allowMigrate }) => ({
        name,
        resource,
        server,
        port,
        allowMigrate,
      })),
      [{ name: 'guest1', resource: 'vm1', server: '10.77.0.201', port: 3121, allowMigrate: true }],
    );
    assert.deepEqual(cib.bundles, ['proxy']);
    assert.deepEqual(cib.fencingDevices, ['fence1']);
    assert.ok(cib.seen.has('r1') && !cib.seen.has('r5'));
    assert.ok(hasConnections(cib));
  });

  it('finds the constraints that name a node or a resource', () => {
    const naming = (name: string) => constraintsNaming(cib, name).map(({ id }) => id);
    assert.deepEqual(naming('r1'), ['d1-on-r1', 'r1-prefers-c2', 'proxy-not-remote']);
    assert.deepEqual(naming('web'), ['web-order']);
    assert.deepEqual(naming('r2'), []);
  });

  it('knows every id that is taken', () => {
    for (const id of ['r1', 'web', 'ping', 'd1-on-r1', 'nodes-r1-rack'])
      assert.ok(cib.ids.has(id), id);
    assert.equal(cib.ids.get('r1')?.name, 'node');
  });

  it('takes the header alone, as --no-children prints it', () => {
    const header = readCib('<cib admin_epoch="1" epoch="2" num_updates="3" have-quorum="0"/>');
    assert.equal(header.version.text, '1.2.3');
    assert.equal(header.haveQuorum, false);
    assert.equal(header.remoteConnections.size, 0);
  });

  it('refuses what is no CIB', () => {
    for (const text of ['<pacemaker-result/>', '<cib epoch="x"/>', '<cib>']) {
      assert.throws(() => readCib(text), OutriggerError);
    }
  });
});

describe('connections made by other hands', () => {
  it('have their id for an address and the usual port when nothing is said', () => {
    const r = cibWith({ resources: `<primitive id="r" ${REMOTE}/>` }).remoteConnections.get('r');
    assert.equal(r?.server, 'r');
    assert.equal(r.port, 3121);
    assert.equal(r.reconnectInterval, undefined);
    assert.equal(r.isManaged, true);
  });

  it('are found in a group, and it is told', () => {
    const resources = `<group id="g"><primitive id="r" ${REMOTE}/></group>`;
    assert.deepEqual(cibWith({ resources }).remoteConnections.get('r')?.enclosing, [
      { name: 'group', id: 'g' },
    ]);
  });

  it('take settings and operations from a template, and it is told', () => {
    const resources = `
      <template id="t" ${REMOTE}>
        <instance_attributes id="ti"><nvpair id="ti-p" name="port" value="3130"/><nvpair id="ti-s" name="server" value="x"/></instance_attributes>
        <operations><op id="t-start" name="start" interval="0" timeout="90"/></operations>
      </template>
      <primitive id="r" template="t">
        <instance_attributes id="ri"><nvpair id="ri-s" name="server" value="y"/></instance_attributes>
      </primitive>`;
    const r = cibWith({ resources }).remoteConnections.get('r');
    assert.ok(r?.agentFromTemplate);
    assert.equal(r.server, 'y');
    assert.equal(r.instance.get('server')?.inherited, false);
    assert.equal(r.port, 3130);
    assert.equal(r.instance.get('port')?.inherited, true);
    assert.deepEqual(
      r.operations.map(({ id, inherited }) => ({ id, inherited })),
      [{ id: 't-start', inherited: true }],
    );
  });

  it('are not taken for guarded or quiet because of an operator’s own settings', () => {
    const resources = `<primitive id="r" ${REMOTE}>
      <meta_attributes id="m"><nvpair id="m-i" name="is-managed" value="false"/></meta_attributes>
      <operations><op id="o" name="start" interval="0" on-fail="block"/></operations></primitive>`;
    const r = cibWith({ resources }).remoteConnections.get('r');
    assert.deepEqual([r?.guarded, r?.quiet, r?.isManaged], [false, false, false]);
    assert.equal(r?.operations[0]?.onFail, 'block');
  });
});

describe('settings of several blocks', () => {
  const managed = (blocks: string) =>
    cibWith({
      resources: `<primitive id="r" ${REMOTE}>${blocks}</primitive>`,
    }).remoteConnections.get('r')?.isManaged;
  const block = (id: string, value: string, more = '', inside = '') =>
    `<meta_attributes id="${id}" ${more}>${inside}<nvpair id="${id}-v" name="is-managed" value="${value}"/></meta_attributes>`;

  it('go by score, then by who stands later', () => {
    assert.equal(managed(block('a', 'true') + block('b', 'false')), false);
    assert.equal(managed(block('a', 'true', 'score="10"') + block('b', 'false')), true);
    assert.equal(
      managed(block('a', 'false', 'score="INFINITY"') + block('b', 'true', 'score="9"')),
      false,
    );
    assert.equal(
      managed(block('a', 'false', 'score="-INFINITY"') + block('b', 'true', 'score="-5"')),
      true,
    );
  });

  it('do not count where a rule decides', () => {
    assert.equal(managed(block('a', 'false', 'score="9"', '<rule id="x" score="1"/>')), true);
  });

  it('may be shared by reference, and are then not ours to change', () => {
    const resources = `<primitive id="d" class="ocf" provider="pacemaker" type="Dummy">${block('a', 'false')}</primitive>
      <primitive id="r" ${REMOTE}><meta_attributes id-ref="a"/></primitive>`;
    const r = cibWith({ resources }).remoteConnections.get('r');
    assert.equal(r?.isManaged, false);
    assert.equal(r.meta.get('is-managed')?.inherited, true);
  });
});

describe('cluster options', () => {
  const option = (name: string, value: string) =>
    cibWith({
      config: `<cluster_property_set id="p"><nvpair id="p-v" name="${name}" value="${value}"/></cluster_property_set>`,
    });

  it('have Pacemaker’s defaults', () => {
    const none = cibWith({});
    assert.ok(!maintenanceMode(none) && !hasConnections(none));
  });

  it('are read in any case', () => {
    assert.equal(maintenanceMode(option('maintenance-mode', 'TRUE')), true);
  });

  it('count first in the block that Pacemaker looks at first', () => {
    const set = (id: string, value: string, more = '') =>
      `<cluster_property_set id="${id}" ${more}><nvpair id="${id}-v" name="maintenance-mode" value="${value}"/></cluster_property_set>`;
    const config = set('cib-bootstrap-options', 'true') + set('other', 'false', 'score="INFINITY"');
    assert.ok(maintenanceMode(cibWith({ config })));
  });
});
