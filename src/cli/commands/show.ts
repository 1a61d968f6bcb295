import { Command } from 'commander';
import { loadPlan } from '../../flows/saved-plan-file.ts';
import { checkReports, PLAN_REPORTS } from '../../flows/write-reports.ts';
import type { SavedPlan } from '../../plan/saved-plan.ts';
import { printable } from '../../support/printable.ts';
import { EXIT } from '../exit-code.ts';
import { jsonOption } from '../options.ts';
import { reportOption } from '../report-option.ts';
import { tellPlan, type PlanForms } from '../tell-plan.ts';
import type { AddCommand } from '../terminal.ts';

export const addShow: AddCommand = (terminal, finish) =>
  new Command('show')
    .description('shows a saved plan as `plan` did, without a network')
    .argument('<file>', 'what `plan --out` wrote')
    .addOption(jsonOption('print the plan as JSON (outrigger schema plan)'))
    .addOption(reportOption(PLAN_REPORTS))
    .action((file: string, forms: PlanForms) => {
      checkReports(forms.report ?? []);
      const saved = loadPlan(file);
      terminal.err(`${originOf(saved)}\n`);
      tellPlan(saved.plan, forms, terminal);
      finish(EXIT.ok);
    });

/** What a saved plan was made from, and when. */
function originOf({ savedAt, inventory, playbook, limit }: SavedPlan): string {
  const from = [
    inventory.path,
    ...(playbook.path === undefined ? [] : [`with ${playbook.path}`]),
    ...(limit === undefined ? [] : [`for ${limit}`]),
  ];
  return printable(`saved at ${savedAt} from ${from.join(', ')}`);
}
