import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import {
  applyOperations,
  endApart,
  endStandby,
  isApart,
  isInOurStandby,
  isInStandby,
  keepApart,
  putIntoStandby,
  stationary,
  stopMigration,
} from '../../../src/pacemaker/procedures/edit.ts';

const cibWith = (attributes = '', meta = ''): string =>
  `<cib admin_epoch="0" epoch="7" num_updates="1" have-quorum="1"><configuration><crm_config/><nodes><node id="1" uname="c1">${attributes}</node><node id="2" uname="c2"/></nodes><resources><primitive id="r1" class="ocf" provider="pacemaker" type="remote">${meta}</primitive><primitive id="r2" class="ocf" provider="pacemaker" type="remote"/></resources><constraints/></configuration><status/></cib>`;

const after = (text: string, ...edits: ((text: string) => string)[]): string =>
  edits.reduce((now, edit) => edit(now), text);

const apart =
  (banned: Record<string, readonly string[]>) =>
  (text: string): string =>
    applyOperations(text, keepApart(readCib(text), new Map(Object.entries(banned))));

/** Which cluster nodes a connection is kept away from. */
const bannedFrom = (text: string, connection: string): readonly string[] =>
  readCib(text)
    .constraints.filter(({ resources }) => resources.includes(connection))
    .flatMap(({ nodes }) => nodes);

const STANDBY = (value: string): string =>
  `<instance_attributes id="nodes-1"><nvpair id="nodes-1-standby" name="standby" value="${value}"/></instance_attributes>`;

describe('connections and cluster nodes of different credentials', () => {
  it('are kept apart, by as many cluster nodes as are named last', () => {
    const text = after(cibWith(), apart({ r1: ['c1', 'c2'], r2: ['c1'] }), apart({ r1: ['c2'] }));
    assert.deepEqual(bannedFrom(text, 'r1'), ['c2']);
    assert.deepEqual(bannedFrom(text, 'r2'), ['c1']);
    assert.deepEqual(bannedFrom(apart({ r1: [] })(text), 'r1'), []);
  });

  it('are not kept apart when all is over, whatever a run has left', () => {
    const start = cibWith(STANDBY('off'), '<meta_attributes id="m"/>');
    const marked = after(
      start,
      apart({ r1: ['c1', 'c2'], r2: ['c1'] }),
      (text) => applyOperations(text, stopMigration(readCib(text), ['r1', 'r2'])),
      (text) => applyOperations(text, putIntoStandby(readCib(text), 'c1')),
    );
    assert.ok(isApart(readCib(marked)));
    const ended = applyOperations(marked, endApart(readCib(marked)));
    assert.ok(!isApart(readCib(ended)));
    assert.doesNotMatch(ended, /outrigger/);
    assert.match(ended, /id="nodes-1-standby"/);
    assert.deepEqual(endApart(readCib(ended)), []);
  });

  it('do not look as if an operator had forbidden live migration', () => {
    const text = cibWith();
    const marked = applyOperations(text, stopMigration(readCib(text), ['r1']));
    assert.deepEqual(stationary(readCib(marked)), []);
    const theirs = cibWith(
      '',
      '<meta_attributes id="m"><nvpair id="n" name="allow-migrate" value="no"/></meta_attributes>',
    );
    assert.deepEqual(stationary(readCib(theirs)), ['r1']);
  });
});

describe('a cluster node in our standby', () => {
  for (const value of ['on', 'off'])
    it(`is afterwards what an operator has set: ${value}`, () => {
      const start = cibWith(STANDBY(value));
      const stateInCluster = applyOperations(start, putIntoStandby(readCib(start), 'c1'));
      const cib = readCib(stateInCluster);
      assert.ok(isInOurStandby(cib, 'c1') && !isInOurStandby(cib, 'c2'));
      assert.equal(cib.nodeEntries.get('c1')?.standby, true);
      assert.equal(isInStandby(cib, 'c1'), value === 'on');
      const back = readCib(applyOperations(stateInCluster, endStandby('c1')));
      assert.equal(back.nodeEntries.get('c1')?.standby, value === 'on');
    });
});
