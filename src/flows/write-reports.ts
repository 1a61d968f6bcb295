import { existsSync, realpathSync, statSync } from 'node:fs';
import { tryWholeFile, writeWholeFile } from '../host/files/whole-file.ts';
import type { Plan } from '../model/plan.ts';
import type { DriftReport } from '../report/drift/drift-report.ts';
import { driftAsHtml } from '../report/drift/drift-html.ts';
import { driftAsJUnit } from '../report/drift/drift-junit.ts';
import { driftAsMetrics } from '../report/drift/drift-prometheus.ts';
import { driftAsSarif } from '../report/drift/drift-sarif.ts';
import { planAsGitlab } from '../report/plan/plan-gitlab.ts';
import { planAsMarkdown } from '../report/plan/plan-markdown.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import { printable } from '../support/text/printable.ts';

/** Forms in which others read something, by the words for them. */
export type Reports<Kind extends string, Known> = Readonly<Record<Kind, (known: Known) => string>>;

export const DRIFT_REPORTS = {
  junit: driftAsJUnit,
  sarif: driftAsSarif,
  prometheus: driftAsMetrics,
  html: driftAsHtml,
} as const satisfies Reports<string, DriftReport>;

export const PLAN_REPORTS = {
  markdown: planAsMarkdown,
  gitlab: planAsGitlab,
} as const satisfies Reports<string, Plan>;

export type DriftReportKind = keyof typeof DRIFT_REPORTS;
export type PlanReportKind = keyof typeof PLAN_REPORTS;

/** A report that is desired, and the file for it. */
export interface RequestedReport<Kind extends string = string> {
  readonly kind: Kind;
  readonly path: string;
}

/** Others read them (node_exporter runs as a user of its own), as far as the umask allows. */
const MODE = 0o666;

/** Throws USAGE when a report could not be written: before hosts are contacted, not after. */
export function checkReports(desired: readonly RequestedReport[]): void {
  const twice = desired.find(
    ({ path }, index) => desired.findIndex((one) => one.path === path) < index,
  );
  if (twice !== undefined)
    throw new OutriggerError('USAGE', `two reports would be written to ${printable(twice.path)}`, {
      hint: 'use a separate file for each report',
    });
  for (const { kind, path } of desired) attempt(kind, path, tryToWrite);
}

/** Writes each report whole, or leaves the one that was there. */
export function writeReports<Kind extends string, Known>(
  reports: Reports<Kind, Known>,
  desired: readonly RequestedReport<Kind>[],
  known: Known,
): void {
  for (const { kind, path } of desired)
    attempt(kind, path, () => {
      writeWholeFile(target(path), reports[kind](known), { mode: MODE });
    });
}

function attempt(kind: string, path: string, what: (path: string) => void): void {
  try {
    what(path);
  } catch (thrown) {
    throw new OutriggerError(
      'USAGE',
      `cannot write the ${kind} report ${printable(path)}: ${printable(messageOf(thrown))}`,
      {
        hint: `specify a file in an existing, writable directory: --report ${kind}=PATH`,
        cause: thrown,
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
