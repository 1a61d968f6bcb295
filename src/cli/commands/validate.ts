import { Command } from 'commander';
import { loadInventory } from '../../flows/load-document.ts';
import { counted } from '../../report/layout.ts';
import { hasErrors } from '../../support/diagnostic.ts';
import { printable } from '../../support/printable.ts';
import { diagnosticsAsJson, renderDiagnostics } from '../../support/render-diagnostics.ts';
import { EXIT } from '../exit-code.ts';
import { inventoryOption, jsonOption } from '../options.ts';
import type { AddCommand } from '../terminal.ts';

interface Options {
  readonly inventory: string;
  readonly json?: true;
}

export const addValidate: AddCommand = (terminal, finish) =>
  new Command('validate')
    .description(
      'checks an inventory without a network: every error at once, with file, line and column',
    )
    .addOption(inventoryOption())
    .addOption(jsonOption('print the findings as JSON'))
    .action(({ inventory, json }: Options) => {
      const { diagnostics, text, spec } = loadInventory(inventory);
      if (json) terminal.out(diagnosticsAsJson(diagnostics));
      else if (diagnostics.length > 0)
        terminal.out(renderDiagnostics(diagnostics, new Map([[inventory, text]])));
      else
        terminal.out(
          `${printable(inventory)} is valid: ${counted(spec?.clusterNodes.length ?? 0, 'cluster node')}, ${counted(spec?.remoteNodes.length ?? 0, 'remote node')}.\n`,
        );
      finish(hasErrors(diagnostics) ? EXIT.error : EXIT.ok);
    });
