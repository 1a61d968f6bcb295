import { Command } from 'commander';
import { runRecords } from '../../flows/run-records.ts';
import { historyAsJson, renderHistory } from '../../report/history.ts';
import { EXIT } from '../exit-code.ts';
import { inventoryFor } from '../load.ts';
import { jsonOption, optionalInventory } from '../options.ts';
import { styleFor } from '../style.ts';
import type { AddCommand } from '../terminal.ts';

interface Options {
  readonly inventory?: string;
  readonly cluster?: string;
  readonly json?: true;
}

export const addHistory: AddCommand = (terminal, finish) =>
  new Command('history')
    .description('lists the runs that were recorded on this machine, without a network')
    .addOption(optionalInventory('for the runs of its cluster; default: of all clusters'))
    .option('--cluster <name>', 'the runs of the cluster of that name')
    .addOption(jsonOption('print the runs as JSON'))
    .action(({ inventory, cluster, json }: Options) => {
      const name =
        inventory === undefined ? cluster : inventoryFor(inventory, terminal).cluster.name;
      const records = runRecords(terminal.env, name);
      terminal.out(
        json
          ? historyAsJson(records)
          : renderHistory(records, styleFor(terminal.outStream, terminal.env)),
      );
      finish(EXIT.ok);
    });
