import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { recordsDirectory } from './run-log.ts';
import { writePrivateFile } from '../host/files/private-file.ts';
import { prunable, type Keep } from '../plan/undo/prunable.ts';
import { messageOf } from '../support/errors.ts';
import { runRecords, usedPlanFile } from './run-records.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** How many runs of a cluster are kept, and for how many days; `0`: without a limit. */
const LIMITS = {
  runs: { variable: 'OUTRIGGER_KEEP_RUNS', usual: 100 },
  days: { variable: 'OUTRIGGER_KEEP_DAYS', usual: 90 },
} as const;

/**
 * Removes the records of old runs of a cluster, copies of the CIB and all. Returns what stood in the way: no run fails
 * because of that.
 */
export function pruneRecords(env: Environment, cluster: string, now: Date): string | undefined {
  try {
    const keep: Keep = { runs: limitIn(env, 'runs'), days: limitIn(env, 'days') };
    const directory = join(recordsDirectory(env), cluster);
    for (const { id, savedPlan, hasActed } of prunable(runRecords(env, cluster), keep, now)) {
      // It must not be carried out again only because its record is gone.
      if (savedPlan !== undefined && hasActed) markUsed(env, cluster, savedPlan, id);
      rmSync(join(directory, id), { recursive: true, force: true });
    }
    return undefined;
  } catch (thrown) {
    return `cannot remove old records of runs: ${messageOf(thrown)}`;
  }
}

function limitIn(env: Environment, limit: keyof typeof LIMITS): number | undefined {
  const { variable, usual } = LIMITS[limit];
  const text = env[variable] ?? '';
  if (text === '') return usual;
  if (!/^[0-9]{1,9}$/.test(text))
    throw new Error(`${variable} is not a number: ${JSON.stringify(text.slice(0, 40))}`);
  const value = Number(text);
  return value === 0 ? undefined : value;
}

function markUsed(env: Environment, cluster: string, savedPlan: string, run: string): void {
  const file = usedPlanFile(env, cluster, savedPlan);
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  writePrivateFile(file, `${run}\n`);
}
