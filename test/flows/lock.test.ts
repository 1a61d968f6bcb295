import assert from 'node:assert/strict';
import { releaseLeftLock } from '../../src/flows/lock/left-lock.ts';
import { waitForLock } from '../../src/flows/lock/wait-for-lock.ts';
import { unlock } from '../../src/flows/lock/unlock.ts';
import { processIdentity } from '../../src/host/files/process-identity.ts';
import { lockElement, lockIn, lockOf } from '../../src/pacemaker/procedures/lock.ts';
import { element, serializeXml } from '../../src/pacemaker/basics/xml.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { apply, editsOf, planOf, useStateFolder, type Applied } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { answerLock, holdLock, locksRun } from '../support/fake-lock.ts';
import { endedProcess } from '../support/ended-process.ts';

const refusal = async (work: Promise<unknown>): Promise<OutriggerError> => {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof OutriggerError, String(thrown));
  return thrown;
};

const LATER = 'bbbbbbbbbbbb';

const noSignal = new AbortController().signal;

const noticeOf = ({ events }: Applied): string =>
  events.flatMap((event) => (event.type === 'notice' ? [event.message] : [])).join('\n');

describe('the lock of the cluster', () => {
  useStateFolder();

  it('is taken and given back by a run, by one exec each', async () => {
    const lab = new FakeLab(['h1']);
    let held: string | undefined;
    lab.beforeWrite = () => {
      held ??= lockIn(lab.cib)?.holder;
    };
    const { failed, stopped } = await apply(lab);
    assert.deepEqual([[...failed], stopped], [[], undefined]);
    assert.match(held ?? '', /^.+@.+, process \d+$/);
    assert.equal(lockIn(lab.cib), undefined);
    assert.equal(locksRun(lab), 2);
  });

  it('is not taken by a plan, which tells of it', async () => {
    const lab = new FakeLab(['h1']);
    const { lock } = await holdLock(lab);
    const { plan } = await planOf(lab);
    assert.equal(locksRun(lab), 0);
    const [note = ''] = plan.notes.filter((each) => each.startsWith('locked by'));
    assert.match(
      note,
      /^locked by eve@seat2, process 7 since \S+Z until \S+Z \(lock [0-9a-f]{12}\)/,
    );
    assert.ok(note.includes(`outrigger unlock ${lock.id}`));
  });

  it('keeps another run from beginning, and tells whom to ask and what to do', async () => {
    const lab = new FakeLab(['h1']);
    const { lock } = await holdLock(lab);
    const error = await refusal(apply(lab));
    assert.equal(error.code, 'LOCKED');
    assert.match(error.message, /^the cluster is locked by eve@seat2, process 7 since/);
    assert.match(error.hint ?? '', new RegExp(`--lock-wait .*outrigger unlock ${lock.id}`));
    assert.deepEqual(editsOf(lab), []);
    assert.equal(lockIn(lab.cib)?.id, lock.id);
  });

  it('is taken over once it has expired', async () => {
    const lab = new FakeLab(['h1']);
    const { lock } = await holdLock(lab, -1000);
    const applied = await apply(lab);
    assert.deepEqual([[...applied.failed], applied.stopped], [[], undefined]);
    assert.match(noticeOf(applied), new RegExp(`taken over: it has expired .*lock ${lock.id}`));
    assert.equal(lockIn(lab.cib), undefined);
    assert.equal(locksRun(lab), 3);
  });

  it('of a process of this machine that is gone is taken over at once', async () => {
    const lab = new FakeLab(['h1']);
    await holdLock(lab, 60_000, await endedProcess());
    assert.equal(await waitForLock(lab.host('c2'), performance.now() + 20, noSignal), true);
    const applied = await apply(lab);
    assert.deepEqual([[...applied.failed], applied.stopped], [[], undefined]);
    assert.match(noticeOf(applied), /taken over: its process on this machine has ended/);
    assert.equal(lockIn(lab.cib), undefined);
  });

  it('of a run that died after its last step is given back when nothing is left to do', async () => {
    const lab = new FakeLab(['h1']);
    await apply(lab);
    const left = async (): Promise<string | undefined> => {
      const { cluster } = await planOf(lab);
      return releaseLeftLock(lab.host('c1'), cluster);
    };
    assert.equal(await left(), undefined);
    await holdLock(lab, 60_000, processIdentity());
    assert.equal(await left(), undefined);
    assert.ok(lockIn(lab.cib) !== undefined, 'that run lives');
    lab.releaseLock();
    const { lock } = await holdLock(lab, 60_000, await endedProcess());
    assert.match(
      (await left()) ?? '',
      new RegExp(
        `the lock of a failed run was released: its process on this machine has ended .*lock ${lock.id}`,
      ),
    );
    assert.equal(lockIn(lab.cib), undefined);
  });

  it('of a process of this machine that lives is not taken over', async () => {
    const lab = new FakeLab(['h1']);
    await holdLock(lab, 60_000, processIdentity());
    assert.equal((await refusal(apply(lab))).code, 'LOCKED');
  });

  it('that changes while somebody takes it over is left alone', async () => {
    const lab = new FakeLab(['h1']);
    await holdLock(lab, -1000);
    const planned = await planOf(lab);
    lab.beforeLock = ({ length }) => {
      if (length <= 3) return; // not yet the one that takes over what the first has found
      lab.releaseLock();
      const input = serializeXml(lockElement({ id: LATER, holder: 'bob', process: '' }));
      answerLock(lab, { script: 'lock', params: ['take', LATER, '60'], input, timeoutMs: 1 });
    };
    const error = await refusal(apply(lab, { planned }));
    assert.equal(error.code, 'LOCKED');
    assert.match(error.message, /locked by bob/);
    assert.equal(lockIn(lab.cib)?.id, LATER);
    assert.deepEqual(editsOf(lab), []);
  });

  it('that somebody held while the plan was made makes it stale', async () => {
    const lab = new FakeLab(['h1']);
    const { lock } = await holdLock(lab);
    const planned = await planOf(lab);
    lab.releaseLock();
    const error = await refusal(apply(lab, { planned }));
    assert.equal(error.code, 'LOCKED');
    assert.match(
      error.message,
      new RegExp(`another run ended while this run was being planned .*${lock.id}`),
    );
    assert.equal(lockIn(lab.cib), undefined);
    assert.deepEqual(editsOf(lab), []);
  });

  it('is given back by a run that is interrupted, and by one that is stopped', async () => {
    const interrupted = new FakeLab(['h1', 'h2']);
    const controller = new AbortController();
    await apply(interrupted, {
      signal: controller.signal,
      onEvent: ({ type }) => {
        if (type === 'action') controller.abort();
      },
    });
    assert.equal(lockIn(interrupted.cib), undefined);
    const gone = {
      answers: {
        'read-cluster': () => {
          throw new OutriggerError('HOST_UNREACHABLE', 'gone');
        },
      },
    };
    const stopped = new FakeLab(['h1'], { c1: gone, c2: gone });
    const run = await apply(stopped);
    assert.ok(run.stopped instanceof OutriggerError, 'nothing stopped it');
    assert.equal(lockIn(stopped.cib), undefined);
  });

  describe('unlock', () => {
    const unlocking = (lab: FakeLab, id: string, confirm = () => Promise.resolve()) => {
      const { spec, network } = lab;
      const { signal } = new AbortController();
      return unlock(id, { spec, connect: network.connect, signal, confirm });
    };

    it('takes away the lock that it names, after asking', async () => {
      const lab = new FakeLab(['h1']);
      const { lock } = await holdLock(lab);
      await unlocking(lab, lock.id);
      assert.equal(lockIn(lab.cib), undefined);
    });

    it('refuses another, none, and a no', async () => {
      const lab = new FakeLab(['h1']);
      assert.equal(
        (await refusal(unlocking(lab, 'aaaaaaaaaaaa'))).message,
        'the cluster is not locked',
      );
      lab.forget();
      const { lock } = await holdLock(lab);
      const other = await refusal(unlocking(lab, 'aaaaaaaaaaaa'));
      assert.match(
        other.message,
        /^the lock ID does not match: the cluster is locked by eve@seat2/,
      );
      lab.forget();
      const no = new OutriggerError('REFUSED', 'not confirmed');
      assert.equal(await refusal(unlocking(lab, lock.id, () => Promise.reject(no))), no);
      assert.equal(lockIn(lab.cib)?.id, lock.id);
    });
  });

  it('is waited for until it is given back, or for as long as was said', async () => {
    const lab = new FakeLab(['h1']);
    await holdLock(lab);
    const host = lab.host('c1');
    const { signal } = new AbortController();
    assert.equal(await waitForLock(host, performance.now() + 20, signal), false);
    lab.releaseLock();
    assert.equal(await waitForLock(host, performance.now() + 20, signal), true);
    const left = await refusal(waitForLock(host, performance.now() + 9000, AbortSignal.abort()));
    assert.equal(left.code, 'INTERRUPTED');
  });

  it('is a lock all the same when it is damaged', () => {
    const none = { id: '', holder: '', process: '', taken: 0, expires: 0 };
    assert.deepEqual(lockOf(element('cluster_property_set')), none);
    const written = lockOf(lockElement({ id: 'abc', holder: '<&">', process: '7' }));
    assert.deepEqual(written, { ...none, id: 'abc', holder: '<&">', process: '7' });
  });
});
