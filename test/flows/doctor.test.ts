import assert from 'node:assert/strict';
import { Ajv } from 'ajv';
import { examine } from '../../src/flows/examine.ts';
import { loadSchema } from '../../src/flows/load-document.ts';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { diagnosisAsJson } from '../../src/report/status/diagnosis-json.ts';
import { renderDiagnosis } from '../../src/report/status/diagnosis-text.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { apply, editsOf, useStateFolder } from '../support/apply-lab.ts';
import { examination } from '../support/fake-examination.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { sitePlaybook } from '../support/specs.ts';
import { assertGolden } from '../unit/report/golden.ts';
import { withoutPrompt } from '../support/secrets.ts';

const isValid = new Ajv({ allErrors: true }).compile(loadSchema('doctor'));

async function diagnosisOf(lab: FakeLab, down = ''): Promise<Diagnosis> {
  const diagnosis = await examine({
    spec: lab.spec,
    selected: lab.spec,
    playbook: sitePlaybook,
    forks: 10,
    fetchSecret: withoutPrompt,
    signal: new AbortController().signal,
    connect: (name, connection, signal) =>
      lab.network.connect(name === down ? 'nobody' : name, connection, signal),
  });
  assert.ok(isValid(JSON.parse(diagnosisAsJson(diagnosis))), JSON.stringify(isValid.errors));
  for (const host of lab.hosts.filter(({ name }) => name !== down))
    assert.deepEqual([host.isClosed, host.unscripted], [true, []]);
  return diagnosis;
}

/** `check host level message` of each finding. */
const findingsOf = ({ checks }: Diagnosis): readonly string[] =>
  checks.flatMap(({ check, findings }) =>
    findings.map(({ host, level, message }) => `${check} ${host} ${level}: ${message}`),
  );

const outcomeOf = ({ checks }: Diagnosis, desired: string): string | undefined =>
  checks.find(({ check }) => check === desired)?.outcome;

describe('doctor', () => {
  useStateFolder();

  it('finds nothing on a cluster that is well, and changes nothing', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    await apply(lab);
    lab.forget();
    const diagnosis = await diagnosisOf(lab);
    assert.deepEqual(findingsOf(diagnosis), []);
    assert.ok(diagnosis.checks.every(({ outcome }) => outcome === 'good'));
    assert.deepEqual(editsOf(lab), []);
    assertGolden('doctor-well.txt', renderDiagnosis(diagnosis));
  });

  it('tells once why the cluster does not start a connection, where that is shown', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    await apply(lab);
    lab.setProperty('stop-all-resources', 'true');
    lab.reported.set('h2', {});
    const { checks } = await diagnosisOf(lab);
    const told = checks.flatMap(({ check, findings }) =>
      findings
        .filter(({ host }) => host === 'h2')
        .map(({ level, message, hint }) => [check, level, message, hint]),
    );
    assert.deepEqual(told, [
      [
        'cluster',
        'bad',
        'its connection is unchanged: stop-all-resources is on',
        'disable that option first',
      ],
    ]);
  });

  it('tells where what is missing cannot be installed', async () => {
    const offered = 'resource-agents=1\npacemaker-cli-utils=(none)';
    const lab = new FakeLab(['h1'], {
      h1: { answers: { examine: (request) => examination(request, { offered }) } },
    });
    assert.ok(
      findingsOf(await diagnosisOf(lab)).includes(
        'packages h1 bad: its package repositories do not offer pacemaker-remote, pacemaker-cli-utils',
      ),
    );
  });

  it('tells where dependencies of what is missing cannot be met, also where each of them is offered', async () => {
    const unmet = 'E: you have held broken packages.\npacemaker-remote : Depends: libqb100';
    const offered = 'resource-agents=1';
    const lab = new FakeLab(['h1', 'h2'], {
      h1: { answers: { examine: (request) => examination(request, { unmet }) } },
      h2: { answers: { examine: (request) => examination(request, { unmet, offered }) } },
    });
    const diagnosis = await diagnosisOf(lab);
    const hints = diagnosis.checks
      .filter(({ check }) => check === 'packages')
      .flatMap(({ findings }) => findings.map(({ hint }) => hint).sort());
    assert.match(hints[0] ?? '', /apt-mark showhold/);
    assert.doesNotMatch(hints.join(), /dnf/); // it has apt
    assert.deepEqual(
      findingsOf(diagnosis).filter((finding) => finding.startsWith('packages')),
      [
        'packages h1 bad: missing packages cannot be installed: pacemaker-remote: Depends: libqb100; you have held broken packages',
        'packages h2 bad: its package repositories do not offer pacemaker-remote, pacemaker-cli-utils',
      ],
    );
  });

  it('takes one connection for each host, and two questions', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    await diagnosisOf(lab);
    assert.deepEqual(lab.host('h1').ran.toSorted(), ['examine', 'probe']);
    assert.deepEqual(lab.host('c2').ran.toSorted(), ['examine', 'probe', 'reach']);
  });

  it('tells everything at once', async () => {
    const lab = new FakeLab(['h1', 'h2', 'h3'], {
      c2: { answers: { reach: () => 'h1 3121 closed\nh2 3121 open\n' } },
      h2: { answers: { examine: (request) => examination(request, { space: '/=1024' }) } },
      h3: {
        answers: {
          examine: (request) => examination(request, { clock: 'NTPSynchronized=no' }),
        },
      },
    });
    await apply(lab, { allowed: ['unfenceable'] }).catch(() => undefined);
    lab.forget();
    lab.tamperKey('c2');
    lab.setProperty('maintenance-mode', 'true');
    const diagnosis = await diagnosisOf(lab);
    assertGolden('doctor.txt', renderDiagnosis(diagnosis));
  });

  it('goes on where there is no plan', async () => {
    const lab = new FakeLab(['h1']);
    lab.change('c2', 'uname', 'stranger');
    const diagnosis = await diagnosisOf(lab);
    assert.equal(outcomeOf(diagnosis, 'hosts'), 'unknown');
    assert.match(
      findingsOf(diagnosis).join('\n'),
      /^plan c2 bad: no plan is possible: it belongs to another cluster$/m,
    );
  });

  it('tells of a host that gives no answer, and of one that tells only a part', async () => {
    const broken = (): never => {
      throw new OutriggerError('TIMED_OUT', 'no end within 120 s', { host: 'h2' });
    };
    const lab = new FakeLab(['h1', 'h2'], { h2: { answers: { examine: broken } } });
    const diagnosis = await diagnosisOf(lab, 'h1');
    assert.deepEqual(diagnosis.unreachable, ['h1']);
    const found = findingsOf(diagnosis);
    assert.ok(
      found.some((line) => line.startsWith('connection h1 bad: ')),
      found.join('\n'),
    );
    assert.ok(
      found.includes(
        'packages h2 attention: packages, clock and disk space could not be read: no end within 120 s',
      ),
      found.join('\n'),
    );
  });
});
