import { Command } from 'commander';
import type { Plan } from '../../model/plan.ts';
import { exitCodeOfComparison } from '../process/exit-code.ts';
import { withPlan } from '../sessions/live.ts';
import { addLiveOptions, addRunOptions, checkJson, jsonOption } from '../arguments/options.ts';
import { showPlan } from '../sessions/show-plan.ts';
import type { AddCommand } from '../process/terminal.ts';
import { applyLive, type Options } from './apply.ts';

export const addUpgrade: AddCommand = (terminal, finish) =>
  addRunOptions(
    addLiveOptions(
      new Command('upgrade').description(
        'upgrades the packages of all remote nodes and guest nodes, or those of --limit, to the versions in their repositories, without disruption: shows the plan, asks for confirmation and applies it',
      ),
    ),
  )
    .option('--dry-run', 'show the plan and change nothing')
    .addOption(jsonOption('print events as JSON lines (requires --yes), or the plan'))
    .action(async (options: Options & { readonly dryRun?: true }) => {
      if (!options.dryRun) checkJson(options);
      await withPlan(
        options,
        terminal,
        async (live) => {
          const { plan } = live.planned;
          if (!upgradesAny(plan)) terminal.err(NOTHING_OFFERED);
          if (options.dryRun) showPlan(plan, options, terminal);
          finish(
            options.dryRun
              ? exitCodeOfComparison({ problems: plan.problems, pending: [] }, false)
              : await applyLive(options, terminal, live),
          );
        },
        { upgrades: true },
      );
    });

const upgradesAny = ({ plays }: Plan): boolean =>
  plays.some(({ changes }) => changes.some(({ item }) => item === 'package'));

/** A plan changes nothing on a host, its package lists included. */
const NOTHING_OFFERED =
  'no newer packages in the package lists of the hosts; refresh them there with `apt-get update` or `dnf makecache`\n';
