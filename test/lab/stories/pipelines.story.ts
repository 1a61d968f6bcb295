/**
 * The pipelines of docs/pipelines.md as their readers run them. GitHub, its actions and `gh`, and GitLab's API, are stand-ins;
 * what decides what runs is GitHub's own parser, and gitlab-ci-local.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inOrder } from '../../support/in-order.ts';
import { runJob, type JobEnd, type Occasion } from '../github-job.ts';
import { artifactOf, commitAll, runGitlabJob, startApi, type Api } from '../gitlab-job.ts';
import { install, type Installed } from '../installed.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { assertQuiet, isStarted } from '../outrigger.ts';
import { skipWithoutLab } from '../story-run.ts';

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

describe('pipelines', function () {
  this.timeout(600_000); // several times what a quiet machine takes
  inOrder(this); // each step stands on the one before
  let lab: Lab;
  let installed: Installed;
  let api: Api | undefined;
  let repository = '';
  let key = '';

  before(async function () {
    this.timeout(20 * 60_000); // the images may have to be built first
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, replace: true, bareHosts: 1, firewalld: 0 });
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
        ...{
          event_name: event,
          ref: 'refs/heads/main',
          repository: 'ops/cluster',
          token: 'job-token',
        },
        event: { pull_request: { number: 7, head: { repo: { full_name: 'ops/cluster' } } } },
      },
      secrets: { OUTRIGGER_SSH_KEY: key },
      inputs: {},
      ...others,
    };
    const env = runnerEnv();
    return runJob(lab, example('github-actions.yml'), job, {
      ...{ repository, artifacts, env, contexts },
    });
  }

  const gitlab = (job: string, variables: Record<string, string>) =>
    runGitlabJob(lab, job, {
      ...{ repository, env: runnerEnv(), variables },
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
    assert.match(again.said, /the saved plan was carried out already/);
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
    assert.match(stdout, /Done: 1 changed on 1 host/);
    assert.match(await lab.sh('c1', 'crm_attribute -N h1 -n rack -G -q'), /^a1$/m);
    const unknown = await gitlab('apply', { ALLOW: 'everything' });
    assert.notEqual(unknown.code, 0);
    assert.match(unknown.stdout + unknown.stderr, /the risk codes are/);
  });
});
