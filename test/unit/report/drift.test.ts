import assert from 'node:assert/strict';
import { Ajv } from 'ajv';
import { loadSchema } from '../../../src/flows/load-document.ts';
import { driftOf } from '../../../src/plan/drift/drift.ts';
import { driftAsJson } from '../../../src/report/drift/drift-json.ts';
import { renderDrift } from '../../../src/report/drift/drift-text.ts';
import { assertGolden } from './golden.ts';
import { change, fleetPlan, quietPlan, wrongKey } from './plans.ts';

const schema = loadSchema('drift');

const plays = [{ name: 'Prepare the hosts', changes: ['r1', 'r2', 'r4'].flatMap(wrongKey) }];
const drifted = driftOf({ ...quietPlan, plays, unmanaged: ['old1', 'old2'] });

describe('drift', () => {
  it('leaves out what would merely follow from mending it', () => {
    assert.ok(plays[0]?.changes.some(({ isConsequence }) => isConsequence));
    assert.deepEqual(
      drifted.drifted.map(({ host, item }) => `${host} ${item}`),
      ['r1 authkey', 'r2 authkey', 'r4 authkey'],
    );
  });

  it('is quiet for people when there is none', () => {
    assertGolden('no-drift.txt', renderDrift(driftOf(quietPlan)));
  });

  it('tells people what was expected and what is', () => {
    assertGolden('drift.txt', renderDrift(drifted));
  });

  it('tells of a fleet in a few lines', () => {
    assertGolden('fleet-drift.txt', renderDrift(driftOf(fleetPlan())));
  });

  it('never calls hosts that gave no answer free of drift', () => {
    const { problems } = fleetPlan();
    const text = renderDrift(driftOf({ ...quietPlan, problems }));
    assert.match(text, /\nNo drift on the reachable hosts\. .*3 unreachable, 1 refused\.\n$/);
  });

  /** The key was replaced on one host, and another one runs a daemon that is older than its key, and not enabled. */
  const started = { before: 'before its key was written', after: 'after its key was written' };
  const daemons = driftOf({
    ...quietPlan,
    plays: [
      {
        name: 'Prepare the hosts',
        changes: [
          ...wrongKey('r1'),
          change('r2', 'service', [
            { name: 'enabled at boot', before: 'no', after: 'yes' },
            { name: 'started', ...started },
          ]),
          change('r3', 'service', [{ name: 'started', ...started }]),
        ],
      },
    ],
  });

  it('tells a file that differs from a running daemon that is older than its files', () => {
    assertGolden('daemon-drift.txt', renderDrift(daemons));
    const { drifted: reported } = JSON.parse(driftAsJson(daemons)) as {
      drifted: { host: string; attribute: string; kind: string }[];
    };
    assert.deepEqual(
      reported.map(({ host, attribute, kind }) => `${host} ${attribute}: ${kind}`),
      [
        'r1 content: configuration',
        'r2 enabled at boot: configuration',
        'r2 started: running-daemon',
        'r3 started: running-daemon',
      ],
    );
  });

  const stopped = driftOf({
    ...quietPlan,
    stoppedGuests: [
      {
        host: 'g1',
        resource: 'vm-g1',
        message: 'its machine vm-g1 is stopped by the cluster: prepared when it runs',
      },
    ],
  });

  it('tells of guests whose machine the cluster has stopped, neither as drift nor as in sync', () => {
    assertGolden('stopped-guest-drift.txt', renderDrift(stopped));
    assertGolden('stopped-guest-drift.json.txt', driftAsJson(stopped));
  });

  it('never lets a control character through', () => {
    const nasty = 'a\u001b[2Jb\u009bc';
    const changes = [change('r1', 'node-state', [{ name: nasty, before: nasty, after: nasty }])];
    const drift = driftOf({ ...quietPlan, plays: [{ name: 'Connect', changes }], notes: [nasty] });
    for (const text of [renderDrift(drift), driftAsJson(drift)]) {
      assert.doesNotMatch(text, /[^\P{C}\n]/u);
    }
  });

  const validate = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true }).compile(
    schema,
  );
  for (const [name, drift] of Object.entries({
    quiet: driftOf(quietPlan),
    drifted,
    fleet: driftOf(fleetPlan()),
    daemons,
    stopped,
  })) {
    it(`is what the schema says (${name})`, () => {
      assert.ok(validate(JSON.parse(driftAsJson(drift))), JSON.stringify(validate.errors));
    });
  }
});
