import assert from 'node:assert/strict';
import { examine } from '../../src/flows/examine.ts';
import type { Check, Diagnosis } from '../../src/model/diagnosis.ts';
import { renderDiagnosis } from '../../src/report/status/diagnosis-text.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { apply, useStateFolder } from '../support/apply-lab.ts';
import { examination } from '../support/fake-examination.ts';
import { FakeLab } from '../support/fake-lab.ts';
import type { HostTrouble } from '../support/host-trouble.ts';
import { withoutPrompt } from '../support/secrets.ts';
import { sitePlaybook } from '../support/specs.ts';

/** What no check may say of hosts that nobody has asked. */
describe('doctor, where nobody answers', () => {
  useStateFolder();

  async function diagnosisOf(lab: FakeLab, down: readonly string[]): Promise<Diagnosis> {
    return examine({
      spec: lab.spec,
      selected: lab.spec,
      playbook: sitePlaybook,
      forks: 10,
      fetchSecret: withoutPrompt,
      signal: new AbortController().signal,
      connect: (name, connection, signal) =>
        lab.network.connect(down.includes(name) ? 'nobody' : name, connection, signal),
    });
  }

  async function joined(trouble: Readonly<Record<string, HostTrouble>> = {}): Promise<FakeLab> {
    const lab = new FakeLab(['h1', 'h2'], trouble);
    await apply(lab);
    lab.forget();
    return lab;
  }

  const outcomes = ({ checks }: Diagnosis): Partial<Record<Check, string>> =>
    Object.fromEntries(checks.map(({ check, outcome }) => [check, outcome]));
  const summaryOf = ({ checks }: Diagnosis, desired: Check): string | undefined =>
    checks.find(({ check }) => check === desired)?.summary;

  it('calls nothing ok when no host answers at all', async () => {
    const lab = await joined();
    const diagnosis = await diagnosisOf(lab, ['c1', 'c2', 'h1', 'h2']);
    assert.deepEqual(outcomes(diagnosis), {
      connection: 'bad',
      cluster: 'unknown',
      versions: 'unknown',
      packages: 'unknown',
      space: 'unknown',
      clocks: 'unknown',
      hosts: 'unknown',
      port: 'unknown',
      credentials: 'unknown',
      fencing: 'unknown',
      plan: 'bad',
    });
    assert.doesNotMatch(renderDiagnosis(diagnosis), /^ *ok /m);
  });

  it('calls nothing of the hosts ok when cluster nodes alone answer', async () => {
    const lab = await joined();
    const diagnosis = await diagnosisOf(lab, ['h1', 'h2']);
    const found = outcomes(diagnosis);
    for (const check of ['packages', 'hosts', 'port', 'plan'] as const)
      assert.equal(found[check], 'unknown', `${check}: ${summaryOf(diagnosis, check) ?? ''}`);
    for (const check of ['space', 'clocks', 'credentials'] as const)
      assert.match(summaryOf(diagnosis, check) ?? '', /\(checked on 2 of 4 hosts\)$/, check);
  });

  it('says of how many a check holds where some gave no answer', async () => {
    const lab = await joined();
    const diagnosis = await diagnosisOf(lab, ['h2']);
    assert.equal(
      summaryOf(diagnosis, 'packages'),
      'missing packages can be installed (checked on 1 of 2 hosts)',
    );
    assert.equal(
      summaryOf(diagnosis, 'space'),
      'sufficient on all hosts (checked on 3 of 4 hosts)',
    );
    assert.equal(
      summaryOf(diagnosis, 'hosts'),
      '1 of 1 can be nodes of this cluster (checked on 1 of 2 hosts)',
    );
    assert.match(summaryOf(diagnosis, 'plan') ?? '', /\(without 1 unreachable\)$/);
  });

  it('does not count cluster nodes that did not tell whom they reach', async () => {
    const broken = (): never => {
      throw new OutriggerError('TIMED_OUT', 'no end', { host: 'c2' });
    };
    const lab = new FakeLab(['h1'], {
      c1: { answers: { reach: broken } },
      c2: { answers: { reach: broken } },
    });
    await apply(lab).catch(() => undefined);
    const diagnosis = await diagnosisOf(lab, []);
    assert.equal(summaryOf(diagnosis, 'port'), 'unknown');
  });

  it('finds no space enough that no host has told', async () => {
    const silent = { answers: { examine: examinationWithout } };
    const lab = await joined({ c1: silent, c2: silent, h1: silent, h2: silent });
    assert.equal(outcomes(await diagnosisOf(lab, [])).space, 'unknown');
  });

  const examinationWithout: NonNullable<HostTrouble['answers']>[string] = (request) =>
    examination(request, { space: '' });
});
