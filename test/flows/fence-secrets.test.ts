import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describeError } from '../../src/cli/process/describe-error.ts';
import { readStatus } from '../../src/flows/read-status.ts';
import { serializeXml } from '../../src/pacemaker/basics/xml.ts';
import { planAsJson } from '../../src/report/plan/plan-json.ts';
import { renderPlan } from '../../src/report/plan/plan-text.ts';
import { eventAsJson, summaryAsJson } from '../../src/report/run/run-json.ts';
import { eventLine, renderRun } from '../../src/report/run/run-text.ts';
import { statusAsJson } from '../../src/report/status/status-json.ts';
import { renderStatus } from '../../src/report/status/status-text.ts';
import { apply, planOf, useStateFolder } from '../support/apply-lab.ts';
import type { ExecRequest } from '../../src/host/host.ts';
import type { Answer } from '../support/fake-host.ts';
import { FakeLab } from '../support/fake-lab.ts';

/** The password of the fence device in the recorded CIB. */
const SECRET = 'FENCE-PASSWORD';

/** A tool that quotes the fence device. */
const quoting = (lab: FakeLab): string =>
  serializeXml(lab.cib.primitives.get('fencing')?.element ?? assert.fail('no fence device'));

/** What a script answers that quotes this text. */
type Troubled = Readonly<Record<string, (quoted: string, nonce: string) => Answer>>;

describe('the password of a fence device', () => {
  const state = useStateFolder();

  /** Whatever was printed, and every file of the run, but for the copies of the CIB that only their owner reads. */
  function assertHidden(printed: readonly string[]): void {
    for (const text of printed) assert.ok(!text.includes(SECRET), text);
    let copies = 0;
    for (const name of readdirSync(state.folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(state.folder, name);
      const found = statSync(path);
      if (!found.isFile() || !readFileSync(path, 'utf8').includes(SECRET)) continue;
      copies += 1;
      assert.match(name, /\/cib-\d+-before-[\w-]+\.xml$/);
      assert.equal(found.mode & 0o777, 0o600);
    }
    assert.ok(copies > 0 || printed.length < 5);
  }

  const run = async (lab: FakeLab): Promise<readonly string[]> => {
    try {
      const { plan } = await planOf(lab);
      const { events, ...result } = await apply(lab);
      const finished = { result, events, seconds: 1, stopped: result.stopped?.message };
      const when = '2026-11-22T12:00:00Z';
      return [
        renderPlan(plan),
        planAsJson(plan),
        renderRun(finished),
        summaryAsJson(finished, when),
        ...events.map(eventLine),
        ...events.map((event) => eventAsJson(event, when)),
        ...(result.stopped === undefined ? [] : [describeError(result.stopped)]),
      ];
    } catch (thrown) {
      return [describeError(thrown)];
    }
  };

  it('is in no plan, no event, no report and no log of a run', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    assert.ok(quoting(lab).includes(SECRET));
    assertHidden(await run(lab));
  });

  it('is in no status', async () => {
    const lab = new FakeLab(['h1']);
    const { signal } = new AbortController();
    const { cluster } = await readStatus(lab.spec, lab.network.connect, signal);
    assert.ok(cluster.cibText.includes(SECRET));
    assertHidden([renderStatus(cluster, lab.spec), statusAsJson(cluster, lab.spec)]);
  });

  for (const [what, answers] of Object.entries<Troubled>({
    'an edit that fails': { 'write-cib': (cib) => ({ code: 5, stderr: `cibadmin: ${cib}` }) },
    'a scheduler that finds the CIB invalid': {
      'verify-cib': (cib, nonce) =>
        `@${nonce} intended code\n78\n@${nonce} intended complaints\n${cib}\n@${nonce} end\n`,
    },
  })) {
    it(`is not told by ${what}, though the tool quotes it`, async () => {
      const quoted = quoting(new FakeLab([]));
      const trouble = Object.fromEntries(
        Object.entries(answers).map(([script, answer]) => [
          script,
          (request?: ExecRequest): Answer => answer(quoted, request?.params?.[0] ?? ''),
        ]),
      );
      const lab = new FakeLab(['h1'], { c1: { answers: trouble } });
      const printed = await run(lab);
      assert.ok(
        printed.some((text) => text.includes('«secret»')),
        printed.join('\n'),
      );
      assertHidden(printed);
    });
  }
});
