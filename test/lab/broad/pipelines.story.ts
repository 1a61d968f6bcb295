/**
 * The examples of docs/guide/pipelines.md as their readers run them: the scripts of both pipelines, the units, the cron line. GitHub,
 * its actions and `gh`, and GitLab's API, are stand-ins; what decides what runs is GitHub's own parser, and gitlab-ci-local.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inOrder } from '../../support/in-order.ts';
import { runJob, type JobEnd, type Occasion } from '../github-job.ts';
import {
  artifactOf,
  commitAll,
  installRunner,
  runGitlabJob,
  startApi,
  type Api,
} from '../gitlab-job.ts';
import { install, installOn, type Installed } from '../installed.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { assertQuiet, isStarted } from '../outrigger.ts';
import { skipWithoutLab } from '../story-run.ts';
import { waitFor } from '../wait.ts';

const NAME = 'story-pipelines';
const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'docs', 'examples');
const example = (name: string): string => join(EXAMPLES, name);

/** As `gh pr comment` of GitHub's command line, for the one comment of the one pull request that there is. */
const GH = `#!/bin/sh
[ "$GH_TOKEN" = job-token ] && [ "$GH_REPO" = ops/cluster ] || { echo 'gh: not logged in' >&2; exit 4; }
[ "$*" = 'pr comment 7 --edit-last --create-if-none --body-file plan.md' ] || { echo "gh: $*" >&2; exit 1; }
[ "$(wc -m <plan.md)" -le 65536 ] || exit 1
cp plan.md "$(dirname "$0")/comment.md"
`;

const CONTROL = 'h2';
const METRICS = '/var/lib/prometheus/node-exporter/outrigger.prom';

describe('pipelines, timer and cron', function () {
  inOrder(this); // each step stands on the one before
  let lab: Lab;
  let installed: Installed;
  let api: Api | undefined;
  let repository = '';
  let key = '';

  before(async function () {
    skipWithoutLab(this);
    installRunner();
    lab = await labUp({ name: NAME, replace: true, bareHosts: 2, firewalld: 0 });
    installed = await install(lab);
    writeFileSync(join(installed.bin, 'gh'), GH, { mode: 0o755 });
    api = await startApi(lab);
    key = readFileSync(join(lab.sshDir, 'id_ed25519'), 'utf8');
    repository = join(lab.dir, 'repository');
    mkdirSync(repository);
    copyFileSync(join(lab.sshDir, 'known_hosts'), join(repository, 'known_hosts'));
    copyFileSync(example('gitlab-ci.yml'), join(repository, '.gitlab-ci.yml'));
    writeFileSync(join(repository, '.gitignore'), '.gitlab-ci-local*\n');
    declare({});
  });

  after(async () => {
    api?.stop();
    await labDown(NAME);
  });

  const inventory = (): string => join(repository, 'inventory.yml');

  /** The inventory of the repository: h1 as a remote node with these attributes. */
  function declare(attributes: Record<string, string>): void {
    const address = (name: string) => ({ name, address: lab.addresses[name] });
    const document = {
      apiVersion: 'outrigger/v1',
      cluster: { name: NAME },
      connection: { user: 'root', knownHostsFile: 'known_hosts', sshConfig: 'none' },
      clusterNodes: [address('c1'), address('c2')],
      remoteNodes: [{ ...address('h1'), attributes }],
    };
    writeFileSync(inventory(), JSON.stringify(document, undefined, 2));
    commitAll(repository);
  }

  /** What a runner's job has in its environment: no agent, no terminal, a home without keys. */
  function runnerEnv(): Record<string, string> {
    const home = join(lab.dir, 'home');
    mkdirSync(home, { recursive: true });
    return { HOME: home, PATH: `${installed.bin}:${process.env['PATH'] ?? ''}`, LANG: 'C.UTF-8' };
  }

  function github(job: string, event: string, others: Occasion['contexts'] = {}): Promise<JobEnd> {
    const artifacts = join(lab.dir, 'artifacts');
    mkdirSync(artifacts, { recursive: true });
    const contexts = {
      github: {
        event_name: event,
        ref: 'refs/heads/main',
        repository: 'ops/cluster',
        token: 'job-token',
        event: { pull_request: { number: 7, head: { repo: { full_name: 'ops/cluster' } } } },
      },
      secrets: { OUTRIGGER_SSH_KEY: key },
      inputs: {},
      ...others,
    };
    const env = runnerEnv();
    return runJob(lab, example('github-actions.yml'), job, {
      repository,
      artifacts,
      env,
      contexts,
    });
  }

  const gitlab = (job: string, variables: Record<string, string>) =>
    runGitlabJob(lab, job, {
      repository,
      env: runnerEnv(),
      variables,
      files: { OUTRIGGER_SSH_KEY: key, OUTRIGGER_NOTE_HEADER: 'PRIVATE-TOKEN: note-token' },
    });

  it('GitHub: a pull request gets the plan as a comment, and nothing is changed', async () => {
    const { ran, code, said, summary } = await github('review', 'pull_request');
    assert.deepEqual([ran, code], [true, 0], said);
    assert.match(said, /inventory\.yml is valid: 2 cluster nodes, 1 remote node\./);
    assert.match(
      summary,
      /^### Cluster `story-pipelines`: \d+ changes on \d hosts.*\n[^]*```text\n[^]*\+ connection-resource/,
    );
    assert.equal(readFileSync(join(installed.bin, 'comment.md'), 'utf8'), summary);
    assert.equal(said.includes('PRIVATE KEY'), false);
    assert.equal(await isStarted(lab, 'h1'), false);
    const fork = { event: { pull_request: { number: 8, head: { repo: { full_name: 'x/y' } } } } };
    const contexts = { github: { event_name: 'pull_request', repository: 'ops/cluster', ...fork } };
    assert.equal((await github('review', 'pull_request', contexts)).ran, false);
    assert.equal((await github('plan', 'pull_request')).ran, false);
  });

  it('GitHub: a push to main applies exactly the plan that it saved, once', async () => {
    const planned = await github('plan', 'push');
    assert.deepEqual([planned.ran, planned.code], [true, 0], planned.said);
    assert.match(planned.summary, /^### Cluster/);
    const applied = await github('apply', 'push');
    assert.equal(applied.code, 0, applied.said);
    assert.equal(await isStarted(lab, 'h1'), true);
    const again = await github('apply', 'push');
    assert.equal(again.code, 5, again.said);
    assert.match(again.said, /the saved plan was already applied/);
    await assertQuiet(lab);
  });

  it('GitHub: a host that gives no answer is told in the comment, and the job fails', async () => {
    await lab.block('control', 'h1', 22);
    const { code, said, summary } = await github('review', 'pull_request');
    await lab.unblock('control', 'h1', 22);
    assert.equal(code, 3, said);
    assert.match(summary, /1 unreachable[^]*- `h1`: `/);
    assert.equal(readFileSync(join(installed.bin, 'comment.md'), 'utf8'), summary);
    const broken = await github('review', 'pull_request', {
      secrets: { OUTRIGGER_SSH_KEY: 'no key' },
    });
    assert.notEqual(broken.code, 0);
    assert.equal(broken.summary, 'There is no plan: the log of this job says why.\n');
  });

  it('GitLab: a merge request gets the plan as a note, and its numbers for the widget', async () => {
    declare({ rack: 'a1' });
    const { code, stdout, stderr } = await gitlab('review', {
      CI_PIPELINE_SOURCE: 'merge_request_event',
      CI_MERGE_REQUEST_IID: '7',
      CI_MERGE_REQUEST_PROJECT_ID: '3',
      CI_API_V4_URL: api?.url ?? '',
    });
    assert.equal(code, 0, stdout + stderr);
    assert.equal(
      artifactOf(repository, 'review', 'plan.json'),
      '{"create":0,"update":1,"delete":0}\n',
    );
    const note = artifactOf(repository, 'review', 'plan.md');
    assert.match(note, /^### Cluster `story-pipelines`: 1 change on 1 host/);
    assert.deepEqual(
      api?.asked.map(({ method, url, body }) => ({ method, url, body })),
      [{ method: 'POST', url: '/api/v4/projects/3/merge_requests/7/notes', body: note }],
    );
    assert.equal((stdout + stderr).includes('note-token'), false);
  });

  it('GitLab: the default branch applies the saved plan, with the risks that somebody names', async () => {
    const { code, stdout, stderr } = await gitlab('apply', {
      ALLOW: 'moves-resources stops-resources',
    });
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /Done: 1 change on 1 host/);
    assert.match(await lab.sh('c1', 'crm_attribute -N h1 -n rack -G -q'), /^a1$/m);
    const unknown = await gitlab('apply', { ALLOW: 'everything' });
    assert.notEqual(unknown.code, 0);
    assert.match(unknown.stdout + unknown.stderr, /the risk codes are/);
  });

  /** The commands of the guide below a heading. */
  const guideCommands = (heading: string): string =>
    new RegExp(`## ${heading}[^]*?\`\`\`console\\n([^]*?)\`\`\``).exec(
      readFileSync(join(EXAMPLES, '..', 'guide', 'pipelines.md'), 'utf8'),
    )?.[1] ?? assert.fail(`no commands below ${heading}`);

  const put = (path: string, content: string): Promise<string> =>
    lab.sh(CONTROL, `mkdir -p "$(dirname ${path})" && cat >${path}`, { stdin: content });

  /** Starts the service as the timer does, and tells how it ended and what it said. */
  async function serviceRun(): Promise<{ end: string; journal: string }> {
    const service = 'outrigger-drift.service';
    await lab.exec(CONTROL, `systemctl start ${service}`);
    const value = (property: string): Promise<string> =>
      lab.sh(CONTROL, `systemctl show --value -p ${property} ${service}`);
    const end = `${await value('Result')}${await value('ExecMainStatus')}`;
    const run = (await value('InvocationID')).trim();
    const journal = await lab.sh(CONTROL, `journalctl -q -o cat _SYSTEMD_INVOCATION_ID=${run}`);
    await lab.exec(CONTROL, `systemctl reset-failed ${service}`);
    return { end: end.trim().replace('\n', ' '), journal };
  }

  async function driftRun(): Promise<{ end: string; journal: string; metrics: string }> {
    await lab.sh(CONTROL, `rm -f ${METRICS}`);
    const run = await serviceRun();
    const { stdout } = await lab.exec(CONTROL, `cat ${METRICS}`);
    return { ...run, metrics: stdout };
  }

  it('systemd: the units are sound, and the timer starts the service', async () => {
    await installOn(lab, CONTROL, installed);
    for (const unit of ['outrigger-drift.service', 'outrigger-drift.timer'])
      await put(`/root/${unit}`, readFileSync(example(unit), 'utf8'));
    for (const file of ['inventory.yml', 'known_hosts'])
      await put(`/etc/outrigger/${file}`, readFileSync(join(repository, file), 'utf8'));
    // The last run was yesterday, and nobody waits ten minutes here.
    await put(
      '/etc/systemd/system/outrigger-drift.timer.d/now.conf',
      '[Timer]\nRandomizedDelaySec=0\n',
    );
    await put('/var/lib/systemd/timers/stamp-outrigger-drift.timer', '');
    await lab.sh(CONTROL, 'touch -d yesterday /var/lib/systemd/timers/stamp-outrigger-drift.timer');
    const [user = '', ...commands] = guideCommands('Drift by systemd or cron').trim().split('\n');
    await lab.sh(CONTROL, user);
    const ssh = '/var/lib/outrigger/.ssh';
    await lab.sh(
      CONTROL,
      `umask 077 && mkdir ${ssh} && cat >${ssh}/id_ed25519 && chown -R outrigger ${ssh}`,
      { stdin: key },
    );
    await lab.sh(CONTROL, ['set -e', 'cd /root', ...commands].join('\n'));
    const units = 'outrigger-drift.service outrigger-drift.timer';
    assert.equal(await lab.sh(CONTROL, `systemd-analyze verify --man=no ${units} 2>&1`), '');
    await waitFor('the timer has started the service', 60_000, async () => {
      const { code, stdout, stderr } = await lab.exec(CONTROL, `cat ${METRICS}`);
      return code === 0 && /^outrigger_drift_success\{.*\} 1$/m.test(stdout)
        ? true
        : stdout + stderr;
    });
  });

  it('systemd: drift is a success that metrics tell, a silent host is a failure', async () => {
    const quiet = await driftRun();
    assert.equal(quiet.end, 'success 0', quiet.journal);
    assert.match(quiet.metrics, /^outrigger_drift_hosts\{.*state="in_sync"\} 3$/m);
    await lab.sh('h1', 'systemctl disable pacemaker_remote');
    const drifted = await driftRun();
    assert.equal(drifted.end, 'success 2', drifted.journal);
    assert.match(
      drifted.metrics,
      /^outrigger_drift_items\{.*item="service",kind="configuration"\} 1$/m,
    );
    assert.match(drifted.journal, /enabled at boot .*yes/);
    await lab.block(CONTROL, 'h1', 22);
    const silent = await driftRun();
    await lab.unblock(CONTROL, 'h1', 22);
    assert.equal(silent.end, 'exit-code 3', silent.journal);
    assert.match(silent.metrics, /^outrigger_drift_hosts\{.*state="unreachable"\} 1$/m);
  });

  it('systemd: the service may do little more than that', async () => {
    const service = 'outrigger-drift.service';
    await lab.sh(CONTROL, `systemd-analyze security --offline=yes --threshold=20 /root/${service}`);
    // Its own home is one that it could write to, were it not confined.
    const tries = [
      'for path in /var/lib/outrigger /var/tmp /root /home /run; do ! touch $path/mark || echo wrote $path; done',
      "ls /dev | grep -E '^(sd|vd|nvme|kmsg)'",
      "echo $(ls /proc | grep -c '^[0-9]') processes",
    ];
    await put('/usr/local/bin/try', `#!/bin/sh\n${tries.join('\n')}\n`);
    await put(
      `/etc/systemd/system/${service}.d/try.conf`,
      '[Service]\nExecStart=\nExecStart=sh /usr/local/bin/try\n',
    );
    await lab.sh(CONTROL, 'systemctl daemon-reload');
    const { journal } = await serviceRun();
    assert.doesNotMatch(journal, /^wrote (?!\/var\/tmp)|^(sd|vd|nvme|kmsg)/m);
    assert.match(journal, /^wrote \/var\/tmp$/m); // of its own
    assert.match(journal, /^[3-6] processes$/m);
    assert.equal((await lab.exec(CONTROL, 'test -e /var/tmp/mark')).code, 1);
  });

  it('cron: the line says nothing while all is well, and everything when it is not', async () => {
    const { variables, command } = cronJob();
    const asCron = async (): Promise<string> => {
      const { stdout, stderr } = await lab.exec(
        CONTROL,
        `exec runuser -u outrigger -- env -i HOME=/var/lib/outrigger LOGNAME=outrigger SHELL=/bin/sh ${variables.join(' ')} /bin/sh -c "$(cat)"`,
        { stdin: command },
      );
      return stdout + stderr;
    };
    assert.match(await asCron(), /^exit code 2: [^]*enabled at boot .*yes/);
    await lab.sh('h1', 'systemctl enable pacemaker_remote');
    assert.equal(await asCron(), '');
    await assertQuiet(lab);
  });

  /** What cron makes of the file: its variables, and the command of its one line. */
  function cronJob(): { variables: string[]; command: string } {
    const lines = readFileSync(example('outrigger.cron'), 'utf8').trim().split('\n');
    const variables = lines.filter((line) => /^\w+=/.test(line));
    const jobs = lines.filter((line) => !line.startsWith('#') && !variables.includes(line));
    assert.equal(jobs.length, 1);
    const found = /^(?:(?:\*|\d+) ){5}outrigger ([^%]+)$/.exec(jobs[0] ?? '');
    return { variables, command: found?.[1] ?? assert.fail(jobs[0]) };
  }
});
