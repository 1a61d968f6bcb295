import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pruneRecords } from '../../src/records/prune-records.ts';
import { refuseUsed, runRecords } from '../../src/records/run-records.ts';
import { prunable } from '../../src/plan/undo/prunable.ts';
import { readRunRecord, type RunRecord } from '../../src/model/run-record.ts';

const NOW = new Date('2026-07-01T00:00:00.000Z');
const DAY_MS = 24 * 60 * 60 * 1000;
const END = { type: 'end', failed: {}, interrupted: false };

/** The id of a run that began so many days ago. */
const idOf = (daysAgo: number): string =>
  `${new Date(NOW.getTime() - daysAgo * DAY_MS).toISOString().replace(/[-:.]/g, '')}-1`;
const textOf = (...entries: readonly object[]): string =>
  entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
const run = (daysAgo: number, more: object = {}, end: object = END): RunRecord =>
  readRunRecord('prod', idOf(daysAgo), textOf({ type: 'run', ...more }, end));
const died = (daysAgo: number): RunRecord => run(daysAgo, {}, { type: 'action' });

const prunedOf = (
  records: readonly RunRecord[],
  keep: Partial<Record<'runs' | 'days', number>>,
): readonly string[] =>
  prunable(records, { runs: undefined, days: undefined, ...keep }, NOW).map(({ id }) => id);

describe('which records of runs may go', () => {
  it('those older than so many days, and those beyond so many; the latest stays', () => {
    const records = [400, 91, 90, 10, 5].map((days) => run(days));
    assert.deepEqual(prunedOf(records, { days: 90 }), [idOf(400), idOf(91)]);
    assert.deepEqual(prunedOf(records, { runs: 2 }), [idOf(400), idOf(91), idOf(90)]);
    assert.deepEqual(prunedOf(records, { runs: 4, days: 100 }), [idOf(400)]);
    assert.deepEqual(prunedOf(records, {}), []);
    assert.deepEqual(prunedOf([run(400)], { runs: 1, days: 1 }), []);
  });

  it('not one that died, failed or was interrupted, until a later one has come to its end', () => {
    const ends = [
      { type: 'end', failed: {}, interrupted: true },
      { type: 'end', failed: { h1: 'why' }, interrupted: false },
      { type: 'end', failed: {}, interrupted: false, stopped: 'why' },
      { type: 'action' },
    ];
    for (const end of ends) {
      const first = run(400, {}, end);
      assert.deepEqual(prunedOf([first, died(300)], { days: 90 }), []);
      assert.deepEqual(prunedOf([first, died(300), run(1)], { days: 90 }), [idOf(400), idOf(300)]);
    }
  });

  it('not one that an undo has begun to take back', () => {
    const undo = run(200, { undoes: idOf(400) }, { type: 'action' });
    const later = [run(150), run(1)];
    assert.deepEqual(prunedOf([run(400), undo, ...later], { days: 180 }), [idOf(200)]);
    const done = run(140, { undoes: idOf(400) });
    assert.deepEqual(prunedOf([run(400), undo, ...later, done], { days: 180 }), [
      idOf(400),
      idOf(200),
    ]);
  });

  it('whatever the records: never the latest, never one within both limits', () => {
    const record = fc
      .record({ daysAgo: fc.integer({ min: 0, max: 800 }), isWhole: fc.boolean() })
      .map(({ daysAgo, isWhole }) => (isWhole ? run(daysAgo) : died(daysAgo)));
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 700 }),
        (some, runs, days) => {
          const records = [...some].sort((one, other) => (one.id < other.id ? -1 : 1));
          const gone = new Set(prunable(records, { runs, days }, NOW));
          records.forEach((one, index) => {
            const isRecent = one.id >= idOf(days) && records.length - 1 - index < runs;
            if (index === records.length - 1 || isRecent) assert.ok(!gone.has(one));
          });
        },
      ),
    );
  });
});

describe('records of runs on disk', () => {
  let state = '';
  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'outrigger-prune-'));
  });
  afterEach(() => {
    rmSync(state, { recursive: true });
  });

  const env = (more: Readonly<Record<string, string>> = {}) => ({ XDG_STATE_HOME: state, ...more });
  const at = (...names: readonly string[]): string => join(state, 'outrigger', 'prod', ...names);
  function keep(daysAgo: number, more: object = {}): void {
    mkdirSync(at(idOf(daysAgo)), { recursive: true, mode: 0o700 });
    writeFileSync(at(idOf(daysAgo), 'cib-1-before-join.xml'), '<cib password="x"/>');
    const acted = { type: 'action', host: 'h1', item: 'authkey' };
    writeFileSync(at(idOf(daysAgo), 'run.jsonl'), textOf({ type: 'run', ...more }, acted, END));
  }
  const kept = (): readonly string[] => runRecords(env(), 'prod').map(({ id }) => id);

  it('go whole, copies of the CIB and all; whatever else lies there stays', () => {
    [200, 100, 20, 1].forEach((days) => {
      keep(days);
    });
    mkdirSync(at('notes'));
    const elsewhere = join(state, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'run.jsonl'), textOf({ type: 'run' }, END));
    symlinkSync(elsewhere, at(idOf(300)));
    assert.equal(pruneRecords(env(), 'prod', NOW), undefined);
    assert.deepEqual(readdirSync(at()).sort(), [idOf(300), idOf(20), idOf(1), 'notes'].sort());
    assert.ok(existsSync(join(elsewhere, 'run.jsonl')));
  });

  it('by limits of the environment; 0 is none, and no number removes nothing', () => {
    [200, 20, 1].forEach((days) => {
      keep(days);
    });
    const limits = (runs: string, days: string) =>
      pruneRecords(env({ OUTRIGGER_KEEP_RUNS: runs, OUTRIGGER_KEEP_DAYS: days }), 'prod', NOW);
    assert.equal(limits('0', '0'), undefined);
    assert.equal(
      limits('', '-1'),
      'cannot remove old records of runs: OUTRIGGER_KEEP_DAYS is not a number: "-1"',
    );
    assert.equal(kept().length, 3);
    assert.equal(limits('2', '0'), undefined);
    assert.deepEqual(kept(), [idOf(20), idOf(1)]);
  });

  it('a saved plan that was carried out stays used when the record is gone', () => {
    keep(200, { savedPlan: '0123456789abcdef' });
    keep(1);
    assert.equal(pruneRecords(env(), 'prod', NOW), undefined);
    assert.deepEqual(kept(), [idOf(1)]);
    assert.throws(
      () => {
        refuseUsed(env(), 'prod', '0123456789abcdef');
      },
      { code: 'REFUSED', message: new RegExp(`already applied by run ${idOf(200)}`) },
    );
    refuseUsed(env(), 'prod', 'fedcba9876543210');
    assert.equal(statSync(at('used-plans', '0123456789abcdef')).mode & 0o777, 0o600);
  });
});
