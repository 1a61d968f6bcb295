import {
  PLAN_REPORTS,
  writeReports,
  type PlanReportKind,
  type RequestedReport,
} from '../../flows/write-reports.ts';
import type { Plan } from '../../model/plan.ts';
import { planAsJson } from '../../report/plan/plan-json.ts';
import { renderPlan } from '../../report/plan/plan-text.ts';
import { styleFor } from '../process/style.ts';
import type { Terminal } from '../process/terminal.ts';

/** In which forms a plan is desired, as commander hands it over. */
export interface PlanForms {
  readonly json?: true;
  readonly report?: readonly RequestedReport<PlanReportKind>[];
}

/** Prints a plan and writes the reports of it. Throws USAGE when one cannot be written. */
export function showPlan(plan: Plan, { json, report = [] }: PlanForms, terminal: Terminal): void {
  terminal.out(
    json ? planAsJson(plan) : renderPlan(plan, styleFor(terminal.outStream, terminal.env)),
  );
  writeReports(PLAN_REPORTS, report, plan);
}
