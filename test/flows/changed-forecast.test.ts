/** What the cluster itself would do may change between the plan and the yes of somebody. */
import assert from 'node:assert/strict';
import { planAgain, refuseUnannounced } from '../../src/flows/plan/plan-again.ts';
import { refuseStale } from '../../src/flows/saved-plan-file.ts';
import type { Planned } from '../../src/flows/plan/plan-cluster.ts';
import type { ExecRequest } from '../../src/host/host.ts';
import { savedPlan } from '../../src/plan/saved/saved-plan.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { planOf, requestOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';

const START = '<rsc_action action="Start" resource="d7" node="h1"/>';
const MOVE = (to: string) => `<rsc_action action="Move" resource="d8" source="c1" dest="${to}"/>`;

/** A lab whose scheduler would do this as well. */
function labWith(): { readonly lab: FakeLab; readonly would: (actions: string) => void } {
  const lab = new FakeLab(['h1']);
  let more = '';
  const host = lab.host('c1');
  const exec = host.exec.bind(host);
  host.exec = async (request: ExecRequest) => {
    const result = await exec(request);
    if (host.ran.at(-1) !== 'simulate') return result;
    return { ...result, stdout: result.stdout.replaceAll(/<actions>/g, `<actions>${more}`) };
  };
  return { lab, would: (actions) => (more = actions) };
}

const stale = (shown: Planned, now: Planned): string => {
  const saved = savedPlan(
    { ...shown, x509: undefined },
    {
      outrigger: '1.2.3',
      savedAt: '2026-01-01T00:00:00.000Z',
      limit: undefined,
      inventory: { path: '/inventory.yml', text: '' },
      playbook: { path: undefined, text: '' },
      key: 'a'.repeat(64),
    },
  );
  return refusal(() => {
    refuseStale(saved, now);
  });
};

function refusal(of: () => unknown): string {
  try {
    of();
    return '';
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    assert.equal(thrown.code, 'REFUSED');
    return thrown.message;
  }
}

describe('a forecast that has changed since the plan was shown', () => {
  useStateFolder();

  const CASES: readonly (readonly [what: string, before: string, now: string, RegExp])[] = [
    ['another start', '', START, /^ {2}d7: starts on h1 now, not in the plan$/m],
    [
      'another target',
      MOVE('h1'),
      MOVE('c2'),
      /^ {2}d8: moves from c1 to c2 now, not in the plan/m,
    ],
  ];
  for (const [what, before, after, line] of CASES)
    it(`is refused by name: ${what}, also for a saved plan`, async () => {
      const { lab, would } = labWith();
      would(before);
      const shown = await planOf(lab);
      would(after);
      const now = await planAgain(requestOf(lab), shown);
      assert.match(
        refusal(() => refuseUnannounced(shown, now)),
        line,
      );
      assert.match(stale(shown, now), line);
    });

  it('is told where it is less', async () => {
    const { lab, would } = labWith();
    would(START);
    const shown = await planOf(lab);
    would('');
    const now = await planAgain(requestOf(lab), shown);
    assert.deepEqual(refuseUnannounced(shown, now), [
      'no longer necessary: d7: starts on h1 no longer',
    ]);
    assert.equal(stale(shown, now), '');
  });
});
