import assert from 'node:assert/strict';
import { exitCodeOfComparison } from '../../src/cli/process/exit-code.ts';
import { driftOf, hasDrifted, type Drift } from '../../src/plan/drift/drift.ts';
import { driftAsJson } from '../../src/report/drift/drift-json.ts';
import { renderDrift } from '../../src/report/drift/drift-text.ts';
import { renderPlan } from '../../src/report/plan/plan-text.ts';
import { apply, planOf, useStateFolder } from '../support/apply-lab.ts';
import type { ReportedConnection } from '../support/crm-mon.ts';
import { FakeLab } from '../support/fake-lab.ts';

const codeOf = (drift: Drift): number => exitCodeOfComparison(drift, hasDrifted(drift));

describe('a node that is still on its way in', function () {
  this.timeout(120_000);
  useStateFolder();
  let lab: FakeLab;

  beforeEach(async () => {
    lab = new FakeLab(['h1', 'h2'], {}, {}, ['g1']);
    await apply(lab, { allowed: ['guest-joins'] });
  });

  const report = (name: string, said: ReportedConnection): void => {
    lab.reported.set(name, said);
  };

  it('is in sync once it is in', async () => {
    const { plan } = await planOf(lab);
    assert.deepEqual(plan.pending, []);
    assert.deepEqual(plan.inSync, ['c1', 'c2', 'g1', 'h1', 'h2']);
    assert.equal(codeOf(driftOf(plan)), 0);
  });

  it('is not in sync as a guest node whose connection is starting, and the exit code says so', async () => {
    report('g1', { on: 'c1', role: 'Starting' });
    const { plan } = await planOf(lab);
    const drift = driftOf(plan);
    assert.deepEqual(
      plan.pending.map(({ host }) => host),
      ['g1'],
    );
    assert.deepEqual(drift.inSync, ['c1', 'c2', 'h1', 'h2']);
    assert.equal(codeOf(drift), 3);
    assert.match(
      renderDrift(drift),
      /^Not joined yet\n {2}g1: its connection is not up yet \(pending\)$/m,
    );
    assert.match(renderDrift(drift), /^No drift so far\. 4 hosts in sync, 1 not joined yet\.\n$/m);
    assert.match(renderPlan(plan), /^No changes\. 4 hosts in sync, 1 not joined yet\.\n$/m);
    const { counts, pending } = JSON.parse(driftAsJson(drift)) as Record<string, unknown>;
    assert.deepEqual(pending, [{ host: 'g1', message: 'its connection is not up yet (pending)' }]);
    assert.equal((counts as Record<string, number>)['pending'], 1);
  });

  it('is the same as a guest node whose VM is being migrated', async () => {
    report('vm-g1', { on: 'c1', role: 'Migrating' });
    const { plan } = await planOf(lab);
    const message = 'its VM vm-g1: it is changing its state (Migrating)';
    assert.deepEqual(plan.pending, [{ host: 'g1', message }]);
    assert.equal(codeOf(driftOf(plan)), 3);
  });

  it('is the same as a remote node whose connection moves or starts', async () => {
    for (const role of ['Starting', 'Migrating', 'Stopping']) {
      report('h1', { on: 'c1', role });
      const { plan } = await planOf(lab);
      assert.deepEqual(
        plan.pending.map(({ host }) => host),
        ['h1'],
        role,
      );
      assert.equal(codeOf(driftOf(plan)), 3, role);
    }
  });

  it('is not told of twice: what has drifted as well is drift', async () => {
    report('h1', { on: 'c1', role: 'Starting' });
    lab.tamperKey('h1');
    const { plan } = await planOf(lab);
    assert.deepEqual(plan.pending, []);
    assert.equal(codeOf(driftOf(plan)), 2);
    assert.ok(plan.notes.includes('h1: not online (pending)'), plan.notes.join('\n'));
  });
});
