import assert from 'node:assert/strict';
import fc from 'fast-check';
import { applyOperations } from '../../../src/pacemaker/procedures/edit.ts';
import { fenceCoverage } from '../../../src/pacemaker/edits/fencing.ts';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import {
  escapedPlug,
  plugsInMap,
  readsEscapedPlugs,
  withoutEntry,
} from '../../../src/pacemaker/basics/fence-lists.ts';

const cibWith = (map: string, version = '3.0.0-abc'): string =>
  `<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config>
    <cluster_property_set id="cib-bootstrap-options">
      <nvpair id="v" name="dc-version" value="${version}"/></cluster_property_set></crm_config><resources>
    <primitive id="vc" class="stonith" type="fence_vmware_rest"><instance_attributes id="i">
      <nvpair id="i-map" name="pcmk_host_map" value="${map}"/>
    </instance_attributes></primitive></resources></configuration></cib>`;

const coverage = (text: string, node: string, plug: string) =>
  fenceCoverage(readCib(text), { node, device: 'vc', plug });

describe('a plug with blanks', () => {
  it('is read as the fencer reads it: what follows a backslash separates nothing', () => {
    // daemons/fenced/fenced_commands.c, build_port_aliases, of 2.1.2 and later.
    const read = (map: string): [string, string][] => [...plugsInMap(map)];
    assert.deepEqual(read('h1:my\\ vm\\ 1'), [['h1', 'my vm 1']]);
    assert.deepEqual(read('h1:my\\ vm\\ 1;h2=a\\;b h3:c\\:d'), [
      ['h1', 'my vm 1'],
      ['h2', 'a;b'],
      ['h3', 'c:d'],
    ]);
    assert.deepEqual(read('h1:1;h2:2\\'), [['h1', '1']]);
    assert.deepEqual(read('a:b:c;:d;e'), [['b', 'c']]);
  });

  it('is written so that it is read as it was, beside others and in any order', () => {
    const plug = fc.stringMatching(/^[A-Za-z0-9;:=,()_-]+( +[A-Za-z0-9;:=,()_-]+)*$/);
    fc.assert(
      fc.property(fc.array(plug, { minLength: 1, maxLength: 5 }), (plugs) => {
        const entries = plugs.map((one, index) => `r${String(index)}:${escapedPlug(one)}`);
        const map = entries.join(';');
        assert.deepEqual([...plugsInMap(map).values()], plugs);
        const left = plugs.slice(0, -1);
        assert.deepEqual(
          [...plugsInMap(withoutEntry(map, entries.at(-1) ?? '', 'map')).values()],
          left,
        );
      }),
    );
  });

  it('is added to a map and found there, and belongs to one node', () => {
    const before = cibWith('c1:VM\\ of\\ c1');
    const desired = coverage(before, 'h1', 'my vm 1');
    assert.ok(desired.kind === 'extend');
    const after = applyOperations(before, [desired.operation]);
    assert.equal(
      readCib(after).ids.get('i-map')?.attributes['value'],
      'c1:VM\\ of\\ c1;h1:my\\ vm\\ 1',
    );
    assert.equal(coverage(after, 'h1', 'my vm 1').kind, 'covered');
    assert.equal(coverage(after, 'h1', 'another vm').kind, 'refused');
  });

  it('is refused where this Pacemaker would read another one', () => {
    for (const [version, isRead] of [
      ['2.0.5-9.el8', false],
      ['2.1.1', false],
      ['2.1.2-4.el8', true],
      ['2.1.10', true],
      ['3.0.3', true],
      ['3.1.0', false],
      ['', false],
    ] as const)
      assert.equal(readsEscapedPlugs(version), isRead, version);
    const refused = coverage(cibWith('h1:my\\ vm\\ 1', '2.0.5'), 'h1', 'my vm 1');
    assert.ok(refused.kind === 'refused');
    assert.match(
      refused.message,
      /^Pacemaker 2\.0\.5 does not support plugs with spaces in a pcmk_host_map/,
    );
    assert.equal(coverage(cibWith('c1:1', '2.0.5'), 'h1', '7').kind, 'extend');
  });
});
