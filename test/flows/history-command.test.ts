import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Ajv } from 'ajv';
import { runCommandLine } from '../../src/cli/program.ts';
import { loadSchema } from '../../src/flows/load-document.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { useStateFolder } from '../support/apply-lab.ts';

const FIRST = '20260102T030405678Z-4711';
const SECOND = '20260103T030405678Z-12';
const isHistory = new Ajv({ strict: true, allowUnionTypes: true }).compile(loadSchema('history'));

describe('history and undo, of records on this machine alone', () => {
  const state = useStateFolder();

  /** Keeps a record that says so much of a run. */
  function record(cluster: string, id: string, ...entries: readonly object[]): void {
    const folder = join(state.folder, 'outrigger', cluster, id);
    mkdirSync(folder, { recursive: true });
    const lines = [{ type: 'run', time: '2026-01-02T03:04:05.678Z' }, ...entries];
    writeFileSync(
      join(folder, 'run.jsonl'),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
  }

  /** What it prints, and how it ends. */
  async function run(...args: readonly string[]): Promise<string> {
    const stream = Object.assign(new PassThrough(), {
      isTTY: false,
    }) as unknown as NodeJS.WriteStream;
    let said = '';
    const code = await runCommandLine(args, {
      out: (text) => {
        said += text;
      },
      err: () => undefined,
      outStream: stream,
      errStream: stream,
      inIsTerminal: false,
      env: process.env,
      signal: new AbortController().signal,
    }).catch((thrown: unknown) => {
      assert.ok(thrown instanceof OutriggerError, String(thrown));
      return `${thrown.code}: ${thrown.message}`;
    });
    return `${said}${code}`;
  }

  it('lists the latest run first, by cluster', async () => {
    for (const [cluster, id] of [
      ['prod', FIRST],
      ['prod', SECOND],
      ['test', FIRST],
    ] as const)
      record(cluster, id, { type: 'end', failed: {}, interrupted: false });
    const all = await run('history');
    assert.deepEqual(all.match(/^(Cluster \w+| {2}\S+)/gm), [
      'Cluster prod',
      `  ${SECOND}`,
      `  ${FIRST}`,
      'Cluster test',
      `  ${FIRST}`,
    ]);
    const one = await run('history', '--cluster', 'prod', '--json');
    const { runs } = JSON.parse(one.slice(0, -1)) as { runs: { id: string }[] };
    assert.deepEqual(
      runs.map(({ id }) => id),
      [SECOND, FIRST],
    );
  });

  it('prints JSON as its schema says, whatever the records tell', async () => {
    const step = { host: 'h1', item: 'connection-resource' };
    const plan = { type: 'plan', plays: [{ changes: [{ ...step, action: 'create' }] }] };
    const made = { type: 'verdict', ...step, verdict: { kind: 'changed' } };
    const ends: readonly (readonly [string, ...object[]])[] = [
      ['unknown'],
      ['done', plan, made, { type: 'end', failed: {} }],
      ['failed', { type: 'end', failed: { h1: 'no' } }],
      ['interrupted', { type: 'end', interrupted: true }],
      ['stopped', { type: 'end', stopped: 'no quorum' }],
    ];
    const who = { type: 'run', user: 'eve', host: 'seat', inventory: '/x', undoes: FIRST };
    for (const [index, [, ...entries]] of ends.entries())
      record('prod', `20260102T030405678Z-${index + 1}`, who, ...entries);
    mkdirSync(join(state.folder, 'outrigger', 'prod', '20260102T030405678Z-9'));
    const printed = await run('history', '--json');
    const document = JSON.parse(printed.slice(0, -1)) as { runs: Record<string, unknown>[] };
    assert.ok(isHistory(document), JSON.stringify(isHistory.errors));
    assert.deepEqual(
      document.runs.map(({ end, joined, isDamaged }) => [end, joined, isDamaged]),
      [
        ['unknown', [], true],
        ...ends.map(([end]) => [end, end === 'done' ? ['h1'] : [], false]).toReversed(),
      ],
    );
    const [first] = document.runs;
    assert.ok(!isHistory({ ...document, runs: [{ ...first, end: 'well' }] }));
  });

  it('has nothing to take back of a run that joined nobody, and knows no other', async () => {
    record('prod', FIRST);
    assert.match(await run('undo', FIRST), /joined no nodes: nothing to undo\.\n0$/);
    assert.match(await run('undo', SECOND), /^USAGE: no run 20260103T/);
    record('test', FIRST);
    assert.match(await run('undo', FIRST), /^USAGE: several clusters have a run/);
  });
});
