import { Command } from 'commander';
import type { Spec } from '../../../inventory/spec.ts';
import { OutriggerError } from '../../../support/errors.ts';
import { EXIT } from '../../process/exit-code.ts';
import { withPlan } from '../../sessions/live.ts';
import { addLiveOptions, addRunOptions, checkJson, jsonOption } from '../../arguments/options.ts';
import type { AddCommand } from '../../process/terminal.ts';
import { applyLive, type Options } from '../apply.ts';

const UNMADE =
  'no new authkey was created: all nodes now have the authkey of an earlier run; run `outrigger rotate authkey` again';

export const addRotateAuthkey: AddCommand = (terminal, finish) =>
  addRunOptions(
    addLiveOptions(
      new Command('authkey').description(
        'creates a new authkey and distributes it to all nodes in one run; `apply` completes an interrupted rotation',
      ),
    ),
  )
    .addOption(jsonOption('print events as JSON lines; requires --yes'))
    .action(async (options: Options) => {
      checkJson(options);
      // Who says `rotate authkey` has named that risk; others have still to be allowed.
      const allow = [...(options.allow ?? []), 'authkey-replaced'];
      await withPlan(
        options,
        terminal,
        async (live) => {
          const code = await applyLive({ ...options, allow }, terminal, live);
          const isUnmade = code === EXIT.ok && live.planned.authkey?.isEarlier === true;
          if (isUnmade) terminal.err(`${UNMADE}\n`);
          finish(isUnmade ? EXIT.incomplete : code);
        },
        { rotates: rotatesKeyOf },
      );
    });

/** Throws USAGE where the key is not outrigger's to make. */
function rotatesKeyOf({ authentication }: Spec): boolean {
  if (authentication.method !== 'psk') {
    throw new OutriggerError('USAGE', 'this inventory uses certificates: there is no authkey', {
      hint: 'for new certificates: `outrigger rotate certificates`',
    });
  }
  if (authentication.authkey.kind !== 'cluster') {
    throw new OutriggerError('USAGE', 'the authkey of this inventory is a file that you provide', {
      hint: 'write a new key (head -c 256 /dev/urandom) to the place that `authkey` in the inventory names, then run `outrigger apply --allow authkey-replaced`',
    });
  }
  return true;
}
