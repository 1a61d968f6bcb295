import { Command } from 'commander';
import { checkPlanFile, savePlan } from '../../flows/saved-plan-file.ts';
import { checkReports, PLAN_REPORTS } from '../../flows/write-reports.ts';
import { changeCount } from '../../plan/plan.ts';
import { printable } from '../../support/printable.ts';
import { exitCodeOfComparison } from '../exit-code.ts';
import { withPlan } from '../live.ts';
import { addLiveOptions, jsonOption, type SharedOptions } from '../options.ts';
import { reportOption } from '../report-option.ts';
import { tellPlan, type PlanForms } from '../tell-plan.ts';
import type { AddCommand } from '../terminal.ts';
import { version } from '../version.ts';

interface Options extends SharedOptions, Pick<PlanForms, 'report'> {
  readonly detailedExitcode?: true;
  readonly out?: string;
}

export const addPlan: AddCommand = (terminal, finish) =>
  addLiveOptions(
    new Command('plan').description(
      'reads the live state and shows every change before any is made; changes nothing',
    ),
  )
    .addOption(jsonOption('print the plan as JSON (outrigger schema plan)'))
    .option('--detailed-exitcode', 'exit with 2 when there are changes')
    .option('--out <file>', 'save the plan for `show` and `apply`; it holds no secret')
    .addOption(reportOption(PLAN_REPORTS))
    .action(async (options: Options) => {
      const { out: file } = options;
      checkReports(options.report ?? []);
      if (file !== undefined) checkPlanFile(file);
      await withPlan(options, terminal, ({ planned, sources }) => {
        const { plan } = planned;
        if (file !== undefined) {
          savePlan(file, planned, sources, version());
          terminal.err(`saved: ${printable(file)}\n`);
        }
        tellPlan(plan, options, terminal);
        const differs = options.detailedExitcode === true && changeCount(plan) > 0;
        finish(exitCodeOfComparison(plan.problems, differs));
        return Promise.resolve();
      });
    });
