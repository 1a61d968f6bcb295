import { Command } from 'commander';
import { unlock } from '../../flows/unlock.ts';
import { printable } from '../../support/printable.ts';
import { askSure } from '../ask.ts';
import { OutriggerError } from '../../support/errors.ts';
import { withConnector } from '../connections.ts';
import { EXIT } from '../exit-code.ts';
import { inventoryFor } from '../load.ts';
import { inventoryOption } from '../options.ts';
import type { AddCommand, Terminal } from '../terminal.ts';

interface Options {
  readonly inventory: string;
  readonly yes?: true;
}

export const addUnlock: AddCommand = (terminal, finish) =>
  new Command('unlock')
    .description('takes away the lock of a run that is gone: a run that is under way would stop')
    .argument('<id>', 'the ID of the lock, as `plan` and whoever waits for it tell it')
    .addOption(inventoryOption())
    .option('--yes', 'do not ask')
    .action(async (id: string, { inventory, yes }: Options) => {
      const spec = inventoryFor(inventory, terminal);
      await withConnector(terminal, spec.clusterNodes, ({ connect }) =>
        unlock(id, {
          ...{ spec, connect, signal: terminal.signal },
          confirm: (held) => confirm(terminal, held, yes === true),
        }),
      );
      terminal.out(`The lock ${printable(id)} is gone.\n`);
      finish(EXIT.ok);
    });

async function confirm(terminal: Terminal, held: string, isSure: boolean): Promise<void> {
  terminal.err(`${held}\n`);
  if (isSure) return;
  if (!terminal.inIsTerminal) {
    throw new OutriggerError('REFUSED', 'nobody can be asked here: nothing was changed', {
      hint: 'make sure that the run which holds it is gone, then run again with --yes',
    });
  }
  await askSure(terminal, 'Is that run gone for sure?', 'nothing was changed');
}
