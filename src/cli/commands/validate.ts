import { Command } from 'commander';
import { loadInventory, type LoadedInventory } from '../../flows/load-document.ts';
import { counted } from '../../report/text/layout.ts';
import type { Spec } from '../../inventory/spec.ts';
import { hasErrors, type Diagnostic } from '../../support/yaml/diagnostic.ts';
import { printable } from '../../support/text/printable.ts';
import { diagnosticsAsJson, renderDiagnostics } from '../../support/yaml/render-diagnostics.ts';
import { EXIT } from '../process/exit-code.ts';
import { inventoryOption, jsonOption } from '../arguments/options.ts';
import type { AddCommand } from '../process/terminal.ts';

interface Options {
  readonly inventory: string;
  readonly json?: true;
}

export const addValidate: AddCommand = (terminal, finish) =>
  new Command('validate')
    .description('checks an inventory offline and reports all errors with file, line and column')
    .addOption(inventoryOption())
    .addOption(jsonOption('print the findings as JSON (outrigger schema validate)'))
    .action(async ({ inventory, json }: Options) => {
      const loaded = loadInventory(inventory);
      const { text, spec } = loaded;
      const certificates = await certificateDiagnostics(loaded);
      const diagnostics = [...loaded.diagnostics, ...certificates];
      if (json) terminal.out(diagnosticsAsJson(diagnostics));
      else if (diagnostics.length > 0)
        terminal.out(renderDiagnostics(diagnostics, new Map([[inventory, text]])));
      else if (spec !== undefined)
        terminal.out(`${printable(inventory)} is valid: ${countsOf(spec)}.\n`);
      finish(hasErrors(diagnostics) ? EXIT.error : EXIT.ok);
    });

/** What reads certificates is loaded only where they are used. */
async function certificateDiagnostics(loaded: LoadedInventory): Promise<readonly Diagnostic[]> {
  if (loaded.resolved?.authentication.method !== 'x509') return [];
  const { diagnoseCertificates } = await import('../../flows/validate-certificates.ts');
  return diagnoseCertificates(loaded, new Date());
}

const countsOf = ({ clusterNodes, remoteNodes, guestNodes }: Spec): string =>
  [
    counted(clusterNodes.length, 'cluster node'),
    counted(remoteNodes.length, 'remote node'),
    ...(guestNodes.length === 0 ? [] : [counted(guestNodes.length, 'guest node')]),
  ].join(', ');
