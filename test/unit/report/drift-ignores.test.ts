import assert from 'node:assert/strict';
import { differencesOf, driftOf, hasDrifted } from '../../../src/plan/drift/drift.ts';
import type { Plan } from '../../../src/model/plan.ts';
import type { DriftIgnoreSpec } from '../../../src/inventory/spec.ts';
import { driftAsJson } from '../../../src/report/drift/drift-json.ts';
import { renderDrift } from '../../../src/report/drift/drift-text.ts';
import { assertGolden } from './golden.ts';
import { change, quietPlan } from './plans.ts';

const TODAY = '2026-11-26';

const service = (host: string) =>
  change(host, 'service', [
    { name: 'enabled at boot', before: 'no', after: 'yes' },
    { name: 'state', before: 'inactive', after: 'active' },
  ]);

const plan: Plan = {
  ...quietPlan,
  plays: [{ name: 'Prepare the hosts', changes: [service('r1'), service('r2')] }],
  findings: [
    {
      host: 'r3',
      item: 'fencing',
      attribute: 'devices',
      expected: 'at least one',
      actual: 'none',
      message: 'no fence device covers it',
      hint: 'declare one',
    },
  ],
  inSync: ['c1', 'r3'],
};

const ignore = (more: Partial<DriftIgnoreSpec>): DriftIgnoreSpec => ({
  host: 'r1',
  item: 'service',
  attribute: undefined,
  reason: 'known',
  until: TODAY,
  ...more,
});

const left = (...ignores: DriftIgnoreSpec[]): string[] =>
  differencesOf(driftOf(plan, ignores, TODAY)).map(
    ({ host, item, attribute }) => `${host} ${item} ${attribute}`,
  );

const ALL = [
  'r1 service enabled at boot',
  'r1 service state',
  'r2 service enabled at boot',
  'r2 service state',
  'r3 fencing devices',
];

describe('drift that is ignored', () => {
  it('does not count, on its last day either', () => {
    assert.deepEqual(left(), ALL);
    assert.deepEqual(left(ignore({})), ALL.slice(2));
    assert.deepEqual(left(ignore({ attribute: 'enabled at boot' })), ALL.slice(1));
    assert.deepEqual(left(ignore({ host: 'r[1-2]' }), ignore({ host: '*', item: 'fencing' })), []);
  });

  it('counts again when its day is over, and drift says so', () => {
    const ended = ignore({ until: '2026-11-25' });
    assert.deepEqual(left(ended), ALL);
    assert.deepEqual(driftOf(plan, [ended], TODAY).expiredIgnores, [ended]);
  });

  it('is only what it names', () => {
    assert.deepEqual(left(ignore({ item: 'authkey' }), ignore({ host: 'r' })), ALL);
    assert.deepEqual(left(ignore({ host: 'r1', attribute: 'at' })), ALL);
  });

  it('leaves a host in sync on which nothing else has drifted', () => {
    const drift = driftOf(
      plan,
      [ignore({ host: 'r[1-2]' }), ignore({ host: 'r3', item: 'fencing' })],
      TODAY,
    );
    assert.equal(hasDrifted(drift), false);
    assert.deepEqual(drift.inSync, ['c1', 'r1', 'r2', 'r3']);
    assert.deepEqual(driftOf(plan, [], TODAY).inSync, ['c1']);
    assert.deepEqual(driftOf(plan, [ignore({ attribute: 'enabled at boot' })], TODAY).inSync, [
      'c1',
    ]);
  });

  it('says nothing about hosts that gave no answer', () => {
    const silent: Plan = {
      ...plan,
      plays: [],
      findings: [],
      problems: [
        {
          host: 'r1',
          kind: 'unreachable',
          code: 'HOST_UNREACHABLE',
          message: 'no answer',
          hint: undefined,
        },
      ],
    };
    const drift = driftOf(silent, [ignore({})], TODAY);
    assert.deepEqual([drift.problems.length, drift.inSync], [1, ['c1', 'r3']]);
  });

  it('is listed apart, with its reason', () => {
    const drift = driftOf(
      plan,
      [
        ignore({ attribute: 'enabled at boot', until: '2026-12-31' }),
        ignore({ until: '2026-01-01' }),
      ],
      TODAY,
    );
    assertGolden('ignored-drift.txt', renderDrift(drift));
    assertGolden('ignored-drift.json.txt', driftAsJson(drift));
  });
});
