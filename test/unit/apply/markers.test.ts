import assert from 'node:assert/strict';
import { daemonUseOf, releasable } from '../../../src/apply/quiet-restart/markers.ts';
import { isMoved } from '../../../src/model/item.ts';
import { isQuietUnfinished } from '../../../src/pacemaker/procedures/edit.ts';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import type { ClusterFacts } from '../../../src/model/facts.ts';

type Shown = {
  id: string;
  on?: string;
  managed?: boolean;
  blocked?: boolean;
  maintenance?: boolean;
};

/** A cluster with the connections r1 and r2 and the resources a and b; `marked` are protected and `pinned` held by us. */
function cluster(
  marked: readonly string[],
  shown: readonly Shown[],
  online: readonly string[],
  pinned: readonly string[] = [],
): ClusterFacts {
  const mark = (id: string) =>
    marked.includes(id)
      ? `<meta_attributes id="outrigger-quiet-${id}" score="INFINITY"><nvpair id="outrigger-quiet-${id}-is-managed" name="is-managed" value="false"/></meta_attributes>`
      : '';
  const connection = (id: string) =>
    `<primitive id="${id}" class="ocf" provider="pacemaker" type="remote">${mark(id)}</primitive>`;
  const dummy = (id: string) =>
    `<primitive id="${id}" class="ocf" provider="pacemaker" type="Dummy">${mark(id)}</primitive>`;
  const cibText = `<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources>${
    connection('r1') + connection('r2') + dummy('a') + dummy('b')
  }</resources><constraints>${pinned
    .map(
      (id) =>
        `<rsc_location id="outrigger-pin-connection-${id}" rsc="${id}" node="c1" score="INFINITY"/>`,
    )
    .join('')}</constraints></configuration><status/></cib>`;
  const resource = ({ id, on, managed = true, blocked = false, maintenance = false }: Shown) =>
    `<resource id="${id}" resource_agent="ocf:pacemaker:${id.startsWith('r') ? 'remote' : 'Dummy'}" role="${on === undefined ? 'Stopped' : 'Started'}" active="${String(on !== undefined)}" orphaned="false" blocked="${String(blocked)}" maintenance="${String(maintenance)}" managed="${String(managed)}" failed="false" failure_ignored="false" nodes_running_on="1">${
      on === undefined ? '' : `<node name="${on}" id="${on}" cached="false"/>`
    }</resource>`;
  const node = (name: string) =>
    `<node name="${name}" id="${name}" online="${String(online.includes(name))}" type="remote"/>`;
  const mon = readCrmMon(
    `<pacemaker-result><nodes>${node('r1')}${node('r2')}</nodes><resources>${shown.map(resource).join('')}</resources><status code="0" message="OK"/></pacemaker-result>`,
  );
  return { readFrom: 'c1', cib: readCib(cibText), cibText, mon, dcState: 'S_IDLE' };
}

describe('the marks of a quiet restart', () => {
  describe('what a restart meets', () => {
    const cases: [string, Shown, readonly string[], string][] = [
      ['a connection that runs', { id: 'r1', on: 'c1' }, ['r1'], 'connected'],
      ['an operator who unmanaged it', { id: 'r1', on: 'c1', managed: false }, ['r1'], 'unmanaged'],
      [
        'maintenance mode',
        { id: 'r1', on: 'c1', managed: false, maintenance: true },
        ['r1'],
        'unmanaged',
      ],
      [
        'a start that failed for good',
        { id: 'r1', on: 'c1', blocked: true, managed: false },
        [],
        'none',
      ],
      ['a stopped connection', { id: 'r1' }, [], 'none'],
    ];
    for (const [title, shown, online, expected] of cases) {
      it(title, () => {
        assert.equal(daemonUseOf(cluster([], [shown], online), 'r1'), expected);
      });
    }

    it('a connection that a run that died keeps unmanaged', () => {
      const left = cluster(['r1'], [{ id: 'r1', managed: false }], []);
      assert.equal(daemonUseOf(left, 'r1'), 'connected');
    });

    it('resources on a node that is offline: they may still run', () => {
      const left = cluster([], [{ id: 'r1' }, { id: 'a', on: 'r1' }], []);
      assert.equal(daemonUseOf(left, 'r1'), 'connected');
    });
  });

  it('go even while the cluster is still asking the node what runs on it', () => {
    const facts = cluster(['a', 'b'], [{ id: 'r1', on: 'c1' }, { id: 'a' }, { id: 'b' }], ['r1']);
    assert.deepEqual(releasable(facts, ['r1'], undefined), ['a', 'b']);
  });

  it('stay on what ran on a node that is not back', () => {
    const shown = [
      { id: 'r1', on: 'c1' },
      { id: 'r2', on: 'c1' },
      { id: 'a', on: 'r1' },
      { id: 'b', on: 'r2' },
    ];
    const before = cluster([], shown, ['r1', 'r2']);
    const lost = [{ id: 'r1', on: 'c1' }, { id: 'r2' }, { id: 'a', on: 'r1' }, { id: 'b' }];
    const facts = cluster(['r2', 'a', 'b'], lost, ['r1']);
    assert.deepEqual(releasable(facts, ['r1'], before), ['a']);
  });

  it('stay on everything while nobody knows what runs on a node that is lost', () => {
    const lost = [{ id: 'r1', on: 'c1' }, { id: 'r2' }, { id: 'a', on: 'r1' }, { id: 'b' }];
    const facts = cluster(['r2', 'a', 'b'], lost, ['r1']);
    assert.deepEqual(releasable(facts, ['r1'], undefined), []);
    assert.deepEqual(releasable(facts, ['r1'], facts), []);
    assert.deepEqual(releasable(facts, ['r1', 'r2'], undefined), ['r2', 'a', 'b']);
  });

  it('do not stay for a node that was lost before the protection, but for those of an earlier run', () => {
    const shown = [{ id: 'r1', on: 'c1' }, { id: 'r2' }, { id: 'a', on: 'r1' }, { id: 'b' }];
    const facts = cluster(['r1', 'r2', 'a', 'b'], shown, ['r1']);
    const withMarks = (...marked: string[]) => cluster(marked, shown, ['r1']);
    assert.deepEqual(releasable(facts, ['r1'], withMarks()), ['r1', 'a', 'b']);
    assert.deepEqual(releasable(facts, ['r1'], withMarks('r2', 'b')), ['r1', 'a']);
  });

  it('do not wait for a connection that is in again and still pinned: the pins go last', () => {
    const shown = [
      { id: 'r1', on: 'c1' },
      { id: 'r2', on: 'c1' },
      { id: 'a', on: 'r1' },
    ];
    const facts = cluster(['a'], shown, ['r1', 'r2'], ['r1', 'r2']);
    assert.deepEqual(releasable(facts, ['r1'], undefined), ['a']);
    const lost = cluster(['a'], [{ id: 'r1', on: 'c1' }, { id: 'r2' }], ['r1'], ['r1', 'r2']);
    assert.deepEqual(releasable(lost, ['r1'], undefined), []);
  });

  it('are finished for the node whose connection carries one, not for those that share a clone with it', () => {
    const shown = [{ id: 'r1', on: 'c1' }, { id: 'r2' }, { id: 'a', on: 'r1' }];
    const { cib, mon } = cluster(['r2', 'a'], shown, ['r1']);
    assert.equal(isQuietUnfinished(cib, mon, 'r1'), false);
    assert.equal(isQuietUnfinished(cib, mon, 'r2'), true);
    const orphaned = cluster(['a'], shown, ['r1']);
    assert.equal(isQuietUnfinished(orphaned.cib, orphaned.mon, 'r1'), true);
  });

  it('know a connection that moves from one that is only tuned', () => {
    const difference = { operations: [], joins: false, cleansUp: false, risks: [] };
    const moved = { name: 'port', before: '3121', after: '3130' };
    const tuned = { name: 'reconnect_interval', before: '60s', after: '30s' };
    assert.ok(isMoved({ ...difference, attributes: [tuned, moved] }));
    assert.ok(!isMoved({ ...difference, attributes: [tuned] }));
  });
});
