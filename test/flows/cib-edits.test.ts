import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { OutriggerError } from '../../src/support/errors.ts';
import { apply, planOf, useStateFolder, verdictsOf } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';

describe('an edit of the CIB', () => {
  useStateFolder();

  /** A lab in which others edit the CIB that many times, each time just before an edit of ours. */
  function busyLab(edits: number): FakeLab {
    const lab = new FakeLab(['h1']);
    let left = edits;
    lab.beforeWrite = () => {
      if (left > 0) lab.editByOthers();
      left -= 1;
    };
    return lab;
  }

  it('is made anew on what others left', async () => {
    const lab = busyLab(6);
    const applied = await apply(lab);
    assert.deepEqual([...applied.failed], []);
    const { ran } = lab.host('c1');
    const first = ran.indexOf('write-cib');
    assert.deepEqual(
      ran.slice(first, first + 13),
      Array.from({ length: 13 }, (_, at) => (at % 2 === 0 ? 'write-cib' : 'read-cluster')),
    );
    assert.deepEqual([...lab.cib.remoteConnections.keys()], ['h1']);
  });

  it('is given up after a minute, with nothing changed', async () => {
    const lab = busyLab(Infinity);
    const now = performance.now.bind(performance);
    let later = 0;
    const stay = lab.beforeWrite;
    lab.beforeWrite = () => {
      later += 25_000;
      stay();
    };
    const clock = mock.method(performance, 'now', () => now() + later);
    try {
      const applied = await apply(lab);
      assert.match(applied.failed.get('h1') ?? '', /the CIB kept changing/);
    } finally {
      clock.mock.restore();
    }
    assert.deepEqual(lab.cibWrites, []);
    assert.equal(lab.host('c1').ran.filter((script) => script === 'write-cib').length, 3);
  });

  it('is not made at all when others made it meanwhile', async () => {
    const lab = new FakeLab(['h1']);
    const planned = await planOf(lab);
    const twin = new FakeLab(['h1']);
    await apply(twin);
    lab.takeCibFrom(twin);
    const applied = await apply(lab, { planned });
    assert.deepEqual([...applied.failed], []);
    assert.deepEqual(lab.cibWrites, []);
    assert.ok(verdictsOf(applied, 'h1').includes('connection-resource: in-sync'));
  });

  it('that Pacemaker refuses fails the nodes it is for, in words', async () => {
    const refused = { 'write-cib': () => ({ code: 5, stderr: 'cibadmin: \u001b[31mno\n' }) };
    const lab = new FakeLab(['h1'], { c1: { answers: refused } });
    const applied = await apply(lab);
    assert.equal(applied.failed.get('h1'), 'the CIB was not changed: cibadmin: \\u{1b}[31mno');
  });

  it('is not made when the connections to all cluster nodes broke', async () => {
    const broken = (host: string) => ({
      answers: {
        'write-cib': (): never => {
          throw new OutriggerError('HOST_UNREACHABLE', 'connection lost', { host });
        },
      },
    });
    const lab = new FakeLab(['h1'], { c1: broken('c1'), c2: broken('c2') });
    const applied = await apply(lab);
    assert.equal(
      applied.failed.get('h1'),
      'no cluster node can be used any more: c1: connection lost; c2: connection lost',
    );
  });
});
