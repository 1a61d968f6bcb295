import { Command } from 'commander';
import type { RolloverStep } from '../../x509/rollover.ts';
import { OutriggerError } from '../../support/errors.ts';
import type { Spec } from '../../spec/spec.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { withPlan } from '../live.ts';
import { addLiveOptions, addRunOptions, jsonOption } from '../options.ts';
import type { AddCommand, Terminal } from '../terminal.ts';
import { applyLive, checkJson, type Options } from './apply.ts';
import { checkOwn } from './own-authority.ts';

export const addRotateAuthority: AddCommand = (terminal, finish) =>
  addRunOptions(
    addLiveOptions(
      new Command('authority').description(
        "another authority in the place of outrigger's own, in three steps: all nodes trust both, get certificates of the new one, trust it alone; what a run leaves undone it finishes itself, or `apply` does, a step at a time",
      ),
    ),
  )
    .addOption(jsonOption('print what happens as JSON lines; needs --yes'))
    .action(async (options: Options) => {
      checkJson(options);
      if (options.limit !== undefined)
        throw new OutriggerError('USAGE', 'an authority is the same for all nodes', {
          hint: 'leave --limit out',
        });
      const taken = new Set<RolloverStep>();
      while (await takeStep(options, terminal, { taken, finish })) /* until there is none */ ;
    });

/** Plans, asks and takes one step; gives whether another one may follow. */
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
    'name a CA file that holds both, and apply; then put new certificates in place, and apply; then the new CA file',
  );
  return true;
}
