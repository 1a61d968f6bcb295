import { hostname } from 'node:os';
import { basename } from 'node:path';
import { logDirectory, openRunLog, userName, type RunLog } from '../apply/run-log.ts';
import type { Author } from '../apply/tell-hosts.ts';

/** The record of a run, and who it says runs it. */
export interface Recording {
  readonly log: RunLog;
  readonly author: Author;
}

/** Begins the record of a run. */
export function beginRecord(cluster: string, entry: Readonly<Record<string, unknown>>): Recording {
  const log = openRunLog(logDirectory(cluster, new Date(), process.env), () => new Date());
  const [user, from] = [userName(), hostname()];
  log.write({ type: 'run', user, host: from, process: process.pid, ...entry });
  return { log, author: { user, from, run: basename(log.directory), cluster } };
}

/** How a run ended. */
export interface Ending {
  readonly failed: ReadonlyMap<string, string>;
  readonly wasInterrupted: boolean;
  readonly stopped: Error | undefined;
}

/** Writes how the run ended. What stopped the run may be the record itself (a full disk): the result is told all the same. */
export function endRecord(log: RunLog, { failed, wasInterrupted, stopped }: Ending): void {
  try {
    log.write({
      type: 'end',
      failed: Object.fromEntries(failed),
      interrupted: wasInterrupted,
      ...(stopped === undefined ? {} : { stopped: stopped.message }),
    });
  } catch (thrown) {
    if (stopped === undefined) throw thrown;
  } finally {
    log.close();
  }
}
