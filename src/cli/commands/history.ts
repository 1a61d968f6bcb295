import { Command } from 'commander';
import { runRecords } from '../../records/run-records.ts';
import { historyAsJson, renderHistory } from '../../report/run/history.ts';
import { EXIT } from '../process/exit-code.ts';
import { inventoryFor } from '../sessions/load.ts';
import { jsonOption, optionalInventory } from '../arguments/options.ts';
import { styleFor } from '../process/style.ts';
import type { AddCommand } from '../process/terminal.ts';

interface Options {
  readonly inventory?: string;
  readonly cluster?: string;
  readonly json?: true;
}

export const addHistory: AddCommand = (terminal, finish) =>
  new Command('history')
    .description('lists the runs recorded on this machine; works offline')
    .addOption(optionalInventory('for the runs on its cluster; default: all clusters'))
    .option('--cluster <name>', 'only runs on the cluster with this name')
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
