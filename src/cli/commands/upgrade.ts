import { Command } from 'commander';
import type { Plan } from '../../plan/plan.ts';
import { exitCodeOfComparison } from '../exit-code.ts';
import { withPlan } from '../live.ts';
import { addLiveOptions, addRunOptions, jsonOption } from '../options.ts';
import { tellPlan } from '../tell-plan.ts';
import type { AddCommand } from '../terminal.ts';
import { applyLive, checkJson, type Options } from './apply.ts';

export const addUpgrade: AddCommand = (terminal, finish) =>
  addRunOptions(
    addLiveOptions(
      new Command('upgrade').description(
        "brings the packages of all remote nodes and guest nodes, or those of --limit, to what their hosts' repositories offer, as no resource notices: plans, asks and carries the plan out as apply does",
      ),
    ),
  )
    .option('--dry-run', 'show the plan and change nothing')
    .addOption(jsonOption('print what happens as JSON lines, needs --yes; or the plan'))
    .action(async (options: Options & { readonly dryRun?: true }) => {
      if (!options.dryRun) checkJson(options);
      await withPlan(
        options,
        terminal,
        async (live) => {
          const { plan } = live.planned;
          if (!upgradesAny(plan)) terminal.err(NOTHING_OFFERED);
          if (options.dryRun) tellPlan(plan, options, terminal);
          finish(
            options.dryRun
              ? exitCodeOfComparison(plan.problems, false)
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
  'nothing newer by the package lists that the hosts have; `apt-get update` or `dnf makecache` there refreshes them\n';
