import { Command } from 'commander';
import type { Spec } from '../../spec/spec.ts';
import { OutriggerError } from '../../support/errors.ts';
import { EXIT } from '../exit-code.ts';
import { withPlan } from '../live.ts';
import { addLiveOptions, addRunOptions, jsonOption } from '../options.ts';
import type { AddCommand } from '../terminal.ts';
import { applyLive, checkJson, type Options } from './apply.ts';

const UNMADE =
  'no new authkey was made: all have that of an earlier run now; run `outrigger rotate authkey` again';

export const addRotateAuthkey: AddCommand = (terminal, finish) =>
  addRunOptions(
    addLiveOptions(
      new Command('authkey').description(
        'makes a new authkey, and gives it to all nodes in one run; what that leaves undone `apply` finishes',
      ),
    ),
  )
    .addOption(jsonOption('print what happens as JSON lines; needs --yes'))
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
    throw new OutriggerError('USAGE', 'the authkey of this inventory is yours to make', {
      hint: 'put a new key (head -c 256 /dev/urandom) where `authkey` in the inventory says, then run `outrigger apply --allow authkey-replaced`',
    });
  }
  return true;
}
