import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { applyOperations } from '../../../src/pacemaker/procedures/edit.ts';
import { combine } from '../../../src/pacemaker/edits/combine.ts';
import { fenceCoverage } from '../../../src/pacemaker/edits/fencing.ts';
import { isListable, namesInList, plugsInMap } from '../../../src/pacemaker/basics/fence-lists.ts';
import type { CibOperation } from '../../../src/pacemaker/edits/operations.ts';
import { serializeXml } from '../../../src/pacemaker/basics/xml.ts';

const cibWith = (parameters: Readonly<Record<string, string>>): string =>
  `<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><resources>
    <primitive id="pdu" class="stonith" type="fence_apc"><instance_attributes id="i">
      ${Object.entries(parameters)
        .map(([name, value]) => `<nvpair id="i-${name}" name="${name}" value="${value}"/>`)
        .join('')}
    </instance_attributes></primitive></resources></configuration></cib>`;

/** What it takes for the device to cover these nodes, each with its plug or without. */
function extensions(text: string, nodes: readonly (readonly [string, string?])[]): CibOperation[] {
  const cib = readCib(text);
  return nodes.map(([node, plug]) => {
    const coverage = fenceCoverage(cib, { node, device: 'pdu', plug });
    return coverage.kind === 'extend' ? coverage.operation : assert.fail(coverage.kind);
  });
}

const valueIn = (text: string, name: string): string | undefined =>
  readCib(text).ids.get(`i-${name}`)?.attributes['value'];

describe('the lists of a fence device', () => {
  it('are read as the fencer reads them', () => {
    assert.deepEqual(namesInList(' c1,c2;;c3\tc4\\nc5\nc6 '), ['c1', 'c2', 'c3', 'c4', 'c5', 'c6']);
    assert.deepEqual(
      [...plugsInMap('C1:1;c2=2  c3:3;\tbroken;c4:')],
      [
        ['c1', '1'],
        ['c2', '2'],
        ['c3', '3'],
        ['c4', ''],
      ],
    );
  });

  it('take one entry more for each of several nodes, in one merge and in their order', () => {
    const before = cibWith({ pcmk_host_list: 'c1, c2' });
    const operations = extensions(before, [['r2'], ['r1'], ['r10']]);
    const after = applyOperations(before, operations);
    assert.equal(valueIn(after, 'pcmk_host_list'), 'c1, c2, r2, r1, r10');
    const { deletes, merge } = combine(operations);
    assert.deepEqual(deletes, []);
    assert.ok(merge);
    assert.equal(serializeXml(merge).match(/<nvpair /g)?.length, 1);
    assert.equal(applyOperations(after, [{ kind: 'merge', fragment: merge }]), after);
  });

  it('go on behind a separator that ends them', () => {
    const before = cibWith({ pcmk_host_map: 'c1:1;' });
    const after = applyOperations(before, extensions(before, [['r1', '7'], ['r2']]));
    assert.equal(valueIn(after, 'pcmk_host_map'), 'c1:1;r1:7;r2:r2');
  });

  it('may both be extended in one edit', () => {
    const before = cibWith({ pcmk_host_list: 'c1', pcmk_host_map: 'c1:1' });
    const after = applyOperations(before, extensions(before, [['r1', '7'], ['r2'], ['r3', '8']]));
    assert.equal(valueIn(after, 'pcmk_host_list'), 'c1 r2');
    assert.equal(valueIn(after, 'pcmk_host_map'), 'c1:1;r1:7;r3:8');
    for (const [node, plug] of [['r1', '7'], ['r2'], ['r3', '8']] as const)
      assert.equal(fenceCoverage(readCib(after), { node, device: 'pdu', plug }).kind, 'covered');
  });

  it('get no name that would make the fencer drop the whole line', () => {
    for (const name of ['variable1', 'r-invalid', 'on', 'OFF']) {
      assert.equal(isListable(name), false);
      const before = cibWith({ pcmk_host_list: 'c1' });
      const after = applyOperations(before, extensions(before, [[name]]));
      assert.equal(valueIn(after, 'pcmk_host_list'), 'c1');
      assert.match(after, new RegExp(`name="pcmk_host_map" value="${name}:${name}"`));
    }
    assert.ok(['r1', 'Invalid', 'online'].every(isListable));
  });
});
