import { hostname } from 'node:os';
import { basename } from 'node:path';
import type { EditContext } from '../apply/run/edit-context.ts';
import type { Lease } from '../apply/lock/lease.ts';
import {
  logDirectory,
  openRunLog,
  userName,
  type RunLog,
  type RunOrigin,
} from '../records/run-log.ts';
import { changesByHost, logOnHosts } from '../apply/log-on-hosts.ts';
import type { Host } from '../host/host.ts';
import type { FailoverNode } from '../probe/query-node.ts';
import type { RunEvent } from '../model/run-event.ts';
import { pruneRecords } from '../records/prune-records.ts';

/** A run of which a record is kept. */
export interface RecordedRun {
  readonly cluster: string;
  readonly hosts: ReadonlyMap<string, Host>;
  /** The cluster node through which the cluster is changed. */
  readonly queryNode: FailoverNode;
  readonly lease: Lease;
  readonly allowed: ReadonlySet<string>;
  readonly origin: RunOrigin | undefined;
  /** The run that it takes back. */
  readonly undoes?: string;
  /** What the record begins with, besides who runs it and why. */
  readonly entries: readonly Readonly<Record<string, unknown>>[];
  /** How many hosts get the log lines at a time. */
  readonly forks: number;
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
  /** The name under which failures to log on hosts are reported. */
  readonly notice: string;
  /** Who has failed so far, and why. */
  readonly failed: () => ReadonlyMap<string, string>;
}

/** How a run ended that was recorded. */
export interface Recorded {
  /** The directory of its record. */
  readonly log: string;
  readonly wasInterrupted: boolean;
  /** An OutriggerError, or else a bug. */
  readonly stopped: Error | undefined;
}

/** Carries out a run and keeps a record of it, on this machine and in the system log of each host that it has changed. */
export async function underRecord(
  run: RecordedRun,
  work: (recorder: Pick<EditContext, 'log' | 'emit'>) => Promise<unknown>,
): Promise<Recorded> {
  const { cluster, hosts, queryNode, lease, allowed, signal, onEvent } = run;
  const queryNodeName = queryNode.name;
  const log = openRunLog(logDirectory(cluster, new Date(), process.env), () => new Date());
  const [user, from] = [userName(), hostname()];
  log.write({
    type: 'run',
    user,
    host: from,
    process: process.pid,
    allowed: [...allowed],
    lock: lease.id,
    tookOver: lease.replaced?.lock.id,
    ...run.origin,
    ...(run.undoes === undefined ? {} : { undoes: run.undoes }),
  });
  for (const entry of run.entries) log.write(entry);
  const events: RunEvent[] = [];
  let play = run.notice;
  const emit = (event: RunEvent): void => {
    if (event.type === 'play-started') ({ play } = event);
    log.write({ ...event });
    events.push(event);
    onEvent(event);
  };
  let stopped: Error | undefined;
  const noMoreMoves = queryNode.onMove((move) => {
    emit({ type: 'query-node-changed', play, ...move });
  });
  try {
    await work({ log, emit });
  } catch (thrown) {
    stopped = thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
  }
  noMoreMoves();
  const author = { user, from, run: basename(log.directory), cluster };
  const unreported = await logOnHosts(
    hosts,
    changesByHost(events, queryNodeName),
    author,
    run.forks,
  );
  if (unreported !== undefined) onEvent({ type: 'notice', play: run.notice, message: unreported });
  const wasInterrupted = signal.aborted;
  endRecord(log, { failed: run.failed(), wasInterrupted, stopped });
  const unpruned = pruneRecords(process.env, cluster, new Date());
  if (unpruned !== undefined) onEvent({ type: 'notice', play: run.notice, message: unpruned });
  return { log: log.directory, wasInterrupted, stopped };
}

/** Writes how the run ended. What stopped the run may be the record itself (a full disk): the result is reported all the same. */
function endRecord(
  log: RunLog,
  {
    failed,
    wasInterrupted,
    stopped,
  }: Omit<Recorded, 'log'> & { readonly failed: ReadonlyMap<string, string> },
): void {
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
