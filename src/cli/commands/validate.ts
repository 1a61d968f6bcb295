import { Command } from 'commander';
import { loadInventory, type LoadedInventory } from '../../flows/load-document.ts';
import { counted } from '../../report/layout.ts';
import type { Spec } from '../../spec/spec.ts';
import { hasErrors, type Diagnostic } from '../../support/diagnostic.ts';
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
