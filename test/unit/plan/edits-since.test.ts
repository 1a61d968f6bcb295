import assert from 'node:assert/strict';
import fc from 'fast-check';
import { guestNodeItem } from '../../../src/items/guest-node.ts';
import { connectionResourceItem } from '../../../src/items/connection-resource.ts';
import { nodeStateItem } from '../../../src/items/node-state.ts';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { applyOperations } from '../../../src/pacemaker/procedures/edit.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import { editsSince } from '../../../src/plan/undo/edits-since.ts';
import type { ClusterFacts } from '../../../src/model/facts.ts';
import type { CibItem } from '../../../src/model/item.ts';
import type { JoinedNode } from '../../../src/model/run-record.ts';
import { crmMonXml } from '../../support/crm-mon.ts';
import { guestNode, remoteNode } from '../../support/specs.ts';

const EMPTY = `<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/>
  <nodes><node id="1" uname="c1"/><node id="n" uname="n1" type="remote"><instance_attributes id="kept">
    <nvpair id="kept-colour" name="colour" value="blue"/><nvpair id="kept-standby" name="standby" value="true"/>
  </instance_attributes></node></nodes>
  <resources><primitive id="vm-n1" class="ocf" provider="heartbeat" type="VirtualDomain"/></resources>
  <constraints/></configuration><status/></cib>`;

const clusterWith = (cibText: string): ClusterFacts => ({
  readFrom: 'c1',
  cibText,
  cib: readCib(cibText),
  dcState: 'S_IDLE',
  mon: readCrmMon(crmMonXml({ connections: { n1: { on: 'c1' } } })),
});

/** What a run leaves that joins this, and what its record tells of it. */
function joinedBy(join: CibItem, state: CibItem, vm: string | undefined) {
  const reported = (item: CibItem, cluster: ClusterFacts) =>
    Object.fromEntries(
      (item.compare(cluster)?.attributes ?? []).map(({ name, after }) => [name, after ?? '']),
    );
  const empty = clusterWith(EMPTY);
  const name = join.host;
  const node: JoinedNode = {
    name,
    vm,
    hasFailed: false,
    desired: reported(join, empty),
    entry: reported(state, empty),
  };
  let text = EMPTY;
  for (const item of [join, state])
    text = applyOperations(text, item.compare(clusterWith(text))?.operations ?? []);
  return { node, text };
}

const edited = (text: string, from: string, to: string): string => {
  assert.ok(text.includes(from), text);
  return text.replace(from, to);
};

describe('edits since a run has joined a node', () => {
  const words = fc.stringMatching(/^[a-z]{1,6}$/);
  const seconds = fc.integer({ min: 1, max: 99 }).map((count) => `${count}s`);
  const attributes = fc.dictionary(words, words, { maxKeys: 3 });
  const port = fc.constantFrom(3121, 3199);
  const state = fc.constantFrom('online', 'standby', 'maintenance', undefined);
  const found = readCib(EMPTY);

  it('are none as long as nobody has edited it, whatever was wanted of a remote node', () => {
    const operations = fc.dictionary(
      fc.constantFrom('start', 'stop', 'monitor'),
      fc.record({ timeout: seconds, interval: seconds }, { requiredKeys: [] }),
    );
    const wishes = fc.record({
      port,
      attributes,
      state,
      operations,
      meta: attributes,
      reconnectInterval: fc.option(seconds, { nil: undefined }),
    });
    fc.assert(
      fc.property(wishes, (wish) => {
        const one = remoteNode('n1', wish);
        const { node, text } = joinedBy(connectionResourceItem(one), nodeStateItem(one), undefined);
        assert.deepEqual(editsSince(readCib(text), node, found), []);
      }),
    );
  });

  it('are none as long as nobody has edited it, whatever was wanted of a guest node', () => {
    const wishes = fc.record({
      port,
      attributes,
      state,
      connectTimeout: fc.option(seconds, { nil: undefined }),
      allowMigrate: fc.option(fc.boolean(), { nil: undefined }),
    });
    fc.assert(
      fc.property(wishes, (wish) => {
        const one = guestNode('n1', wish);
        const { node, text } = joinedBy(guestNodeItem(one), nodeStateItem(one), 'vm-n1');
        assert.deepEqual(editsSince(readCib(text), node, found), []);
      }),
    );
  });

  it('are told one by one, of whatever goes with the node', () => {
    const one = remoteNode('n1', { reconnectInterval: '60s', attributes: { rack: 'a1' } });
    const { node, text } = joinedBy(connectionResourceItem(one), nodeStateItem(one), undefined);
    const reported = (from: string, to: string) =>
      editsSince(readCib(edited(text, from, to)), node, found);
    for (const [from, to, edit] of [
      ['value="60s"', 'value="77s"', 'reconnect_interval 60s -> 77s'],
      [
        'interval="60s" timeout="30s"',
        'interval="60s" timeout="9s"',
        'monitor 60s timeout 30s -> 9s',
      ],
      ['value="a1"', 'value="b2"', 'node attribute rack a1 -> b2'],
      ['value="blue"', 'value="red"', 'node attribute colour blue -> red'],
      [
        '<constraints/>',
        '<constraints><rsc_location id="l" rsc="n1" node="c1" score="1"/><rsc_location id="m" rsc="vm-n1" node="n1" score="1"/></constraints>',
        'constraint or tag l',
      ],
    ] as const)
      assert.deepEqual(reported(from, to), [edit]);
  });

  it('are told of a guest as well, and of its machine only what makes it a node', () => {
    const one = guestNode('n1', { connectTimeout: '30s' });
    const { node, text } = joinedBy(guestNodeItem(one), nodeStateItem(one), 'vm-n1');
    const other = '<nvpair id="p" name="priority" value="7"/>';
    const now = edited(
      edited(text, 'value="30s"', 'value="9s"'),
      '</meta_attributes>',
      `${other}</meta_attributes>`,
    );
    assert.deepEqual(editsSince(readCib(now), node, found), ['remote-connect-timeout 30s -> 9s']);
  });
});
