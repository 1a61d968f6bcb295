import type { RunRecord } from '../../model/run-record.ts';

/** How long records of runs are kept; undefined: without a limit. */
export interface Keep {
  /** So many of a cluster, the latest ones. */
  readonly runs: number | undefined;
  readonly days: number | undefined;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The runs of one cluster of which the records may go: they are beyond a limit, and nothing needs them any more. The latest
 * one stays at any age. `records`: the oldest first.
 */
export const prunable = (
  records: readonly RunRecord[],
  keep: Keep,
  now: Date,
): readonly RunRecord[] =>
  records.filter((record, index) => {
    const later = records.slice(index + 1);
    return later.length > 0 && isBeyond(record, later, keep, now) && !isNeeded(record, later);
  });

function isBeyond(
  record: RunRecord,
  later: readonly RunRecord[],
  { runs, days }: Keep,
  now: Date,
): boolean {
  if (runs !== undefined && later.length >= runs) return true;
  return days !== undefined && now.getTime() - startOf(record) > days * DAY_MS;
}

/** By its name, which is there when the record itself is damaged: `20260102T030405678Z-4711`. */
function startOf({ id }: RunRecord): number {
  const [, date, time, ms] = /^(\d{8})T(\d{6})(\d{3})Z-/.exec(id) ?? [];
  if (date === undefined || time === undefined || ms === undefined) return Number.NaN;
  const [day, clock] = [date.replace(/(....)(..)/, '$1-$2-'), time.replace(/(..)(..)/, '$1:$2:')];
  return Date.parse(`${day}T${clock}.${ms}Z`);
}

/**
 * What did not come to its end may have to be taken back, until a later run has come to its own; and what an undo has begun
 * to take back is read by the next one.
 */
function isNeeded({ id, end }: RunRecord, later: readonly RunRecord[]): boolean {
  if (end.kind !== 'done' && !later.some((run) => run.end.kind === 'done')) return true;
  const undone = later.filter(({ undoes }) => undoes === id);
  return undone.length > 0 && !undone.some((run) => run.end.kind === 'done');
}
