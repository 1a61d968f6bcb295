import { Command } from 'commander';
import type { RolloverStep } from '../../../credentials/x509/rollover.ts';
import { OutriggerError } from '../../../support/errors.ts';
import type { Spec } from '../../../inventory/spec.ts';
import { EXIT, type ExitCode } from '../../process/exit-code.ts';
import { withPlan } from '../../sessions/live.ts';
import { addLiveOptions, addRunOptions, checkJson, jsonOption } from '../../arguments/options.ts';
import type { AddCommand, Terminal } from '../../process/terminal.ts';
import { applyLive, type Options } from '../apply.ts';
import { checkOwn } from './own-authority.ts';

export const addRotateAuthority: AddCommand = (terminal, finish) =>
  addRunOptions(
    addLiveOptions(
      new Command('authority').description(
        'replaces the CA that outrigger keeps, in three steps: all nodes trust both CAs, get certificates from the new one, then trust only the new one; run again, or run `apply` for each step, to complete an interrupted replacement',
      ),
    ),
  )
    .addOption(jsonOption('print events as JSON lines; requires --yes'))
    .action(async (options: Options) => {
      checkJson(options);
      if (options.limit !== undefined)
        throw new OutriggerError('USAGE', 'a CA is shared by all nodes', {
          hint: 'omit --limit',
        });
      const taken = new Set<RolloverStep>();
      while (await takeStep(options, terminal, { taken, finish })) /* until there is none */ ;
    });

/** Plans, asks and takes one step; returns whether another one may follow. */
async function takeStep(
  options: Options,
  terminal: Terminal,
  { taken, finish }: { taken: Set<RolloverStep>; finish: (code: ExitCode) => void },
): Promise<boolean> {
  let goesOn = false;
  await withPlan(
    options,
    terminal,
    async (live) => {
      const code = await applyLive(options, terminal, live);
      finish(code);
      const step = live.planned.credentials?.rollover?.step;
      if (step === undefined) return;
      // One that was taken before is waiting for somebody.
      goesOn = code === EXIT.ok && step !== 'finish' && !taken.has(step);
      taken.add(step);
    },
    { succeeds: (spec) => isOwnAuthority(spec) && taken.size === 0 },
  );
  return goesOn;
}

/** Throws USAGE where there is none. */
function isOwnAuthority({ authentication }: Spec): boolean {
  checkOwn(
    authentication,
    ['authority'],
    'declare a CA file that contains both CAs, and apply; then install new certificates, and apply; then declare the new CA file',
  );
  return true;
}
