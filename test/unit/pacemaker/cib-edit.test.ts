import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { combine } from '../../../src/pacemaker/edits/combine.ts';
import {
  applyOperations,
  applyToTree,
  connectionDifferences,
  deleteXPath,
  guard,
  join,
  nodeDifferences,
  protect,
  quietlyProtected,
  release,
  removeConnections,
  unprotect,
  updateConnections,
  type CibOperation,
} from '../../../src/pacemaker/procedures/edit.ts';
import { walk } from '../../../src/pacemaker/basics/xml.ts';
import { fixture, desired } from './fixtures.ts';
import { cases } from '../../support/cases.ts';

const before = fixture('cib.xml');
const cib = readCib(before);

const JOINING = [
  desired('r5'),
  desired('r6', {
    port: 3122,
    meta: { 'resource-stickiness': '10' },
    operations: { start: { timeout: '90s' }, monitor: { interval: '30s', timeout: '20s' } },
  }),
  desired('r2', { server: '10.77.0.102', port: 3122 }),
];
const joined = fixture('cibadmin/join.xml');
const joinedCib = readCib(joined);

/** The edits by one call of cibadmin each, and the file it left. */
const edited = (name: string, from: string, operations: readonly CibOperation[]) => {
  assert.equal(applyOperations(from, operations), fixture(`cibadmin/${name}.xml`));
};

const kinds = (operations: readonly CibOperation[]) => operations.map(({ kind }) => kind);

describe('every edit leaves what cibadmin leaves', () => {
  it('join', () => {
    const operations = join(cib, JOINING);
    assert.deepEqual(kinds(operations), ['merge']);
    edited('join', before, operations);
  });

  it('release', () => {
    const operations = release(joinedCib, [
      { name: 'r5', state: 'online', attributes: {} },
      { name: 'r6', state: 'maintenance', attributes: { rack: 'a"<1>' } },
      { name: 'r2', state: 'online', attributes: {} },
      { name: 'r1', state: 'standby', attributes: { rack: 'b2', '#health-x': 'green' } },
    ]);
    assert.deepEqual(kinds(operations), ['merge', 'delete']);
    edited('release', joined, operations);
  });

  it('update', () => {
    const r1 = desired('r1', {
      server: '10.9.9.9',
      reconnectInterval: '30s',
      port: 3130,
      operations: {
        start: { timeout: '120s' },
        monitor: { timeout: '0.5min' },
        notify: { timeout: '5s' },
      },
      meta: { 'allow-migrate': 'false' },
    });
    const r2 = desired('r2', { server: '10.77.0.102', meta: { 'target-role': 'Started' } });
    edited('update', before, updateConnections(cib, [r1, r2]));
  });

  it('protect and unprotect', () => {
    const all = ['r1', 'd1', 'web-ip', 'web-server', 'ping', 'proxied', 'proxy', 'vm1'];
    edited('protect', before, protect(cib, all));
    const quiet = fixture('cibadmin/protect.xml');
    assert.deepEqual([...quietlyProtected(readCib(quiet))].sort(), all.sort());
    edited('unprotect', quiet, unprotect(['r1', 'web-ip', 'proxy', 'nothing']));
  });

  it('guard', () => {
    edited('guard', before, guard(cib, ['r1', 'r2']));
  });

  it('remove', () => {
    edited('remove', joined, removeConnections(joinedCib, ['r1', 'r2', 'r5', 'r6']));
  });
});

describe('join', () => {
  it('changes nothing the second time, whatever the names', () => {
    const name = fc
      .stringMatching(/^[A-Za-z_][A-Za-z0-9._-]{0,12}$/)
      .filter((id) => !cib.ids.has(id));
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 4 }), (names) => {
        const nodes = names.map((id) => desired(id));
        const once = applyToTree(cib.root, join(cib, nodes));
        assert.equal(applyToTree(once, join(cib, nodes)), once);
        const ids = [...walk(once)].map(
          ({ name: kind, attributes: { id } }) => `${kind} ${id ?? ''}`,
        );
        const own = ids.filter((id) => /^(primitive|op|nvpair|meta_attributes) /.test(id));
        assert.equal(new Set(own).size, own.length);
      }),
      { numRuns: cases(50) },
    );
  });

  it('marks as seen only who was not', () => {
    const text = applyOperations(before, join(cib, [desired('r1'), desired('r5')]));
    assert.equal(text.split('<node_state ').length - before.split('<node_state ').length, 1);
  });

  it('makes a connection that needs no change, guarded and in standby', () => {
    for (const declaredOne of JOINING) {
      const have = joinedCib.remoteConnections.get(declaredOne.name);
      assert.ok(have?.guarded);
      assert.deepEqual(connectionDifferences(have, declaredOne), []);
      assert.equal(joinedCib.nodeEntries.get(declaredOne.name)?.standby, true);
    }
  });

  it('refuses a name that cannot be an id', () => {
    for (const name of ["r'5", '5r', 'r 5', 'r:5', '', 'é']) {
      assert.throws(() => join(cib, [desired(name)]), /is not a valid id/);
    }
  });
});

describe('release', () => {
  it('undoes all of join but the connection itself', () => {
    const online = { state: 'online', attributes: {} } as const;
    const released = applyOperations(joined, release(joinedCib, [{ name: 'r5', ...online }]));
    const after = readCib(released);
    assert.equal(after.remoteConnections.get('r5')?.guarded, false);
    assert.equal(after.nodeEntries.has('r5'), false);
    assert.deepEqual(release(after, [{ name: 'r5', ...online }]), []);
  });

  it('asks for nothing where all is as wanted, also in other words', () => {
    assert.deepEqual(
      release(cib, [{ name: 'r1', state: 'online', attributes: { rack: 'a1 & "b"' } }]),
      [],
    );
    assert.deepEqual(
      nodeDifferences(cib.nodeEntries.get('r2'), { name: 'r2', state: 'standby', attributes: {} }),
      [],
    );
  });

  it('leaves attributes alone that nobody declared', () => {
    const text = applyOperations(
      before,
      release(cib, [{ name: 'r1', state: 'standby', attributes: {} }]),
    );
    const back = applyOperations(
      text,
      release(readCib(text), [{ name: 'r1', state: 'online', attributes: {} }]),
    );
    assert.equal(readCib(back).nodeEntries.get('r1')?.attributes.get('rack')?.value, 'a1 & "b"');
  });
});

describe('an update in place', () => {
  it('takes the same duration in other words for the same', () => {
    const same = desired('r1', {
      server: '10.77.0.101',
      reconnectInterval: '1min',
      operations: { start: { interval: '0', timeout: '60' }, monitor: { timeout: '30000ms' } },
    });
    const have = cib.remoteConnections.get('r1');
    assert.ok(have);
    assert.deepEqual(connectionDifferences(have, same), []);
    assert.deepEqual(updateConnections(cib, [same, desired('r9')]), []);
  });

  it('comes to rest: afterwards nothing differs', () => {
    const declaredOne = desired('r1', {
      server: 'x',
      port: 4000,
      meta: { 'target-role': 'Started', b: 'yes' },
      operations: { start: { timeout: '3m' }, other: { interval: '7s' } },
    });
    const after = readCib(applyOperations(before, updateConnections(cib, [declaredOne])));
    assert.deepEqual(updateConnections(after, [declaredOne]), []);
    assert.equal(after.ids.size, cib.ids.size + 5);
  });

  it('does not touch a template, and keeps what it set on an operation', () => {
    const text = `<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><nodes/><resources>
      <template id="t" class="ocf" provider="pacemaker" type="remote">
        <instance_attributes id="ti"><nvpair id="ti-s" name="server" value="10.77.0.11"/></instance_attributes>
        <operations><op id="ts" name="start" interval="0s" timeout="90s" on-fail="block" record-pending="true"/></operations>
      </template><primitive id="r1" template="t"/></resources></configuration></cib>`;
    const declaredOne = desired('r1', { server: 'y', operations: { start: { timeout: '99s' } } });
    const after = readCib(applyOperations(text, updateConnections(readCib(text), [declaredOne])));
    assert.equal(after.ids.get('ti-s')?.attributes['value'], '10.77.0.11');
    const start = after.remoteConnections.get('r1')?.operations[0];
    assert.deepEqual(
      [start?.timeout, start?.onFail, start?.others],
      ['99s', 'block', { 'record-pending': 'true' }],
    );
    assert.equal(after.remoteConnections.get('r1')?.server, 'y');
  });
});

describe('protection', () => {
  it('goes without a trace, whatever the operator had set', () => {
    const all = [...cib.primitives.keys(), ...cib.bundles];
    const quiet = applyOperations(before, protect(cib, all));
    const after = applyOperations(quiet, unprotect(quietlyProtected(readCib(quiet))));
    const body = (text: string) => text.slice(text.indexOf('\n'));
    assert.equal(body(after), body(before));
  });

  it('does not change what is read as the operator’s own setting', () => {
    const quiet = readCib(applyOperations(before, protect(cib, ['r1'])));
    const r1 = quiet.remoteConnections.get('r1');
    assert.deepEqual([r1?.quiet, r1?.isManaged], [true, true]);
  });

  it('refuses what is not in the CIB', () => {
    assert.throws(() => protect(cib, ['ghost']), /ghost cannot be protected/);
  });
});

describe('removal', () => {
  const text = `<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><nodes/><resources>
      <primitive id="r1" class="ocf" provider="pacemaker" type="remote"/>
      <primitive id="d1" class="ocf" provider="pacemaker" type="Dummy"/>
      <primitive id="d2" class="ocf" provider="pacemaker" type="Dummy"/></resources>
    <constraints>
      <rsc_order id="mixed"><resource_set id="s1"><resource_ref id="r1"/><resource_ref id="d1"/></resource_set>
        <resource_set id="s2"><resource_ref id="r1"/></resource_set></rsc_order>
      <rsc_ticket id="alone" ticket="t"><resource_set id="s3"><resource_ref id="r1"/></resource_set></rsc_ticket>
      <rsc_colocation id="direct" rsc="d1" with-rsc="r1"/>
      <rsc_location id="node" rsc="d1" node="r1" score="1"/>
      <rsc_order id="others" first="d1" then="d2"/>
    </constraints>
    <acls><acl_role id="a"><acl_permission id="p1" kind="read" reference="r1"/><acl_permission id="p2" kind="read" reference="d1"/></acl_role></acls>
    <tags><tag id="both"><obj_ref id="r1"/><obj_ref id="d1"/></tag><tag id="only"><obj_ref id="r1"/></tag></tags>
    </configuration></cib>`;

  it('takes what refers to the connection along, and nothing else', () => {
    const parsed = readCib(text);
    const after = readCib(applyOperations(text, removeConnections(parsed, ['r1'])));
    const gone = [...parsed.ids.keys()].filter((id) => !after.ids.has(id)).sort();
    assert.deepEqual(gone, ['alone', 'direct', 'only', 'p1', 'r1', 's2', 's3']);
    assert.deepEqual(after.constraints.find(({ id }) => id === 'mixed')?.resources, ['d1']);
  });

  it('finds a reference only within its owner', () => {
    const [operation] = removeConnections(readCib(text), ['r1']);
    assert.equal(operation?.kind, 'delete');
    const xpath = deleteXPath(operation);
    assert.ok(xpath.includes("//resource_set[@id='s1']/resource_ref[@id='r1']"));
    assert.ok(xpath.includes("//tag[@id='both']/obj_ref[@id='r1']"));
  });

  it('never deletes the entry of a cluster node', () => {
    assert.deepEqual(removeConnections(cib, ['c1', '1', 'nobody']), []);
  });
});

describe('many edits in few calls', () => {
  const names = Array.from({ length: 1500 }, (_, index) => `n${index}`);

  it('one merge for any number, deletions by the thousand', () => {
    const operations = join(
      cib,
      names.map((name) => desired(name)),
    );
    assert.equal(operations.length, 1);
    const calls = unprotect(names).map((operation) =>
      operation.kind === 'delete' ? deleteXPath(operation) : '',
    );
    assert.equal(calls.length, 2);
    for (const call of calls) assert.ok(call.length < 128 * 1024);
  });

  it('the edits of many nodes combine into the same result', () => {
    const one = join(cib, JOINING);
    const each = JOINING.flatMap((declaredOne) => join(cib, [declaredOne]));
    const { deletes, merge } = combine([...each, ...unprotect(['a']), ...unprotect(['b'])]);
    assert.ok(merge);
    assert.equal(
      applyOperations(before, [{ kind: 'merge', fragment: merge }]),
      applyOperations(before, one),
    );
    assert.deepEqual(deletes, [
      "//meta_attributes[@id='outrigger-quiet-a' or @id='outrigger-quiet-b']",
    ]);
  });

  it('a change of the status alone moves num_updates on, no change nothing', () => {
    const state = { element: 'node_state', id: 'r1' };
    const status = readCib(applyOperations(before, [{ kind: 'delete', targets: [state] }]));
    assert.equal(status.version.text, '0.10.64');
    assert.equal(applyOperations(before, unprotect(['r1'])), before);
  });
});
