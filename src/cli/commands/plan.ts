import { Command } from 'commander';
import { changeCount } from '../../plan/plan.ts';
import { planAsJson } from '../../report/plan-json.ts';
import { renderPlan } from '../../report/plan-text.ts';
import { exitCodeOfComparison } from '../exit-code.ts';
import { withPlan } from '../live.ts';
import { addLiveOptions, jsonOption, type SharedOptions } from '../options.ts';
import { styleFor } from '../style.ts';
import type { AddCommand } from '../terminal.ts';

interface Options extends SharedOptions {
  readonly detailedExitcode?: true;
}

export const addPlan: AddCommand = (terminal, finish) =>
  addLiveOptions(
    new Command('plan').description(
      'reads the live state and shows every change before any is made; changes nothing',
    ),
  )
    .addOption(jsonOption('print the plan as JSON (outrigger schema plan)'))
    .option('--detailed-exitcode', 'exit with 2 when there are changes')
    .action(async (options: Options) => {
      await withPlan(options, terminal, ({ planned: { plan } }) => {
        terminal.out(
          options.json
            ? planAsJson(plan)
            : renderPlan(plan, styleFor(terminal.outStream, terminal.env)),
        );
        const differs = options.detailedExitcode === true && changeCount(plan) > 0;
        finish(exitCodeOfComparison(plan.problems, differs));
        return Promise.resolve();
      });
    });
