import { Command } from 'commander';
import type { OnProgress } from '../../probe/gather.ts';
import { readStatus } from '../../flows/read-status.ts';
import { statusAsJson } from '../../report/status/status-json.ts';
import { renderStatus } from '../../report/status/status-text.ts';
import { withConnector } from '../sessions/connections.ts';
import { EXIT } from '../process/exit-code.ts';
import { isLive, progressFor } from '../sessions/live.ts';
import { inventoryFor } from '../sessions/load.ts';
import { inventoryOption, jsonOption } from '../arguments/options.ts';
import { printable } from '../../support/text/printable.ts';
import { styleFor } from '../process/style.ts';
import type { AddCommand, Terminal } from '../process/terminal.ts';

interface Options {
  readonly inventory: string;
  readonly json?: true;
}

export const addStatus: AddCommand = (terminal, finish) =>
  new Command('status')
    .description(
      'shows which nodes are online, where each connection runs, and what failed, as one cluster node reports it',
    )
    .addOption(inventoryOption())
    .addOption(jsonOption('print the status as JSON (outrigger schema status)'))
    .action(async ({ inventory, json }: Options) => {
      const spec = inventoryFor(inventory, terminal);
      const { cluster, unreachable } = await withConnector(
        terminal,
        spec.clusterNodes,
        ({ connect }) =>
          withStatusProgress(terminal, (onProgress) =>
            readStatus(spec, connect, terminal.signal, onProgress),
          ),
      );
      for (const { host, message } of unreachable)
        terminal.err(`${host ?? ''}: ${printable(message)}\n`);
      terminal.out(
        json
          ? statusAsJson(cluster, spec, unreachable)
          : renderStatus(cluster, spec, styleFor(terminal.outStream, terminal.env)),
      );
      finish(unreachable.length === 0 ? EXIT.ok : EXIT.incomplete);
    });

/** One node is asked after the other until one answers: a log need not tell that, who waits at a terminal sees it. */
async function withStatusProgress<Result>(
  terminal: Terminal,
  work: (onProgress: OnProgress | undefined) => Promise<Result>,
): Promise<Result> {
  if (!isLive(terminal)) return work(undefined);
  const progress = await progressFor(terminal, []);
  try {
    return await work((done, total, unreachable) => {
      progress.gather(done, total, unreachable);
    });
  } finally {
    await progress.stop();
  }
}
