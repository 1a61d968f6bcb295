import { withEscapes } from '../support/text/json-escapes.ts';
import { jsonText } from './text/json.ts';

/** How an undo ended. */
export interface UndoResult {
  readonly run: string;
  readonly cluster: string;
  readonly removedNodes: readonly string[];
  readonly failed: readonly {
    readonly host: string;
    readonly message: string;
    readonly hint: string;
  }[];
  /** Why it did not come to its end. */
  readonly stopped: string | undefined;
  /** The directory of its record; undefined: nothing was left to undo. */
  readonly log: string | undefined;
}

/** What `undo --json` prints: the document of `schemas/undo.schema.json`. */
export const undoAsJson = ({ stopped, log, ...result }: UndoResult): string =>
  jsonText({ formatVersion: '1.0', ...result, stopped: stopped ?? null, log: log ?? null }, 2);

/** What `unlock --json` prints: the document of `schemas/unlock.schema.json`. */
export const unlockedAsJson = (id: string): string =>
  jsonText({ formatVersion: '1.0', removed: id }, 2);

/** What `import --json` prints: the document of `schemas/import.schema.json`. The text is whole: it is to be written to a file. */
export function importAsJson(
  text: string,
  file: string | undefined,
  notes: readonly string[],
): string {
  const inventory = file === undefined ? text : null;
  const document = { formatVersion: '1.0', inventory, file: file ?? null, notes };
  return `${withEscapes(JSON.stringify(document, undefined, 2))}\n`;
}
