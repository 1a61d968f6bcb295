import assert from 'node:assert/strict';
import fc from 'fast-check';
import { nodeConnection, readCib } from '../../../src/pacemaker/cib/cib.ts';
import {
  applyOperations,
  beginRemoval,
  endRemoval,
  isBeingRemoved,
  referencesOf,
  removeConnection,
  removeEntry,
  removeReferences,
  type CibOperation,
} from '../../../src/pacemaker/procedures/edit.ts';
import {
  at,
  parseXml,
  serializeXml,
  walk,
  type XmlElement,
} from '../../../src/pacemaker/basics/xml.ts';
import { fixture } from './fixtures.ts';

const BEFORE = fixture('cib.xml');
const NODES = ['r1', 'r2', 'guest1'] as const;

/** The CIB of the fixture with more constraints. */
const withConstraints = (...constraints: string[]): string =>
  BEFORE.replace('</constraints>', `${constraints.join('')}</constraints>`);

const cib = (text: string) => readCib(text);

/** Begun, and then everything taken out that a plan shows. */
function without(text: string, names: readonly string[]): string {
  const begun = applyOperations(text, beginRemoval(cib(text), names));
  const now = cib(begun);
  const all = names.flatMap((name): readonly CibOperation[] => [
    ...removeConnection(now, name),
    ...removeReferences(now, name),
    ...removeEntry(now, name),
  ]);
  return applyOperations(begun, all);
}

const configurationOf = (text: string): XmlElement => {
  const found = at(parseXml(text, 'a CIB'), 'configuration');
  assert.ok(found);
  return found;
};

const idsIn = (text: string): Map<string, string> =>
  new Map(
    [...walk(configurationOf(text))].flatMap((one) =>
      one.attributes['id'] === undefined || one.name === 'resource_ref'
        ? []
        : [[one.attributes['id'], serializeXml({ ...one, children: [] })] as const],
    ),
  );

describe('removed nodes', () => {
  it('are deleted with all that is theirs, and nothing else', () => {
    fc.assert(
      fc.property(fc.subarray([...NODES]), (names) => {
        const after = without(BEFORE, names);
        const [was, is] = [idsIn(BEFORE), idsIn(after)];
        for (const [id, text] of is) assert.equal(text, was.get(id), id);
        const isTheirs = (id: string): boolean =>
          names.some(
            (name) =>
              id === name ||
              id.startsWith(`${name}-`) ||
              id === `nodes-${name}` ||
              id.startsWith(`nodes-${name}-`) ||
              referencesOf(cib(BEFORE), name).some((reference) => reference.id === id),
          ) ||
          (names.includes('guest1') && id.startsWith('vm1-meta_attributes'));
        for (const id of was.keys()) if (!is.has(id)) assert.ok(isTheirs(id), id);
        const left = cib(after);
        for (const name of names) {
          assert.equal(nodeConnection(left, name), undefined);
          assert.equal(left.nodeEntries.has(name), false);
          assert.deepEqual(referencesOf(left, name), []);
          assert.equal(isBeingRemoved(left, name), false);
        }
        assert.ok(left.primitives.has('vm1'));
      }),
    );
  });

  it('stay if the removal is cancelled: no marker is left', () => {
    for (const name of NODES) {
      const begun = applyOperations(BEFORE, beginRemoval(cib(BEFORE), [name]));
      assert.equal(isBeingRemoved(cib(begun), name), true);
      const back = applyOperations(begun, endRemoval(cib(begun), [name]));
      assert.equal(
        serializeXml(configurationOf(back)),
        serializeXml(configurationOf(BEFORE)),
        name,
      );
    }
  });

  it('are not edited again by a second beginning', () => {
    const begun = applyOperations(BEFORE, beginRemoval(cib(BEFORE), NODES));
    assert.equal(applyOperations(begun, beginRemoval(cib(begun), NODES)), begun);
  });
});

describe('a constraint that names a removed node', () => {
  const stays = (constraint: string): void => {
    const text = withConstraints(constraint);
    const [found] = referencesOf(cib(text), 'r1').filter(({ id }) => id === 'x');
    assert.deepEqual(found?.targets, []);
    assert.ok(cib(without(text, ['r1'])).ids.has('x'));
  };
  const goes = (constraint: string, what: string): void => {
    const text = withConstraints(constraint);
    const [found] = referencesOf(cib(text), 'r1').filter(({ id }) => id === 'x');
    assert.equal(found?.what, what);
    assert.equal(cib(without(text, ['r1'])).ids.has('x'), false);
  };

  it('goes when it is about that node alone', () => {
    goes(
      '<rsc_location id="x" rsc="d2" node="r1" score="-INFINITY"/>',
      'd2 on r1 (score -INFINITY)',
    );
    goes(
      '<rsc_location id="x" rsc="d2"><rule id="x-r" score="100"><expression id="x-e" attribute="#uname" operation="eq" value="r1"/></rule></rsc_location>',
      'd2 on r1',
    );
  });

  it('goes when it is about its connection', () => {
    goes('<rsc_colocation id="x" rsc="d2" with-rsc="r1" score="5"/>', 'colocation of d2, r1');
    goes('<rsc_order id="x" first="r1" then="d2"/>', 'order of r1, d2');
  });

  it('stays when it names other nodes as well', () => {
    stays(
      '<rsc_location id="x" rsc="d2"><rule id="x-r" score="100" boolean-op="or"><expression id="x-e" attribute="#uname" operation="eq" value="r1"/><expression id="x-f" attribute="#uname" operation="eq" value="c1"/></rule></rsc_location>',
    );
    stays(
      '<rsc_location id="x" rsc="d2"><rule id="x-r" score="-INFINITY"><expression id="x-e" attribute="#uname" operation="ne" value="r1"/></rule></rsc_location>',
    );
  });

  it('stays when its resource could run anywhere without it', () => {
    stays('<rsc_location id="x" rsc="d2" node="r1" score="100" resource-discovery="exclusive"/>');
  });

  it('keeps its other resources', () => {
    const text = withConstraints(
      '<rsc_order id="x"><resource_set id="x-s"><resource_ref id="r1"/><resource_ref id="d2"/></resource_set></rsc_order>',
    );
    const after = without(text, ['r1']);
    assert.match(after, /<rsc_order id="x">\s*<resource_set id="x-s">\s*<resource_ref id="d2"\/>/);
  });
});
