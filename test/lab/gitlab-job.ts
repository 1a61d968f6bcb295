/**
 * A job of a GitLab pipeline, run by gitlab-ci-local with its shell executor: rules, `needs`, artifacts and scripts are
 * its own affair. What a job says to GitLab's API a server hears that remembers it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Lab } from './handle.ts';
import { RUN_LIMIT_MS } from './outrigger.ts';
import type { Result } from './run.ts';

/** A package of its own: it brings more than a hundred others, which nobody else needs. */
const PACKAGE = fileURLToPath(new URL('gitlab/', import.meta.url));

/** Installs gitlab-ci-local where that has not been done. */
export function installRunner(): void {
  if (existsSync(join(PACKAGE, 'node_modules'))) return;
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, stderr } = spawnSync('npm', flags, { cwd: PACKAGE, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

const runner = (): string =>
  createRequire(join(PACKAGE, 'package.json')).resolve('gitlab-ci-local');

/** Answers as GitLab does to a new note, and prints what it was asked. */
const API = `require('node:http').createServer((request, response) => {
  let body = '';
  request.on('data', (more) => (body += more)).on('end', () => {
    const { method, url, headers } = request;
    console.log(JSON.stringify({ method, url, headers, body: new URLSearchParams(body).get('body') }));
    response.writeHead(headers['private-token'] === 'note-token' ? 201 : 401, { 'content-type': 'application/json' });
    response.end('{"id":1}');
  });
}).listen(0, '127.0.0.1', function () { console.log(JSON.stringify({ port: this.address().port })); });`;

type Asked = { method: string; url: string; body: string };

/** The API, in the lab's network. */
export type Api = { url: string; asked: Asked[]; stop: () => void };

export async function startApi(lab: Lab): Promise<Api> {
  const child = lab.controlSpawn([process.execPath, '--eval', API], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout ?? assert.fail('no output') });
  const asked: Asked[] = [];
  const port = await new Promise<number>((resolve) => {
    lines.on('line', (line) => {
      const said = JSON.parse(line) as { port: number } | Asked;
      if ('port' in said) resolve(said.port);
      else asked.push(said);
    });
  });
  return { url: `http://127.0.0.1:${port}/api/v4`, asked, stop: () => child.kill() };
}

/** Variables of type file, by their names. */
export type Files = Record<string, string>;

export function runGitlabJob(
  lab: Lab,
  job: string,
  given: {
    repository: string;
    env: Record<string, string>;
    files: Files;
    variables: Record<string, string>;
  },
): Promise<Result> {
  const { repository, env, files, variables } = given;
  const types = Object.entries(files).map(([name, text]) => [
    name,
    { type: 'file', values: { '*': text } },
  ]);
  const file = join(repository, '.gitlab-ci-local-variables.yml');
  writeFileSync(file, JSON.stringify(Object.fromEntries(types)), { mode: 0o600 });
  const argv = [
    process.execPath,
    runner(),
    job,
    '--needs',
    '--shell-isolation',
    '--no-color',
    '--no-artifacts-to-source',
    '--ignore-predefined-vars',
    'CI_PIPELINE_SOURCE,CI_API_V4_URL',
    ...Object.entries(variables).flatMap(([name, text]) => ['--variable', `${name}=${text}`]),
  ];
  return lab.control(argv, { env, cwd: repository, timeoutMs: RUN_LIMIT_MS });
}

/** A file that a job has left as an artifact. */
export const artifactOf = (repository: string, job: string, path: string): string =>
  readFileSync(join(repository, '.gitlab-ci-local', 'artifacts', job, path), 'utf8');

/** Makes a folder what both kinds of runner expect: a repository whose default branch is main. */
export function commitAll(folder: string): void {
  const git = (...args: string[]): void => {
    const { status, stderr } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  git('init', '-q', '-b', 'main');
  git('config', 'user.name', 'operator');
  git('config', 'user.email', 'operator@example.net');
  git('add', '-A');
  git('commit', '-q', '--allow-empty', '-m', 'change');
}
