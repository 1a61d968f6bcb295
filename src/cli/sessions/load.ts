import { loadInventory, loadPlaybook } from '../../flows/load-document.ts';
import type { Playbook } from '../../playbook/playbook.ts';
import { counted } from '../../report/text/layout.ts';
import type { Diagnostic } from '../../support/yaml/diagnostic.ts';
import { MOST_SHOWN, renderDiagnostics } from '../../support/yaml/render-diagnostics.ts';
import type { Spec } from '../../inventory/spec.ts';
import { OutriggerError } from '../../support/errors.ts';
import type { Terminal } from '../process/terminal.ts';

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
  if (spec === undefined) throw invalid(rendered, diagnostics);
  terminal.err(rendered);
  return { document: spec, text };
}

/** The playbook of a command. Throws INPUT_INVALID with every error in it. */
export const playbookFor = (file: string | undefined): Playbook => playbookTextFor(file).document;

/** The same with its text. */
export function playbookTextFor(file: string | undefined): Loaded<Playbook> {
  const { playbook, diagnostics, text, file: name } = loadPlaybook(file);
  if (playbook !== undefined) return { document: playbook, text };
  throw invalid(renderDiagnostics(diagnostics, new Map([[name, text]])), diagnostics);
}

/** A file with findings: people read them with the lines that they are in, programs one by one. */
function invalid(rendered: string, diagnostics: readonly Diagnostic[]): OutriggerError {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const problems = errors
    .slice(0, MOST_SHOWN)
    .map(({ code, message, expected, suggestion, file, line, column }) => ({
      code,
      message,
      file,
      line,
      column,
      hint: suggestion === undefined ? expected : `did you mean ${suggestion}?`,
    }));
  const brief = `${errors[0]?.file ?? 'the file'} is not valid: ${counted(errors.length, 'error')}`;
  return new OutriggerError('INPUT_INVALID', rendered.trimEnd(), { problems, brief });
}
