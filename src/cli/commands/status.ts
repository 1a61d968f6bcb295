import { Command } from 'commander';
import { readStatus } from '../../flows/read-status.ts';
import { statusAsJson } from '../../report/status-json.ts';
import { renderStatus } from '../../report/status-text.ts';
import { withConnector } from '../connections.ts';
import { EXIT } from '../exit-code.ts';
import { inventoryFor } from '../load.ts';
import { inventoryOption, jsonOption } from '../options.ts';
import { printable } from '../../support/printable.ts';
import { styleFor } from '../style.ts';
import type { AddCommand } from '../terminal.ts';

interface Options {
  readonly inventory: string;
  readonly json?: true;
}

export const addStatus: AddCommand = (terminal, finish) =>
  new Command('status')
    .description(
      'shows who is truly in, where each connection runs, and what failed; asks one cluster node once',
    )
    .addOption(inventoryOption())
    .addOption(jsonOption('print the status as JSON'))
    .action(async ({ inventory, json }: Options) => {
      const spec = inventoryFor(inventory, terminal);
      const { cluster, silent } = await withConnector(terminal, spec.clusterNodes, ({ connect }) =>
        readStatus(spec, connect, terminal.signal),
      );
      for (const { host, message } of silent)
        terminal.err(`${host ?? ''}: ${printable(message)}\n`);
      terminal.out(
        json
          ? statusAsJson(cluster)
          : renderStatus(cluster, styleFor(terminal.outStream, terminal.env)),
      );
      finish(silent.length === 0 ? EXIT.ok : EXIT.incomplete);
    });
