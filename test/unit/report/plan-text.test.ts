import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Plan } from '../../../src/model/plan.ts';
import { renderPlan } from '../../../src/report/plan/plan-text.ts';
import { plainStyle } from '../../../src/report/text/style.ts';
import { assertGolden } from './golden.ts';
import { change, fleetPlan, quietEffects, quietPlan, wrongKey } from './plans.ts';

const withChanges = (changes: Plan['plays'][number]['changes']): Plan => ({
  ...quietPlan,
  plays: [{ name: 'Prepare the hosts', changes }],
});

describe('a plan for people', () => {
  it('is quiet when nothing changes', () => {
    assertGolden('quiet-plan.txt', renderPlan(quietPlan));
  });

  it('tells of a fleet in a few lines', () => {
    assertGolden('fleet-plan.txt', renderPlan(fleetPlan()));
  });

  it('shows consequences below their cause', () => {
    assertGolden(
      'wrong-keys-plan.txt',
      renderPlan(withChanges(['r1', 'r2', 'r4'].flatMap(wrongKey))),
    );
  });

  it('warns of a cluster that is not well', () => {
    const cluster = {
      ...quietPlan.cluster,
      dc: undefined,
      pacemaker: undefined,
      hasQuorum: false,
      fencing: false,
    };
    const text = renderPlan({
      ...quietPlan,
      cluster: { ...cluster, maintenance: true, isBusy: true },
    });
    assert.match(
      text,
      /^Cluster prod: no DC, no quorum, fencing off, maintenance mode, transition in progress\n/,
    );
  });

  it('never calls hosts that gave no answer in sync', () => {
    const { problems } = fleetPlan();
    assert.match(
      renderPlan({ ...quietPlan, problems }),
      /\nNo changes\. 5 hosts in sync, 3 unreachable, 1 refused\.\n$/,
    );
  });

  it('says who would be fenced, or that nobody would', () => {
    const changes = wrongKey('r1');
    const forecast = { effects: quietEffects, fencedOnFailure: [], withoutEligibleNode: [] };
    const text = renderPlan({ ...withChanges(changes), forecast });
    assert.match(
      text,
      /Predicted cluster actions\n {2}none\n {2}fenced if all new connections fail: none\n/,
    );
  });

  it('keeps hosts apart whose values do not advance with their names', () => {
    const connect = (host: string, server: string) =>
      change(host, 'connection-resource', [{ name: 'server', before: undefined, after: server }]);
    const text = renderPlan(
      withChanges([
        connect('r1', '10.0.0.7'),
        connect('r2', '10.0.0.3'),
        connect('r3', '10.0.0.4'),
        connect('r4', '10.0.0.9'),
      ]),
    );
    assert.match(
      text,
      / r1\n.*absent -> 10\.0\.0\.7\n {2}r\[2-3\]\n.*absent -> 10\.0\.0\.\[3-4\]\n {2}r4\n/,
    );
  });

  it('puts a long reason below its change', () => {
    const reason = 'a daemon may read the key only once (Pacemaker 3.0.2 and later)';
    const text = renderPlan(
      withChanges([
        change('r1', 'service', [
          { name: 'started', before: 'before its key', after: 'after its key', reason },
        ]),
      ]),
    );
    assert.match(text, /after its key\n {29}\(a daemon may read the key only once/);
    assert.ok(text.split('\n').every((line) => line.length <= 100));
  });

  it('can be coloured without becoming another text', () => {
    const colour = (text: string): string => `\u001b[1m${text}\u001b[0m`;
    const style = { heading: colour, good: colour, attention: colour, bad: colour, faint: colour };
    const text = renderPlan(fleetPlan(), style);
    assert.notEqual(text, renderPlan(fleetPlan()));
    assert.equal(text.replaceAll(/\p{Cc}\[\dm/gu, ''), renderPlan(fleetPlan(), plainStyle));
  });

  it('fits 100 columns', () => {
    assert.ok(
      renderPlan(fleetPlan())
        .split('\n')
        .every((line) => line.length <= 100),
    );
  });

  it('does not depend on the order of hosts, problems, risks and names', () => {
    const plan = fleetPlan();
    const reversed = {
      ...plan,
      plays: plan.plays.map(({ name, changes }) => ({
        name,
        changes: changes.toSorted((a, b) => (a.host < b.host ? 1 : a.host > b.host ? -1 : 0)),
      })),
      problems: plan.problems.toReversed(),
      risks: plan.risks.toReversed(),
      notes: plan.notes.toReversed(),
      unmanaged: plan.unmanaged.toReversed(),
      inSync: plan.inSync.toReversed(),
    };
    assert.equal(renderPlan(reversed), renderPlan(plan));
  });

  it('never lets a control character through', () => {
    const evil = fc.string({
      unit: fc.constantFrom('a', '1', ' ', ':', '\u001b', '\u0007', '\u202e', '\n', '\u009b', '['),
    });
    fc.assert(
      fc.property(evil, evil, evil, (host, value, message) => {
        const text = renderPlan({
          ...quietPlan,
          cluster: { ...quietPlan.cluster, name: value, dc: host, pacemaker: message },
          plays: [
            {
              name: message,
              changes: [
                change(host, 'package', [
                  { name: value, before: message, after: value, reason: host },
                ]),
              ],
            },
          ],
          problems: [{ host, kind: 'refused', code: 'HOST_UNREACHABLE', message, hint: value }],
          risks: [{ code: 'fences-nodes', subjects: [value] }],
          notes: [message, `${host}: ${value}`],
          unmanaged: [value],
          forecast: {
            effects: {
              ...quietEffects,
              moves: [{ resource: host, from: value, to: message }],
              others: [{ action: value, resource: host, on: message }],
              cloneGrowth: [{ clone: value, by: 1 }],
            },
            fencedOnFailure: [value],
            withoutEligibleNode: [],
          },
        });
        assert.doesNotMatch(text, /[^\P{C}\n]/u);
      }),
    );
  });

  it('takes no time for 2000 hosts', () => {
    const changes = Array.from({ length: 2000 }, (_, index) =>
      change(`n${index}`, 'connection-resource', [
        { name: 'server', before: undefined, after: `10.0.0.${index}` },
      ]),
    );
    const before = process.cpuUsage();
    assert.match(renderPlan(withChanges(changes)), /n\[0-1999\]/);
    assert.ok(process.cpuUsage(before).user < 2_000_000);
  });
});
