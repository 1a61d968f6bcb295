import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { applyLive } from '../../src/cli/commands/apply.ts';
import type { Planned } from '../../src/flows/plan/plan-cluster.ts';
import { lockIn } from '../../src/pacemaker/procedures/lock.ts';
import { apply, editsOf, planOf, requestOf, useStateFolder } from '../support/apply-lab.ts';
import { endedProcess } from '../support/ended-process.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { holdLock } from '../support/fake-lock.ts';
import { sitePlaybook } from '../support/specs.ts';
import { withoutPrompt } from '../support/secrets.ts';

/** What `apply --json --yes` prints for a plan, and how it exits. */
async function applyAsJson(lab: FakeLab, planned: Planned) {
  const stream = Object.assign(new PassThrough(), {
    isTTY: false,
  }) as unknown as NodeJS.WriteStream;
  let out = '';
  let err = '';
  const code = await applyLive(
    { inventory: 'x', json: true, yes: true, input: true, forks: 10 },
    {
      out: (text) => (out += text),
      err: (text) => (err += text),
      outStream: stream,
      errStream: stream,
      inIsTerminal: false,
      env: {},
      signal: new AbortController().signal,
    },
    {
      spec: lab.spec,
      selected: lab.spec,
      playbook: sitePlaybook,
      planned,
      fetchSecret: withoutPrompt,
      request: requestOf(lab),
    },
  );
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const notices = lines.flatMap(({ type, message }) =>
    type === 'notice' ? [String(message)] : [],
  );
  return { code, err, notices, first: lines[0], last: lines.at(-1), count: lines.length };
}

describe('apply --json', () => {
  const state = useStateFolder();

  it('tells a gate that stays closed in the summary, with the log and the exit code', async () => {
    const lab = new FakeLab(['h1']);
    lab.setProperty('maintenance-mode', 'true');
    const { code, err, first, last } = await applyAsJson(lab, await planOf(lab));
    assert.equal(code, 4);
    assert.equal(first?.['type'], 'version');
    assert.equal(last?.['type'], 'summary');
    assert.match(String(last['stopped']), /maintenance mode/);
    assert.ok(err.includes(`log and copies of the CIB: ${state.folder}/outrigger/`));
    assert.match(err, /was not started: the cluster is in maintenance mode/);
  });

  it('gives the lock of a run back that died after its last step, and says so', async () => {
    const lab = new FakeLab(['h1']);
    await apply(lab);
    await holdLock(lab, 60_000, await endedProcess());
    const { code, notices } = await applyAsJson(lab, await planOf(lab));
    assert.equal(code, 0);
    assert.match(notices.join(), /^the lock of a failed run was released:/);
    assert.equal(lockIn(lab.cib), undefined);
  });

  it('tells risks that nobody allowed, and does nothing', async () => {
    const lab = new FakeLab(['h1']);
    const planned = await planOf(lab);
    lab.forget();
    const risks = [{ code: 'fences-nodes', subjects: ['h1'] }] as const;
    const risky = { ...planned, plan: { ...planned.plan, risks } };
    const { code, err, first, last, count } = await applyAsJson(lab, risky);
    assert.deepEqual([code, count], [5, 2]);
    assert.equal(first?.['type'], 'version');
    assert.match(String(last?.['stopped']), /fences-nodes/);
    assert.match(err, /--allow fences-nodes/);
    assert.deepEqual(editsOf(lab), []);
  });
});
