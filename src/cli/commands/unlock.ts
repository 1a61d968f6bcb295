import { Command } from 'commander';
import { unlock } from '../../flows/lock/unlock.ts';
import { unlockedAsJson } from '../../report/command-json.ts';
import { printable } from '../../support/text/printable.ts';
import { askSure } from '../process/ask.ts';
import { OutriggerError } from '../../support/errors.ts';
import { withConnector } from '../sessions/connections.ts';
import { EXIT } from '../process/exit-code.ts';
import { inventoryFor } from '../sessions/load.ts';
import { checkJson, inventoryOption, jsonOption } from '../arguments/options.ts';
import type { AddCommand, Terminal } from '../process/terminal.ts';

interface Options {
  readonly inventory: string;
  readonly yes?: true;
  readonly json?: true;
}

export const addUnlock: AddCommand = (terminal, finish) =>
  new Command('unlock')
    .description('removes the lock of a run that has ended; a run in progress would stop')
    .argument('<id>', 'the ID of the lock, as printed by `plan` and by runs that wait for it')
    .addOption(inventoryOption())
    .option('--yes', 'do not prompt for confirmation')
    .addOption(jsonOption('print the result as JSON (outrigger schema unlock); requires --yes'))
    .action(async (id: string, { inventory, yes, json }: Options) => {
      checkJson({ json, yes });
      const spec = inventoryFor(inventory, terminal);
      await withConnector(terminal, spec.clusterNodes, ({ connect }) =>
        unlock(id, {
          spec,
          connect,
          signal: terminal.signal,
          confirm: (held) => confirm(terminal, held, yes === true),
        }),
      );
      terminal.out(json ? unlockedAsJson(id) : `Lock ${printable(id)} was removed.\n`);
      finish(EXIT.ok);
    });

async function confirm(terminal: Terminal, held: string, isSure: boolean): Promise<void> {
  terminal.err(`${held}\n`);
  if (isSure) return;
  if (!terminal.inIsTerminal) {
    throw new OutriggerError(
      'REFUSED',
      'no terminal for confirmation; pass --yes: nothing was changed',
      {
        hint: 'make sure that the run that holds the lock has ended, then run again with --yes',
      },
    );
  }
  await askSure(terminal, 'Are you sure that this run has ended?', 'nothing was changed');
}
