import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FIRST_COPY, recordsDirectory } from './run-log.ts';
import { whyForeign } from '../host/files/foreign-file.ts';
import { openLocalFile, readLocalFile } from '../host/files/local-file.ts';
import { readCib, type Cib } from '../pacemaker/cib/cib.ts';
import { readRunRecord, type RunRecord } from '../model/run-record.ts';
import { errnoOf, messageOf, OutriggerError } from '../support/errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The record of a run of thousands of hosts is some ten MiB. */
const MAX_BYTES = 512 * 1024 * 1024;

const RUN = /^[0-9]{8}T[0-9]{9}Z-[0-9]+$/;

/** The runs of a cluster that were recorded on this machine, or of all clusters, the oldest first. */
export function runRecords(env: Environment, cluster: string | undefined): readonly RunRecord[] {
  const directory = recordsDirectory(env);
  const clusters = cluster === undefined ? namesIn(directory) : [cluster];
  return clusters
    .flatMap((name) =>
      namesIn(join(directory, name))
        .filter((id) => RUN.test(id))
        .map((id) => readRunRecord(name, id, textOf(join(directory, name, id, 'run.jsonl')))),
    )
    .sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** The run of that id. Throws USAGE where there is none, or several clusters have one. */
export function findRun(env: Environment, id: string, cluster: string | undefined): RunRecord {
  const found = runRecords(env, cluster).filter((record) => record.id === id);
  const [only, another] = found;
  if (only === undefined)
    throw new OutriggerError('USAGE', `no run ${id} is recorded in ${recordsDirectory(env)}`, {
      hint: 'list the recorded runs with `outrigger history`',
    });
  if (another !== undefined)
    throw new OutriggerError('USAGE', `several clusters have a run ${id}`, {
      hint: `select one: --cluster ${only.cluster}`,
    });
  return only;
}

/** Why another user of this host may have written the record of a run; undefined: no other user can. */
export function whyForeignRecord(
  env: Environment,
  { cluster, id }: Pick<RunRecord, 'cluster' | 'id'>,
): string | undefined {
  const file = join(recordsDirectory(env), cluster, id, 'run.jsonl');
  return whyForeign(file, openLocalFile(file, MAX_BYTES));
}

/** The CIB as a run found it; undefined: it has edited none, or the copy is not there any more. */
export function cibBefore(env: Environment, { cluster, id }: RunRecord): Cib | undefined {
  const directory = join(recordsDirectory(env), cluster, id);
  try {
    const copy = readdirSync(directory).find((name) => name.startsWith(FIRST_COPY));
    return copy === undefined ? undefined : readCib(textOf(join(directory, copy)));
  } catch {
    return undefined;
  }
}

/** Says that a saved plan was carried out by a run of which the record is pruned. */
export const usedPlanFile = (env: Environment, cluster: string, savedPlan: string): string =>
  join(recordsDirectory(env), cluster, 'used-plans', basename(savedPlan));

/** Throws REFUSED when a run that is, or was, recorded here has carried out a saved plan already. */
export function refuseUsed(env: Environment, cluster: string, savedPlan: string): void {
  const used =
    runRecords(env, cluster).find((record) => record.savedPlan === savedPlan && record.hasActed)
      ?.id ?? textOf(usedPlanFile(env, cluster, savedPlan)).trim();
  if (used === '') return;
  throw new OutriggerError(
    'REFUSED',
    `the saved plan was already applied by run ${used}: nothing was changed`,
    { hint: 'plan again, review the new plan, and apply it' },
  );
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return [];
    throw new OutriggerError('USAGE', `cannot read the records of runs: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

/** A record that cannot be read is a damaged one. */
function textOf(file: string): string {
  try {
    return readLocalFile(file, MAX_BYTES).toString();
  } catch {
    return '';
  }
}
