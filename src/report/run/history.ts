import type { RunEnd, RunRecord } from '../../model/run-record.ts';
import { groupBy } from '../../support/text/group-by.ts';
import { printable } from '../../support/text/printable.ts';
import { foldNames } from '../../support/text/fold-names.ts';
import { jsonText } from '../text/json.ts';
import { alignColumns, counted, type Cell } from '../text/layout.ts';
import { plainStyle, type Style } from '../text/style.ts';

/** The runs that are recorded, by cluster, the latest first. */
export function renderHistory(records: readonly RunRecord[], style: Style = plainStyle): string {
  if (records.length === 0) return 'No runs are recorded on this machine.\n';
  return [...groupBy(records, ({ cluster }) => cluster)]
    .map(([cluster, runs]) => {
      const rows = runs.toReversed().map((run) => rowOf(run, style));
      return `${style.heading(`Cluster ${printable(cluster)}`)}\n${alignColumns(rows, 2).join('\n')}\n`;
    })
    .join('\n');
}

function rowOf(run: RunRecord, style: Style): readonly Cell[] {
  const at = run.startedAt?.replace('T', ' ').replace(/\.\d+Z$/, ' UTC') ?? 'at an unknown time';
  const who = `${run.user ?? 'unknown'}@${run.from ?? 'unknown'}`;
  return [run.id, printable(at), printable(who), workText(run), endCell(run, style)];
}

/** What a run did, in a few words. */
function workText({ changed, changedHosts, joined, undoes, undone }: RunRecord): string {
  if (undoes !== undefined) {
    const names = undone.length === 0 ? 'none' : foldNames(undone);
    return `undo of ${printable(undoes)}: ${names} removed`;
  }
  const changes = `${counted(changed, 'change')} on ${counted(changedHosts, 'host')}`;
  const names = joined.filter(({ hasFailed }) => !hasFailed).map(({ name }) => name);
  if (names.length > 0) return `joined ${foldNames(names)}; ${changes}`;
  return changed === 0 ? 'nothing changed' : changes;
}

function endCell({ end, isDamaged }: RunRecord, style: Style): Cell {
  const paint = end.kind === 'done' ? style.good : style.bad;
  const text = `${endText(end)}${isDamaged ? ' (its record is damaged)' : ''}`;
  return { text, paint };
}

function endText(end: RunEnd): string {
  switch (end.kind) {
    case 'done':
    case 'interrupted':
      return end.kind;
    case 'failed':
      return `failed on ${foldNames(end.hosts)}`;
    case 'stopped':
      return `stopped: ${printable(end.because.split('\n')[0] ?? '')}`;
    case 'unknown':
      return 'no end is recorded: interrupted, or still running';
  }
}

/** The same as the document of `schemas/history.schema.json`: keys in a fixed order, `null` where something is not known. */
export const historyAsJson = (records: readonly RunRecord[]): string =>
  jsonText({ formatVersion: '1.0', runs: records.toReversed().map(runObject) }, 2);

const runObject = (run: RunRecord) => ({
  id: run.id,
  cluster: run.cluster,
  startedAt: run.startedAt ?? null,
  user: run.user ?? null,
  from: run.from ?? null,
  inventory: run.inventory ?? null,
  savedPlan: run.savedPlan ?? null,
  undoes: run.undoes ?? null,
  changed: run.changed,
  changedHosts: run.changedHosts,
  joined: run.joined.filter(({ hasFailed }) => !hasFailed).map(({ name }) => name),
  undone: run.undone,
  end: run.end.kind,
  failed: run.end.kind === 'failed' ? run.end.hosts : [],
  stopped: run.end.kind === 'stopped' ? run.end.because : null,
  isDamaged: run.isDamaged,
});
