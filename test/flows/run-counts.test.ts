/** What a run says that it has done is counted as its plan counts. */
import assert from 'node:assert/strict';
import { changeCount } from '../../src/model/plan.ts';
import { renderRun } from '../../src/report/run/run-text.ts';
import { apply, planOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';

describe('the numbers of a run', () => {
  useStateFolder();

  it('are those of its plan, also where a restart follows from a change', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    for (const step of ['join', 'another key']) {
      const planned = await planOf(lab);
      const { plan } = planned;
      const hasRestart = plan.plays.some(({ changes }) => changes.some((one) => one.isConsequence));
      assert.equal(hasRestart, step === 'another key');
      const { events, ...result } = await apply(lab, { planned });
      const said = renderRun({ result, events, seconds: 1, plan });
      const count = changeCount(plan);
      assert.match(said, new RegExp(`^Done: ${count} changes? on `), said);
      lab.tamperKey('h1');
    }
  });

  it('are those of its plan, also where a connection is guarded while it is tried again', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    await apply(lab);
    lab.failing.add('h1');
    const planned = await planOf(lab);
    const { plan } = planned;
    assert.equal(changeCount(plan), 1);
    const { events, ...result } = await apply(lab, {
      planned,
      onEvent: (event) => {
        if (event.type === 'action' && event.action === 'cleanup') lab.failing.clear();
      },
    });
    assert.deepEqual([...result.failed], []);
    const changed = events.flatMap((event) =>
      event.type === 'verdict' && event.verdict.kind === 'changed' ? [event.item] : [],
    );
    assert.deepEqual(changed, ['connection-resource', 'node-state']);
    assert.match(renderRun({ result, events, seconds: 1, plan }), /^Done: 1 change on 1 host/);
  });
});
