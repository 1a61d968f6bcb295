import assert from 'node:assert/strict';
import { findingNotes } from '../../src/model/finding.ts';
import { RISKS } from '../../src/model/risk.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { renderPlan } from '../../src/report/plan/plan-text.ts';
import { apply, editsOf, planOf, useStateFolder, verdictsOf } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';

// The fence device of the recorded cluster has `c1:c1;c2:c2;h1:h1;r1:h1; …`: s1 and s2 are not in it.
const NODES = ['s1', 's2', 'h1'];

const BY_FENCING = { fencing: { device: 'fencing', plug: undefined } };

const mapOf = (lab: FakeLab): string | undefined =>
  lab.cib.ids.get('fencing-instance_attributes-pcmk_host_map')?.attributes['value'];

describe('fencing before joining', () => {
  useStateFolder();

  it('is refused for nodes that nobody can fence, and nothing is done', async () => {
    const lab = new FakeLab(NODES);
    const { plan } = await planOf(lab);
    assert.deepEqual(plan.risks, [{ code: 'unfenceable', subjects: ['s1', 's2'] }]);
    assert.deepEqual(
      plan.fencing.map(({ node, devices }) => [node, devices]),
      [
        ['s1', []],
        ['s2', []],
        ['h1', ['fencing']],
      ],
    );
    await assert.rejects(
      apply(lab),
      (error) =>
        error instanceof OutriggerError &&
        error.code === 'REFUSED' &&
        error.message.includes(`unfenceable: ${RISKS.unfenceable} (s1, s2)`),
    );
    assert.deepEqual(editsOf(lab), []);
    const { failed } = await apply(lab, { allowed: ['unfenceable'] });
    assert.deepEqual([...failed], []);
    const { plan: later } = await planOf(lab);
    assert.deepEqual(later.risks, []);
    assert.deepEqual(findingNotes(later.findings, later.problems), [
      's1: no fence device covers it',
      's2: no fence device covers it',
    ]);
  });

  it('extends the declared device for all nodes in one patch, before any of them is connected', async () => {
    const lab = new FakeLab(NODES, {}, BY_FENCING);
    const before = mapOf(lab) ?? assert.fail();
    const { plan } = await planOf(lab);
    assert.deepEqual(plan.risks, []);
    assert.match(
      renderPlan(plan),
      /^ {2}h1 {6}fencing\n {2}s\[1-2\] {2}fencing, after the change/m,
    );
    const connections: number[] = [];
    lab.beforeWrite = () => connections.push(lab.cib.remoteConnections.size);
    const run = await apply(lab);
    assert.deepEqual([...run.failed], []);
    assert.equal(mapOf(lab), `${before};s1:s1;s2:s2`);
    const purposes = run.events.flatMap((event) =>
      event.type === 'cib-written' ? [event.purpose] : [],
    );
    assert.deepEqual(purposes, ['fence-device', 'connection-resource', 'node-state']);
    assert.deepEqual(connections, [0, 0, 3]);
    assert.equal(
      verdictsOf(run, 's1').filter((said) => said === 'fence-device: changed').length,
      1,
    );
    assert.deepEqual(
      verdictsOf(run, 'h1').filter((said) => said.startsWith('fence')),
      [],
    );
    const { plan: later } = await planOf(lab);
    assert.ok(later.plays.every(({ changes }) => changes.length === 0));
  });

  it('does not add a host to the device that failed before', async () => {
    const trouble = { answers: { 'install-apt': () => ({ code: 1, stderr: 'no such package' }) } };
    const lab = new FakeLab(NODES, { s1: trouble }, BY_FENCING);
    const { failed } = await apply(lab);
    assert.deepEqual([...failed.keys()], ['s1']);
    assert.match(mapOf(lab) ?? '', /;s2:s2$/);
    assert.doesNotMatch(mapOf(lab) ?? '', /s1/);
  });

  it('leaves a host out whose declared device does not exist, and does the others', async () => {
    const lab = new FakeLab(['h1'], {}, { fencing: { device: 'no-such', plug: undefined } });
    const { plan } = await planOf(lab);
    assert.deepEqual(
      plan.problems.map(({ host, code, message, hint }) => [host, code, message, hint]),
      [
        [
          'h1',
          'FENCE_DEVICE_UNSUITABLE',
          'its fence device no-such: the cluster has no fence device no-such',
          'fence devices of the cluster: fencing',
        ],
      ],
    );
  });

  it('asks for nothing while fencing is off', async () => {
    for (const settings of [{}, BY_FENCING]) {
      const lab = new FakeLab(NODES, {}, settings);
      lab.setProperty('stonith-enabled', 'false');
      const { plan } = await planOf(lab);
      assert.deepEqual([plan.risks, plan.fencing, plan.notes], [[], [], []]);
      const { failed } = await apply(lab);
      assert.deepEqual([...failed], []);
      assert.doesNotMatch(mapOf(lab) ?? '', /s1/);
    }
  });
});
