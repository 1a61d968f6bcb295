import assert from 'node:assert/strict';
import { lockElement, lockIn } from '../../src/pacemaker/procedures/lock.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { apply, planOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { holdLock, inConfig, locksRun } from '../support/fake-lock.ts';

/** What answers to this verb of the lock's script fail with. */
const failing = (which: string) => {
  return ([verb]: readonly string[]): void => {
    if (verb === which) throw new OutriggerError('COMMAND_FAILED', 'Pacemaker is down');
  };
};

/** Lets `skip` move the steady clock on by so many milliseconds. */
async function skippingTime(work: (skip: (ms: number) => void) => Promise<void>): Promise<void> {
  const now = performance.now.bind(performance);
  let later = 0;
  performance.now = () => now() + later;
  try {
    await work((ms) => (later += ms));
  } finally {
    performance.now = now;
  }
}

describe('the lock of the cluster during a run', () => {
  useStateFolder();

  describe('while an edit of the CIB would wake the cluster', () => {
    /** The connection of its node was stopped gracefully, and its key is another. */
    async function restless(): Promise<FakeLab> {
      const lab = new FakeLab(['h1']);
      await apply(lab);
      lab.forget();
      lab.tamperKey('h1');
      lab.reported.set('h1', { role: 'Stopped' });
      return lab;
    }

    it('is taken by the first edit that has to be made, and given back', async () => {
      const lab = await restless();
      const seen: string[] = [];
      lab.beforeLock = ([verb = '']) => {
        seen.push(verb);
      };
      lab.beforeWrite = () => {
        seen.push(lockIn(lab.cib) === undefined ? 'free' : 'held');
        lab.reported.delete('h1');
      };
      const { events } = await apply(lab, {
        onEvent: ({ type }) => {
          if (type === 'action') seen.push(type);
        },
      });
      assert.deepEqual(seen.slice(0, 2), ['read', 'action']);
      assert.deepEqual(
        seen.filter((what) => what !== 'action').slice(0, 3),
        ['read', 'free', 'held'],
        String(seen),
      );
      assert.ok(events.some(({ type }) => type === 'cib-written'));
      assert.equal(seen.at(-1), 'release');
      assert.equal(lockIn(lab.cib), undefined);
    });

    it('takes the place of one that has expired', async () => {
      const lab = await restless();
      const { lock } = await holdLock(lab, -1000);
      const held = new Set<string | undefined>();
      lab.beforeWrite = () => {
        held.add(lockIn(lab.cib)?.id);
        lab.reported.delete('h1');
      };
      const { stopped } = await apply(lab);
      assert.equal(stopped, undefined);
      assert.equal([...held][0], lock.id);
      assert.equal(held.size, 2);
      assert.equal(lockIn(lab.cib), undefined);
    });

    it('keeps a run from beginning, or from its first edit, that another holds', async () => {
      const lab = await restless();
      const planned = await planOf(lab);
      const { lock } = await holdLock(lab);
      await assert.rejects(apply(lab, { planned }), { code: 'LOCKED' });
      assert.equal(lockIn(lab.cib)?.id, lock.id);
      lab.releaseLock();
      let other = '';
      lab.beforeWrite = () => {
        lab.beforeWrite = () => undefined;
        lab.merge(inConfig(lockElement({ ...lock, id: (other = 'bbbbbbbbbbbb') })));
      };
      const { stopped } = await apply(lab, { planned });
      assert.ok(stopped instanceof OutriggerError && stopped.code === 'LOCKED');
      assert.deepEqual(lab.cibWrites, []);
      assert.equal(lockIn(lab.cib)?.id, other);
    });
  });

  it('has to be held for every edit of the CIB', async () => {
    const lab = new FakeLab(['h1']);
    lab.beforeWrite = () => {
      lab.releaseLock();
    };
    const { failed, stopped } = await apply(lab);
    assert.match(failed.get('h1') ?? '', /no longer holds the lock of the cluster/);
    assert.ok(stopped instanceof OutriggerError && stopped.code === 'LOCKED');
    assert.deepEqual(lab.cibWrites, []);
  });

  it('has to be held for whatever a host is told to do, also after a long step', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    await skippingTime(async (skip) => {
      const { events, stopped, failed } = await apply(lab, {
        batch: [1],
        onEvent: ({ type }) => {
          if (type !== 'action') return;
          skip(11_000);
          lab.releaseLock();
        },
      });
      const told = events.flatMap((event) => (event.type === 'action' ? [event.host] : []));
      assert.equal(new Set(told).size, told.length, 'a host was told to do another thing');
      assert.match(failed.get('h1') ?? '', /no longer holds .*: it was removed/);
      assert.ok(stopped instanceof OutriggerError && stopped.code === 'LOCKED');
      assert.deepEqual(lab.cibWrites, []);
    });
  });

  it('is looked at once in a while, and counts until its time is over when nobody can tell', async () => {
    const lab = new FakeLab(['h1']);
    await skippingTime(async (skip) => {
      lab.beforeLock = failing('read');
      const { failed, stopped } = await apply(lab, {
        onEvent: ({ type }) => {
          if (type === 'action') skip(11_000);
        },
      });
      assert.deepEqual([[...failed], stopped], [[], undefined]);
      assert.ok(locksRun(lab) > 3, 'nobody looked');
    });
    const other = new FakeLab(['h1']);
    await skippingTime(async (skip) => {
      other.beforeLock = failing('read');
      other.beforeWrite = () => {
        throw new OutriggerError('COMMAND_FAILED', 'Pacemaker is down');
      };
      const { events, failed } = await apply(other, {
        leaseMs: 20_000,
        onEvent: ({ type }) => {
          if (type === 'action') skip(21_000);
        },
      });
      assert.equal(events.filter(({ type }) => type === 'action').length, 1);
      assert.match(failed.get('h1') ?? '', /Pacemaker is down/);
    });
  });

  it('lasts longer while hosts are changed, before the CIB is', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    let first = '';
    await skippingTime(async (skip) => {
      const { events, failed } = await apply(lab, {
        onEvent: (event) => {
          if (event.type === 'cib-written' && first === '') first = event.purpose;
          if (event.type === 'action') skip(400_000);
        },
      });
      assert.deepEqual([...failed], []);
      assert.equal(first, 'lock');
      const alone = events.filter(
        (event) => event.type === 'cib-written' && event.purpose === 'lock',
      );
      assert.ok(alone.length < lab.cibWrites.length, 'no edit took it along');
    });
    assert.equal(lockIn(lab.cib), undefined);
  });

  it('of somebody else is not given back', async () => {
    const lab = new FakeLab(['h1']);
    lab.beforeWrite = () => {
      lab.releaseLock();
    };
    let other = '';
    await apply(lab, {
      onEvent: (event) => {
        if (event.type !== 'verdict' || event.item !== 'connection-resource') return;
        void holdLock(lab).then(({ lock }) => (other = lock.id));
      },
    });
    assert.notEqual(other, '');
    assert.equal(lockIn(lab.cib)?.id, other);
  });

  it('lasts longer with the edits of a run, once half of its time is over', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    const ends: number[] = [];
    await skippingTime(async (skip) => {
      lab.beforeWrite = () => {
        ends.push(lockIn(lab.cib)?.expires ?? 0);
        skip(1_000_000); // the lease is half an hour
      };
      const { failed } = await apply(lab, { batch: [1] });
      assert.deepEqual([...failed], []);
    });
    const [first = 0, second = 0, ...others] = ends;
    assert.equal(second, first, 'half of its time was not over yet');
    assert.ok(others.length >= 3, String(ends));
    for (const [index, end] of others.entries()) {
      const before = others[index - 1] ?? second;
      assert.ok(end - before >= 999 && end - before <= 1010, String(ends));
    }
  });
});
