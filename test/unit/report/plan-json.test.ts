import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { planAsJson } from '../../../src/report/plan/plan-json.ts';
import { assertGolden } from './golden.ts';
import { fleetPlan, quietEffects, quietPlan, wrongKey } from './plans.ts';

const schema = JSON.parse(
  readFileSync(new URL('../../../schemas/plan.schema.json', import.meta.url), 'utf8'),
) as object;

const smallPlan = {
  ...fleetPlan(),
  plays: [{ name: 'Prepare the hosts', changes: wrongKey('storage1') }],
  forecast: { effects: quietEffects, fencedOnFailure: [], withoutEligibleNode: [] },
};

describe('a plan as JSON', () => {
  const validate = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true }).compile(
    schema,
  );
  for (const [name, plan] of Object.entries({ quietPlan, smallPlan, fleetPlan: fleetPlan() })) {
    it(`is what the schema says (${name})`, () => {
      assert.ok(validate(JSON.parse(planAsJson(plan))), JSON.stringify(validate.errors));
    });
  }

  it('is refused by the schema when a key is missing or unknown', () => {
    const document = JSON.parse(planAsJson(quietPlan)) as Record<string, unknown>;
    assert.ok(!validate({ ...document, extra: 1 }));
    assert.ok(!validate({ ...document, counts: undefined }));
  });

  it('describes every property', () => {
    const missing: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        const at = `${path}/${key}`;
        const isProperty = /\/properties\/[^/]+$/.test(at);
        if (isProperty && !('description' in (inner as object)) && !('$ref' in (inner as object)))
          missing.push(at);
        walk(inner, at);
      }
    };
    walk(schema, '');
    assert.deepEqual(missing, []);
  });

  it('has its keys in one order and ends with a line break', () => {
    assertGolden('small-plan.json.txt', planAsJson(smallPlan));
  });

  it('shows no control character, not even an escaped one', () => {
    const text = planAsJson({ ...quietPlan, notes: ['\u001b[31m\u202e\u0000'] });
    assert.deepEqual((JSON.parse(text) as { notes: unknown }).notes, [
      '\\u{1b}[31m\\u{202e}\\u{0}',
    ]);
  });
});
