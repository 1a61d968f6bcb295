import { Command } from 'commander';
import { driftOf } from '../../plan/drift.ts';
import { driftAsJson } from '../../report/drift-json.ts';
import { renderDrift } from '../../report/drift-text.ts';
import { exitCodeOfComparison } from '../exit-code.ts';
import { withPlan, type Live } from '../live.ts';
import { addLiveOptions, jsonOption, type SharedOptions } from '../options.ts';
import { styleFor } from '../style.ts';
import type { AddCommand } from '../terminal.ts';

export const addDrift: AddCommand = (terminal, finish) =>
  addLiveOptions(
    new Command('drift').description(
      'tells what is not as the inventory says, for cron and CI; changes nothing, exits with 2 on drift',
    ),
  )
    .addOption(jsonOption('print the drift as JSON (outrigger schema drift)'))
    .action(async (options: SharedOptions) => {
      const tell = ({ planned: { plan } }: Live): Promise<void> => {
        const drift = driftOf(plan);
        terminal.out(
          options.json
            ? driftAsJson(drift)
            : renderDrift(drift, styleFor(terminal.outStream, terminal.env)),
        );
        finish(exitCodeOfComparison(drift.problems, drift.drifted.length > 0));
        return Promise.resolve();
      };
      await withPlan(options, terminal, tell, { foresees: false });
    });
