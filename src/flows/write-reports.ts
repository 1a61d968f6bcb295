import { existsSync, realpathSync, statSync } from 'node:fs';
import { tryWholeFile, writeWholeFile } from '../host/whole-file.ts';
import type { DriftReport } from '../report/drift-report.ts';
import { driftAsHtml } from '../report/drift-html.ts';
import { driftAsJUnit } from '../report/drift-junit.ts';
import { driftAsMetrics } from '../report/drift-prometheus.ts';
import { driftAsSarif } from '../report/drift-sarif.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import { printable } from '../support/printable.ts';

/** The forms in which others read drift. */
export const REPORTS = {
  junit: driftAsJUnit,
  sarif: driftAsSarif,
  prometheus: driftAsMetrics,
  html: driftAsHtml,
} as const satisfies Readonly<Record<string, (report: DriftReport) => string>>;

export type ReportKind = keyof typeof REPORTS;

/** A report that is wanted, and the file for it. */
export interface WantedReport {
  readonly kind: ReportKind;
  readonly path: string;
}

/** Others read them (node_exporter runs as a user of its own), as far as the umask allows. */
const MODE = 0o666;

/** Throws USAGE when a report could not be written: before hosts are asked, not after. */
export function checkReports(wanted: readonly WantedReport[]): void {
  const twice = wanted.find(
    ({ path }, index) => wanted.findIndex((one) => one.path === path) < index,
  );
  if (twice !== undefined)
    throw new OutriggerError('USAGE', `two reports would be written to ${printable(twice.path)}`, {
      hint: 'give each report a file of its own',
    });
  for (const { kind, path } of wanted) attempt(kind, path, tryToWrite);
}

/** Writes each report whole, or leaves the one that was there. */
export function writeReports(wanted: readonly WantedReport[], report: DriftReport): void {
  for (const { kind, path } of wanted)
    attempt(kind, path, () => {
      writeWholeFile(target(path), REPORTS[kind](report), { mode: MODE });
    });
}

function attempt(kind: ReportKind, path: string, what: (path: string) => void): void {
  try {
    what(path);
  } catch (thrown) {
    throw new OutriggerError(
      'USAGE',
      `cannot write the ${kind} report ${printable(path)}: ${printable(messageOf(thrown))}`,
      {
        hint: `name a file in a directory that exists and that you may write to: --report ${kind}=PATH`,
      },
    );
  }
}

/** A link stays, and what it leads to is replaced. */
const target = (path: string): string => (existsSync(path) ? realpathSync(path) : path);

function tryToWrite(path: string): void {
  if (existsSync(path) && !statSync(path).isFile()) throw new Error('it is not a regular file');
  tryWholeFile(target(path));
}
