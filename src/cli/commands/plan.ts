import { Command } from 'commander';
import { checkPlanFile, savePlan } from '../../flows/saved-plan-file.ts';
import { checkReports, PLAN_REPORTS } from '../../flows/write-reports.ts';
import { changeCount } from '../../model/plan.ts';
import { printable } from '../../support/text/printable.ts';
import { exitCodeOfComparison } from '../process/exit-code.ts';
import { withPlan } from '../sessions/live.ts';
import { addLiveOptions, jsonOption, type SharedOptions } from '../arguments/options.ts';
import { reportOption } from '../arguments/report-option.ts';
import { showPlan, type PlanForms } from '../sessions/show-plan.ts';
import type { AddCommand } from '../process/terminal.ts';
import { version } from '../process/version.ts';

interface Options extends SharedOptions, Pick<PlanForms, 'report'> {
  readonly detailedExitcode?: true;
  readonly out?: string;
}

export const addPlan: AddCommand = (terminal, finish) =>
  addLiveOptions(
    new Command('plan').description(
      'reads the actual state and shows all changes that apply would make; changes nothing',
    ),
  )
    .addOption(jsonOption('print the plan as JSON (outrigger schema plan)'))
    .option(
      '--detailed-exitcode',
      'exit with 2 if there are changes, with 3 if a node has not joined yet',
    )
    .option('--out <file>', 'save the plan for `show` and `apply`; it contains no secrets')
    .addOption(reportOption(PLAN_REPORTS))
    .action(async (options: Options) => {
      const { out: file } = options;
      checkReports(options.report ?? []);
      if (file !== undefined) checkPlanFile(file);
      await withPlan(options, terminal, ({ planned, sources }) => {
        const { plan } = planned;
        if (file !== undefined) {
          const digest = savePlan(file, planned, sources, version());
          terminal.err(`saved: ${printable(file)}, SHA-256 ${digest}\n`);
        }
        showPlan(plan, options, terminal);
        const differs = options.detailedExitcode === true && changeCount(plan) > 0;
        const pending = options.detailedExitcode === true ? plan.pending : [];
        finish(exitCodeOfComparison({ problems: plan.problems, pending }, differs));
        return Promise.resolve();
      });
    });
