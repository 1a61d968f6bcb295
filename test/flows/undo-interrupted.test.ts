import assert from 'node:assert/strict';
import type { RunEvent } from '../../src/model/run-event.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { apply, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { configurationOf, prepare, records, undo, undoing } from '../support/undo-lab.ts';

describe('an undo that is interrupted', () => {
  useStateFolder();

  const INTERRUPTED = new OutriggerError('INTERRUPTED', 'interrupted');

  /** Undoes; the first event of that kind interrupts, `then` the cluster goes on. */
  async function interruptedAt(
    lab: FakeLab,
    type: RunEvent['type'],
    then: () => void = () => undefined,
  ) {
    const controller = new AbortController();
    const prepared = await prepare(lab, controller);
    return undoing(prepared, {
      allowed: new Set(prepared.risks.map(({ code }) => code)),
      origin: { inventory: '/x' },
      onEvent: (event) => {
        if (event.type !== type) return;
        controller.abort(INTERRUPTED);
        then();
      },
    });
  }

  it('finishes what it has begun, and tells so', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    const before = configurationOf(lab);
    await apply(lab);
    const { stopped, failed } = await interruptedAt(lab, 'cib-written');
    assert.deepEqual([stopped, [...failed]], [undefined, []]);
    assert.equal(configurationOf(lab), before);
    const { undone, end } = records().at(-1) ?? {};
    assert.deepEqual([undone, end?.kind], [['h1', 'h2'], 'interrupted']);
  });

  it('begins nothing while it waits for the cluster, and goes on the next time', async () => {
    const lab = new FakeLab(['h1']);
    const before = configurationOf(lab);
    await apply(lab);
    const joined = configurationOf(lab);
    let isIdle = false;
    lab.forget();
    lab.dcState = () => (isIdle ? 'S_IDLE' : 'S_TRANSITION_ENGINE');
    const { stopped } = await interruptedAt(lab, 'waiting', () => (isIdle = true));
    assert.equal(stopped, INTERRUPTED);
    assert.equal(configurationOf(lab), joined); // and the lock is released
    assert.deepEqual([records().at(-1)?.undone, records().at(-1)?.end.kind], [[], 'stopped']);
    assert.equal((await undo(lab)).stopped, undefined);
    assert.equal(configurationOf(lab), before);
  });
});
