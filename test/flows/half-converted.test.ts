import assert from 'node:assert/strict';
import { examine } from '../../src/flows/examine.ts';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { apply, planOf, useStateFolder, verdictsOf } from '../support/apply-lab.ts';
import { failedStart } from '../support/crm-mon.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { withoutPrompt } from '../support/secrets.ts';
import { sitePlaybook } from '../support/specs.ts';

const VARIABLES = ['ca', 'cert', 'key'].map(
  (of) => `PCMK_${of}_file=/etc/pacemaker/x509/${of}.pem`,
);
const FILE = 'file=/etc/default/pacemaker';

const diagnosisOf = (lab: FakeLab): Promise<Diagnosis> =>
  examine({
    spec: lab.spec,
    selected: lab.spec,
    playbook: sitePlaybook,
    connect: lab.network.connect,
    forks: 10,
    fetchSecret: withoutPrompt,
    signal: new AbortController().signal,
  });

const checkOf = ({ checks }: Diagnosis, desired: string) =>
  checks.find(({ check }) => check === desired) ?? assert.fail(desired);

const readFrom = (diagnosis: Diagnosis, desired: string): readonly string[] =>
  checkOf(diagnosis, desired).findings.map(
    ({ host, level, message }) => `${host} ${level}: ${message}`,
  );

const H1_IS_OUT = [
  ' attention: h1_start_0 failed on c1: Timed out',
  'h1 bad: it is not in the cluster (blocked)',
];

/** Somebody has edited the environment file of a host by hand, or taken back what a daemon was started with. */
describe('a host of which the file says one thing and the daemon does another', function () {
  this.timeout(120_000);
  useStateFolder();
  let lab: FakeLab;

  beforeEach(async () => {
    lab = new FakeLab(['h1', 'h2']);
    await apply(lab);
    for (const name of ['c1', 'c2', 'h1', 'h2']) {
      lab.change(name, 'daemon', 'running');
      lab.change(name, 'capability', 'yes');
    }
  });

  const runs = (name: string, ...lines: readonly string[]): void => {
    lab.change(name, 'daemon', ['running', ...lines].join('\n'));
  };
  const says = (name: string, ...lines: readonly string[]): void => {
    lab.change(name, 'environment', [FILE, ...lines].join('\n'));
  };
  const state = (isStated: boolean): void => {
    const authentication = { method: 'psk', isStated, authkey: { kind: 'cluster' } } as const;
    Object.assign(lab, { spec: { ...lab.spec, authentication } });
  };
  const refusalOf = async (): Promise<string | undefined> => {
    const { problems } = (await planOf(lab)).plan;
    return problems.find(({ host }) => host === 'h1')?.message;
  };

  describe('without `authentication` in the inventory', () => {
    it('is refused with what its daemon runs with, not only with what is written', async () => {
      says('h1', ...VARIABLES);
      assert.equal(
        await refusalOf(),
        'its /etc/default/pacemaker sets certificates (PCMK_ca_file and others), but its daemon does not use them yet: from its next start on they take precedence over the authkey',
      );
      runs('h1', ...VARIABLES);
      assert.equal(
        await refusalOf(),
        'its /etc/default/pacemaker sets certificates (PCMK_ca_file and others), and its daemon uses them: they take precedence over the authkey',
      );
      says('h1');
      assert.equal(
        await refusalOf(),
        'its daemon was started with certificates, which take precedence over the authkey, but its /etc/default/pacemaker does not set them',
      );
    });

    it('is refused with the same words as a cluster node', async () => {
      says('c1', ...VARIABLES);
      await assert.rejects(planOf(lab), (thrown: unknown) => {
        assert.ok(thrown instanceof OutriggerError);
        assert.match(
          thrown.message,
          /^c1: its \S+ sets certificates .*but its daemon does not use them yet/,
        );
        return true;
      });
    });
  });

  describe('to doctor, with `method: psk`', () => {
    beforeEach(() => {
      state(true);
    });

    it('is a daemon that cannot be connected, by the name of its host', async () => {
      runs('h1', ...VARIABLES);
      lab.reported.set('h1', failedStart(true));
      const diagnosis = await diagnosisOf(lab);
      assert.deepEqual(readFrom(diagnosis, 'credentials'), [
        'h1 bad: its pacemaker_remote uses certificates, but Pacemaker on c1, c2 uses the authkey: they cannot connect',
      ]);
      assert.equal(
        checkOf(diagnosis, 'credentials').summary,
        'certificates are in use on h1, the authkey on c1, c2, h2',
      );
      assert.deepEqual(readFrom(diagnosis, 'cluster'), H1_IS_OUT);
      assert.doesNotMatch(JSON.stringify(checkOf(diagnosis, 'plan').findings), /not online/);
    });

    it('is a file with which the daemon would come back as another', async () => {
      says('h1', ...VARIABLES);
      assert.deepEqual(readFrom(await diagnosisOf(lab), 'credentials'), [
        'h1 bad: its /etc/default/pacemaker sets certificates (PCMK_ca_file and others), but its daemon does not use them yet: from its next start on they take precedence over the authkey',
      ]);
    });

    it('is a cluster node that runs with other credentials than the others', async () => {
      says('c2', ...VARIABLES);
      runs('c2', ...VARIABLES);
      assert.deepEqual(readFrom(await diagnosisOf(lab), 'credentials'), [
        'c2 bad: its Pacemaker uses certificates, but that of c1 uses the authkey',
        'h1 bad: its pacemaker_remote uses the authkey, but Pacemaker on c2 uses certificates: they cannot connect',
        'h2 bad: its pacemaker_remote uses the authkey, but Pacemaker on c2 uses certificates: they cannot connect',
      ]);
    });

    it('is a node that is out, whatever the reason', async () => {
      lab.reported.set('h1', failedStart(true));
      const diagnosis = await diagnosisOf(lab);
      assert.deepEqual(readFrom(diagnosis, 'cluster'), H1_IS_OUT);
    });
  });

  describe('a plan announces no restart that apply does not make', () => {
    beforeEach(() => {
      state(true);
    });

    const restartsOf = async (): Promise<readonly string[]> =>
      (await planOf(lab)).plan.plays
        .flatMap(({ changes }) => changes)
        .filter(({ restart }) => restart !== 'none')
        .map(({ host, item, restart }) => `${host} ${item} ${restart}`);

    it('for a remote node whose daemon runs as declared already', async () => {
      says('h1', ...VARIABLES);
      assert.deepEqual(await restartsOf(), []);
      lab.forget();
      const applied = await apply(lab);
      assert.deepEqual([...applied.failed], []);
      assert.deepEqual(verdictsOf(applied, 'h1'), ['environment: changed']);
      assert.ok(!lab.host('h1').ran.includes('start-service'));
      assert.deepEqual((await planOf(lab)).plan.inSync, ['c1', 'c2', 'h1', 'h2']);
    });

    it('for a remote node that listens where it should, with another port written', async () => {
      says('h1', 'PCMK_remote_port=3122');
      assert.deepEqual(await restartsOf(), []);
    });

    it('for a cluster node whose Pacemaker runs as declared already', async () => {
      says('c1', ...VARIABLES);
      const { plan } = await planOf(lab);
      assert.equal(plan.credentialChange?.inMaintenanceMode, false);
      assert.deepEqual(await restartsOf(), []);
      lab.forget();
      // Nothing here is as old as the minute for which a key is remembered; but nobody connects anew.
      const waits: number[] = [];
      const applied = await apply(lab, {
        allowed: plan.risks.map(({ code }) => code),
        pause: (milliseconds) => Promise.resolve(void waits.push(milliseconds)),
      });
      assert.deepEqual(waits, []);
      assert.deepEqual([...applied.failed], []);
      assert.deepEqual(verdictsOf(applied, 'c1'), ['environment: changed']);
      assert.ok(!lab.host('c1').ran.includes('restart-pacemaker'));
      assert.deepEqual((await planOf(lab)).plan.inSync, ['c1', 'c2', 'h1', 'h2']);
    });

    it('but the one of a daemon that runs with something else', async () => {
      runs('c1', ...VARIABLES);
      assert.deepEqual(await restartsOf(), ['c1 pacemaker maintenance-mode-restart']);
      runs('c1');
      runs('h1', ...VARIABLES);
      assert.deepEqual(await restartsOf(), ['h1 service quiet-restart']);
    });
  });
});
