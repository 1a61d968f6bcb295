import { loadInventory, loadPlaybook } from '../flows/load-document.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { renderDiagnostics } from '../support/render-diagnostics.ts';
import type { Spec } from '../spec/spec.ts';
import { OutriggerError } from '../support/errors.ts';
import type { Terminal } from './terminal.ts';

/** The inventory of a command. Throws INPUT_INVALID with every error in it; warnings go to stderr. */
export function inventoryFor(file: string, terminal: Terminal): Spec {
  const { spec, diagnostics, text } = loadInventory(file);
  const rendered =
    diagnostics.length === 0 ? '' : renderDiagnostics(diagnostics, new Map([[file, text]]));
  if (spec === undefined) throw new OutriggerError('INPUT_INVALID', rendered.trimEnd());
  terminal.err(rendered);
  return spec;
}

/** The playbook of a command. Throws INPUT_INVALID with every error in it. */
export function playbookFor(file: string | undefined): Playbook {
  const { playbook, diagnostics, text, file: name } = loadPlaybook(file);
  if (playbook !== undefined) return playbook;
  throw new OutriggerError(
    'INPUT_INVALID',
    renderDiagnostics(diagnostics, new Map([[name, text]])).trimEnd(),
  );
}
