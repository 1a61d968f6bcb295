import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { leftoverNodes } from '../../../src/pacemaker/cib/leftovers.ts';
import { referencesOf } from '../../../src/pacemaker/procedures/edit.ts';
import { twinsOf } from '../../../src/pacemaker/cib/twins.ts';
import { isSameNode, nodeKey } from '../../../src/pacemaker/basics/node-names.ts';
import { fixture } from './fixtures.ts';

const CIB = fixture('cib.xml');

const spellingOf = fc
  .tuple(fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/), fc.infiniteStream(fc.boolean()))
  .map(([name, flips]): [string, string] => [
    name,
    Array.from(name, (letter) =>
      flips.next().value === true ? letter.toUpperCase() : letter.toLowerCase(),
    ).join(''),
  ]);

describe('names of nodes', () => {
  it('are the same in any spelling, and differ where anything but the case does', () => {
    fc.assert(fc.property(spellingOf, ([name, other]) => isSameNode(name, other)));
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9._-]{1,12}$/),
        fc.stringMatching(/^[a-z0-9._-]{1,12}$/),
        (one, other) => isSameNode(one, other) === (one === other),
      ),
    );
  });

  it('know case beyond ASCII, as strcasecmp does in the locale of a daemon', () => {
    assert.equal(isSameNode('Käfer', 'KÄFER'), false);
    assert.equal(nodeKey('\u212A'), '\u212A', 'the sign for kelvin is no k');
  });

  for (const [name, ...whats] of [
    ['C1', 'the cluster node c1'],
    ['R1', 'the remote node r1', 'the recorded node r1'],
    ['Guest1', 'the guest node guest1', 'the recorded node guest1'],
    ['Proxy-0', 'the node proxy-0 of the bundle proxy', 'the recorded node proxy-0'],
    ['VM1', 'the resource vm1'],
    ['WEB-IP', 'the resource web-ip'],
    ['r1'],
    ['proxy'],
    ['new1'],
  ] as const)
    it(`${name} is taken for ${whats.join(' and ') || 'nothing else'}`, () => {
      assert.deepEqual(
        twinsOf(readCib(CIB), name).map(({ what }) => what),
        whats,
      );
    });

  it('are no leftovers where a node is connected in another spelling: to forget it would get that one fenced', () => {
    const entry =
      '<node id="R1" uname="R1" type="remote"/><node id="old" uname="old" type="remote"/>';
    const cib = readCib(CIB.replace('<node id="2"', `${entry}<node id="2"`));
    assert.ok(!leftoverNodes(cib).includes('R1'), leftoverNodes(cib).join());
    assert.ok(leftoverNodes(cib).includes('old'));
  });

  it('are found in constraints in any spelling', () => {
    const cib = readCib(CIB.replace('rsc="d1" node="r1"', 'rsc="d1" node="R1"'));
    const ids = referencesOf(cib, 'r1').map(({ id }) => id);
    assert.ok(ids.includes('d1-on-r1'), ids.join());
  });
});
