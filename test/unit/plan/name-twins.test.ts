import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { conflictInCib } from '../../../src/plan/problems/cib-conflicts.ts';
import { fixture } from '../pacemaker/fixtures.ts';

const CIB = fixture('cib.xml');

const conflict = (name: string, { text = CIB, address = '192.0.2.99', vm = '' } = {}) =>
  conflictInCib(readCib(text), { name, vm: vm === '' ? undefined : vm }, { address, port: 3121 });

describe('a name that Pacemaker takes for another', () => {
  for (const [name, what] of [
    ['C2', 'the cluster node c2'],
    ['R1', 'the remote node r1'],
    ['GUEST1', 'the guest node guest1'],
    ['PROXY-0', 'the node proxy-0 of the bundle proxy'],
    ['D1', 'the resource d1'],
  ] as const)
    it(`is refused: ${name} beside ${what}`, () => {
      const found = conflict(name);
      assert.equal(found?.code, 'NAME_TAKEN');
      assert.match(found.message, new RegExp(`so ${name} is the same as ${what}$`));
    });

  it('is refused where only a remembered state has it, with how to make the cluster forget it', () => {
    const text = CIB.replace('<status>', '<status><node_state id="Old1" uname="Old1"/>');
    assert.notEqual(text, CIB);
    assert.match(conflict('old1', { text })?.hint ?? '', /crm_node --force --remove 'Old1'/);
    assert.equal(conflict('Old1', { text }), undefined, 'its own');
  });

  it('is to be spelled as the cluster does where it is the same host', () => {
    const hint = conflict('R1', { address: '10.77.0.101' })?.hint ?? '';
    assert.match(hint, /write its name as in the cluster, `r1`/);
    assert.match(conflict('R1')?.hint ?? '', /rename the node/);
  });

  it('is refused for a guest node that is called like its machine', () => {
    assert.equal(conflict('D1', { vm: 'd1' })?.code, 'NAME_TAKEN');
  });

  it('is no hindrance to a node that is in, where it is not a node itself', () => {
    const text = CIB.replace('<primitive id="d2"', '<primitive id="R1"');
    assert.equal(conflict('r1', { text, address: '10.77.0.101' }), undefined);
    const other = CIB.replace('uname="c2"', 'uname="R1"');
    assert.equal(conflict('r1', { text: other, address: '10.77.0.101' })?.code, 'NAME_TAKEN');
  });

  it('of a bundle is taken in its own spelling, too', () => {
    assert.match(conflict('proxy-0')?.message ?? '', /a node of the bundle proxy/);
    assert.equal(conflict('proxy-x'), undefined);
  });
});
