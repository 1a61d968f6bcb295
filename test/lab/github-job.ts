/**
 * A job of a GitHub workflow, run as the runner on Linux does: GitHub's own parser and its own expressions decide what runs,
 * bash runs each script. Actions (`uses`) are stand-ins.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import {
  convertWorkflowTemplate,
  NoOperationTraceWriter,
  parseWorkflow,
} from '@actions/workflow-parser';
import { load } from 'js-yaml';
import type { Lab } from './handle.ts';
import { RUN_LIMIT_MS } from './outrigger.ts';

type Step = {
  name?: string;
  uses?: string;
  with?: Record<string, string>;
  env?: Record<string, string>;
  run?: string;
};

/** What a job gets to know, and where it runs. */
export type Occasion = {
  /** `github`, `secrets`, `inputs` … by their names in expressions. */
  contexts: Record<string, unknown>;
  /** What checkout brings. */
  repository: string;
  /** Kept from job to job. */
  artifacts: string;
  /** `PATH`, `HOME` and whatever else the machine sets. */
  env: Record<string, string>;
};

/** How a job ended: false, with what it said and what it left. */
export type JobEnd = {
  ran: boolean;
  code: number;
  said: string;
  summary: string;
  workspace: string;
};

/** What GitHub has against a workflow; empty: nothing. */
export async function blockersOf(text: string): Promise<string[]> {
  const { context, value } = parse(text);
  const template = value && (await convertWorkflowTemplate(context, value));
  return [
    ...context.errors.getErrors().map(({ message }) => message),
    ...(template?.errors ?? []).map(({ Message }) => Message),
  ];
}

const parse = (text: string) =>
  parseWorkflow({ name: 'outrigger.yml', content: text }, new NoOperationTraceWriter());

export async function runJob(
  lab: Lab,
  file: string,
  job: string,
  occasion: Occasion,
): Promise<JobEnd> {
  const text = readFileSync(file, 'utf8');
  const { context, value } = parse(text);
  const template = await convertWorkflowTemplate(context, value ?? assert.fail('no workflow'));
  const found = template.jobs.find(({ id }) => id.value === job) ?? assert.fail(`no job ${job}`);
  assert.ok('steps' in found);
  const steps = (load(text) as { jobs: Record<string, { steps: Step[] }> }).jobs[job]?.steps ?? [];
  const folder = mkdtempSync(join(lab.dir, `${job}-`));
  const end: JobEnd = { ran: false, code: 0, said: '', summary: '', workspace: join(folder, 'w') };
  if (!isTrue(evaluated(found.if.expression, occasion, end))) return end;
  end.ran = true;
  mkdirSync(end.workspace);
  writeFileSync(join(folder, 'summary'), '');
  for (const [index, step] of steps.entries()) {
    const condition = found.steps[index]?.if?.expression ?? assert.fail('no condition');
    if (!isTrue(evaluated(condition, occasion, end))) continue;
    if (step.uses !== undefined) act(step, occasion, end);
    else await runScript(lab, step, { folder, occasion, end });
  }
  end.summary = readFileSync(join(folder, 'summary'), 'utf8');
  return end;
}

/** The value of an expression where the steps so far have ended in this way. */
function evaluated(
  expression: string,
  { contexts }: Occasion,
  { code }: JobEnd,
): data.ExpressionData {
  const status = (name: string, value: boolean) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(value),
  });
  const functions = [
    status('success', code === 0),
    status('failure', code !== 0),
    status('cancelled', false),
    status('always', true),
  ];
  const known = JSON.parse(JSON.stringify(contexts), data.reviver) as data.Dictionary;
  const { tokens } = new Lexer(expression).lex();
  const tree = new Parser(tokens, Object.keys(contexts), functions).parse();
  return new Evaluator(tree, known, new Map(functions.map((one) => [one.name, one]))).evaluate();
}

const isTrue = (value: data.ExpressionData): boolean => value.coerceString() === 'true';

/** A text in which `${{ … }}` is replaced. */
const interpolated = (text: string, occasion: Occasion, end: JobEnd): string =>
  text.replace(/\$\{\{(.*?)\}\}/g, (_all, expression: string) =>
    evaluated(expression.trim(), occasion, end).coerceString(),
  );

/** Stand-ins for the actions that the examples use; an artifact comes back readable by all, as GitHub's does. */
function act({ uses = '', with: given = {} }: Step, occasion: Occasion, end: JobEnd): void {
  assert.match(uses, /^[\w/-]+@[0-9a-f]{40}$/, 'an action that is not pinned');
  const artifact = join(occasion.artifacts, given['name'] ?? '');
  switch (uses.replace(/@.*/, '')) {
    case 'actions/checkout':
      cpSync(occasion.repository, end.workspace, { recursive: true });
      break;
    case 'actions/upload-artifact':
      mkdirSync(artifact);
      writeFileSync(
        join(artifact, given['path'] ?? ''),
        readFileSync(join(end.workspace, given['path'] ?? '')),
        { mode: 0o644 },
      );
      break;
    case 'actions/download-artifact':
      cpSync(artifact, end.workspace, { recursive: true });
      break;
    default:
      assert.fail(`no stand-in for ${uses}`);
  }
}

async function runScript(
  lab: Lab,
  step: Step,
  { folder, occasion, end }: { folder: string; occasion: Occasion; end: JobEnd },
): Promise<void> {
  const script = join(folder, 'script.sh');
  const { run = '', env = {} } = step;
  writeFileSync(script, interpolated(run, occasion, end));
  const set = Object.entries(env).map(([name, text]) => [name, interpolated(text, occasion, end)]);
  // As `shell: bash` is run.
  const argv = ['bash', '--noprofile', '--norc', '-eo', 'pipefail', script];
  const { code, stdout, stderr } = await lab.control(argv, {
    cwd: end.workspace,
    env: {
      ...occasion.env,
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      RUNNER_TEMP: folder,
      GITHUB_WORKSPACE: end.workspace,
      GITHUB_STEP_SUMMARY: join(folder, 'summary'),
      ...(Object.fromEntries(set) as Record<string, string>),
    },
    timeoutMs: RUN_LIMIT_MS,
  });
  end.said += `${step.name ?? ''}: exit ${code}\n${stdout}${stderr}`;
  if (end.code === 0) end.code = code;
}
