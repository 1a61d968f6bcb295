import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FIRST_COPY, recordsDirectory } from '../apply/run-log.ts';
import { readLocalFile } from '../host/local-file.ts';
import { readCib, type Cib } from '../pacemaker/cib.ts';
import { readRunRecord, type RunRecord } from '../plan/run-record.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';

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
    throw new OutriggerError('USAGE', `no run ${id} is recorded below ${recordsDirectory(env)}`, {
      hint: '`outrigger history` lists the runs that are',
    });
  if (another !== undefined)
    throw new OutriggerError('USAGE', `several clusters have a run ${id}`, {
      hint: `say which: --cluster ${only.cluster}`,
    });
  return only;
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

/** Throws REFUSED when a run that is recorded here has carried out a saved plan already. */
export function refuseUsed(env: Environment, cluster: string, savedPlan: string): void {
  const used = runRecords(env, cluster).find(
    (record) => record.savedPlan === savedPlan && record.hasActed,
  );
  if (used === undefined) return;
  throw new OutriggerError(
    'REFUSED',
    `the saved plan was carried out already, by run ${used.id}: nothing was changed`,
    { hint: 'plan again, read it, and apply that' },
  );
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw new OutriggerError('USAGE', `cannot read the records of runs: ${messageOf(thrown)}`);
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
