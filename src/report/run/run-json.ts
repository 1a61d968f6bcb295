import { jsonText } from '../text/json.ts';
import type { RunEvent } from '../../model/run-event.ts';
import { summariseRun, type FinishedRun } from './run-summary.ts';

/** The version of the JSON lines: a minor version only adds types and keys. */
const FORMAT_VERSION = '1.0';

/** The first JSON line of a run: which format follows, and who writes it. */
export const versionAsJson = (outrigger: string): string =>
  jsonText({ type: 'version', formatVersion: FORMAT_VERSION, outrigger });

/** One JSON line for each event of a run; `time` is when, in ISO 8601. */
export const eventAsJson = ({ type, ...event }: RunEvent, time: string): string =>
  jsonText({ type, time, ...event });

/** The last JSON line of a run. */
export function summaryAsJson(run: FinishedRun, time: string): string {
  const summary = summariseRun(run);
  const { steps, changedHosts, failures, leftOut, unfinished, stillProtected } = summary;
  return jsonText({
    type: 'summary',
    time,
    changes: summary.changes,
    steps: {
      changed: steps.changed,
      inSync: steps['in-sync'],
      failed: steps.failed,
      skipped: steps.skipped,
    },
    changedHosts,
    failures: failures.map(({ host, message, hint }) => ({ host, message, hint: hint ?? null })),
    leftOut: leftOut.map(({ host, message }) => ({ host, message })),
    unfinished: unfinished.map(({ play, host, item }) => ({ play, host, item })),
    stillProtected,
    wasInterrupted: summary.wasInterrupted,
    ...(summary.stopped === undefined ? {} : { stopped: summary.stopped }),
    seconds: summary.seconds,
  });
}
