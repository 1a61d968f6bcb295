import assert from 'node:assert/strict';
import fc from 'fast-check';
import { loadSchema } from '../../../src/flows/load-document.ts';
import type { SavedPlan } from '../../../src/plan/saved/saved-plan.ts';
import { planAsJson } from '../../../src/report/plan/plan-json.ts';
import { renderPlan } from '../../../src/report/plan/plan-text.ts';
import { readSavedPlan, savedPlanAsJson } from '../../../src/report/plan/saved-plan-json.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { fleetPlan, quietPlan } from './plans.ts';
import { cases } from '../../support/cases.ts';

const schemas = { saved: loadSchema('saved-plan'), plan: loadSchema('plan') };
const digest = (digit: string): string => digit.repeat(64);

const saved: SavedPlan = {
  outrigger: '0.1.0',
  savedAt: '2026-01-02T03:04:05.678Z',
  inventory: { path: '/etc/prod.yml', fingerprint: digest('1') },
  playbook: { path: undefined, fingerprint: digest('2') },
  limit: undefined,
  key: digest('a'),
  credentials: digest('3'),
  objects: [
    { host: 'r1', object: 'authkey', fingerprint: digest('4') },
    { host: undefined, object: '<primitive> r1', fingerprint: digest('5') },
  ],
  plan: quietPlan,
};
const read = (text: string): SavedPlan => readSavedPlan('p', text, schemas);

/** The one line that says what is wrong. */
function complaint(text: string): string {
  try {
    read(text);
  } catch (thrown) {
    assert.ok(thrown instanceof OutriggerError, String(thrown));
    assert.equal(thrown.code, 'INPUT_INVALID');
    assert.ok(!thrown.message.includes('\n'));
    return thrown.message;
  }
  return 'nothing';
}

describe('the file of a saved plan', () => {
  it('reads back as what was saved', () => {
    for (const plan of [quietPlan, fleetPlan()]) {
      const found = read(savedPlanAsJson({ ...saved, plan, limit: 'r[1-2]' }));
      assert.equal(renderPlan(found.plan), renderPlan(plan));
      assert.equal(planAsJson(found.plan), planAsJson(plan));
      assert.deepEqual({ ...found, plan: quietPlan }, { ...saved, limit: 'r[1-2]' });
    }
  });

  it('keeps texts of hosts as they are, without a character that a terminal obeys', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (note) => {
        const text = savedPlanAsJson({ ...saved, plan: { ...quietPlan, notes: [note] } });
        assert.deepEqual(read(text).plan.notes, [note]);
        assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
      { numRuns: cases(30) },
    );
  });

  it('is refused with one line wherever it was cut off', () => {
    const text = savedPlanAsJson(saved);
    fc.assert(
      fc.property(fc.nat(text.length - 3), (length) => {
        assert.match(complaint(text.slice(0, length)), /^p (is not a saved plan|was truncated)/);
      }),
    );
  });

  it('is refused with one line wherever a character of it is another', () => {
    const text = savedPlanAsJson(saved);
    fc.assert(
      fc.property(
        fc.nat(text.length - 2),
        fc.constantFrom('0', 'f', 'x', '"', '}'),
        (at, other) => {
          fc.pre(text[at] !== other && !/\s/.test(text[at] ?? ''));
          assert.match(
            complaint(text.slice(0, at) + other + text.slice(at + 1)),
            /^p (is not a saved plan|was truncated|was damaged|has format)/,
          );
        },
      ),
    );
  });

  for (const [what, text, words] of [
    ['an inventory', 'apiVersion: outrigger/v1\n', /^p is not a saved plan$/],
    ['a plan that was printed as JSON', planAsJson(quietPlan), /^p is not a saved plan$/],
    ['nothing', '', /^p is not a saved plan$/],
    [
      'a later format',
      savedPlanAsJson(saved).replace('"formatVersion": "1.0"', '"formatVersion": "2.0"'),
      /^p has format 2\.0, but this version of outrigger reads format 1\.0$/,
    ],
    [
      'an edited step',
      savedPlanAsJson({ ...saved, plan: fleetPlan() }).replace('"after": "', '"after": "not '),
      /^p was damaged or edited \(checksum mismatch\)$/,
    ],
  ] as const) {
    it(`is told from ${what}`, () => {
      assert.match(complaint(text), words);
    });
  }
});
