import { loadInventory, loadPlaybook } from '../flows/load-document.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { renderDiagnostics } from '../support/render-diagnostics.ts';
import type { Spec } from '../spec/spec.ts';
import { OutriggerError } from '../support/errors.ts';
import type { Terminal } from './terminal.ts';

/** A document of a command, and its text. */
export interface Loaded<Document> {
  readonly document: Document;
  readonly text: string;
}

/** The inventory of a command. Throws INPUT_INVALID with every error in it; warnings go to stderr. */
export function inventoryFor(file: string, terminal: Terminal): Spec {
  return inventoryTextFor(file, terminal).document;
}

/** The same with its text. */
export function inventoryTextFor(file: string, terminal: Terminal): Loaded<Spec> {
  const { spec, diagnostics, text } = loadInventory(file);
  const rendered =
    diagnostics.length === 0 ? '' : renderDiagnostics(diagnostics, new Map([[file, text]]));
  if (spec === undefined) throw new OutriggerError('INPUT_INVALID', rendered.trimEnd());
  terminal.err(rendered);
  return { document: spec, text };
}

/** The playbook of a command. Throws INPUT_INVALID with every error in it. */
export const playbookFor = (file: string | undefined): Playbook => playbookTextFor(file).document;

/** The same with its text. */
export function playbookTextFor(file: string | undefined): Loaded<Playbook> {
  const { playbook, diagnostics, text, file: name } = loadPlaybook(file);
  if (playbook !== undefined) return { document: playbook, text };
  throw new OutriggerError(
    'INPUT_INVALID',
    renderDiagnostics(diagnostics, new Map([[name, text]])).trimEnd(),
  );
}
