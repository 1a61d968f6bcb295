import assert from 'node:assert/strict';
import { loadSchema } from '../../src/flows/load-document.ts';
import { PLAN_REPORTS } from '../../src/flows/write-reports.ts';
import type { Plan } from '../../src/model/plan.ts';
import { planAsJson } from '../../src/report/plan/plan-json.ts';
import { renderPlan } from '../../src/report/plan/plan-text.ts';
import { readSavedPlan, savedPlanAsJson } from '../../src/report/plan/saved-plan-json.ts';

const HASH = 'a'.repeat(64);
const schemas = { saved: loadSchema('saved-plan'), plan: loadSchema('plan') };

const restored = (plan: Plan): Plan =>
  readSavedPlan(
    'a saved plan',
    savedPlanAsJson({
      outrigger: '1.2.3',
      savedAt: '2026-01-01T00:00:00.000Z',
      limit: undefined,
      plan,
      inventory: { path: '/inventory.yml', fingerprint: HASH },
      playbook: { path: undefined, fingerprint: HASH },
      key: HASH,
      credentials: HASH,
      objects: [],
    }),
    schemas,
  ).plan;

/** A plan that was saved looks as it did, in every form in which `show` has it. */
export function assertSavable(plan: Plan): void {
  const loaded = restored(plan);
  const forms = { text: (one: Plan) => renderPlan(one), json: planAsJson, ...PLAN_REPORTS };
  for (const [name, form] of Object.entries(forms)) assert.equal(form(loaded), form(plan), name);
}
