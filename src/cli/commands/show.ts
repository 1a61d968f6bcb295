import { Command } from 'commander';
import { readPlanFile, type PlanFile } from '../../flows/saved-plan-file.ts';
import { checkReports, PLAN_REPORTS } from '../../flows/write-reports.ts';
import { printable } from '../../support/text/printable.ts';
import { EXIT } from '../process/exit-code.ts';
import { jsonOption } from '../arguments/options.ts';
import { reportOption } from '../arguments/report-option.ts';
import { showPlan, type PlanForms } from '../sessions/show-plan.ts';
import type { AddCommand } from '../process/terminal.ts';

export const addShow: AddCommand = (terminal, finish) =>
  new Command('show')
    .description('shows a saved plan as `plan` did; works offline')
    .argument('<file>', 'a plan saved with `plan --out`')
    .addOption(jsonOption('print the plan as JSON (outrigger schema plan)'))
    .addOption(reportOption(PLAN_REPORTS))
    .action((file: string, forms: PlanForms) => {
      checkReports(forms.report ?? []);
      const found = readPlanFile(file);
      terminal.err(`${originOf(found)}\n`);
      showPlan(found.saved.plan, forms, terminal);
      finish(EXIT.ok);
    });

/** What a saved plan was made from, and when, and by what its file is told apart from others. */
function originOf({ saved, digest }: PlanFile): string {
  const { savedAt, inventory, playbook, limit } = saved;
  const from = [
    inventory.path,
    ...(playbook.path === undefined ? [] : [`with ${playbook.path}`]),
    ...(limit === undefined ? [] : [`for ${limit}`]),
  ];
  return `${printable(`saved at ${savedAt} from ${from.join(', ')}`)}; SHA-256 ${digest}`;
}
