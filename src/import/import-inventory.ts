import type { JsonSchema } from '../support/yaml/json-schema.ts';
import { draftOf, type ImportTarget } from './draft-of.ts';
import { notesOf } from './draft.ts';
import { fitted } from './fit.ts';
import { foldEntries } from './fold-entries.ts';
import type { ImportFacts } from '../model/import-facts.ts';
import { renderDraft } from './render.ts';

/** The text of an inventory, and what it could not say. */
export interface Imported {
  readonly text: string;
  readonly notes: readonly string[];
}

/** Writes down a living cluster as an inventory that is valid and from which no change follows. */
export function importInventory(
  facts: ImportFacts,
  target: ImportTarget,
  schema: JsonSchema,
): Imported {
  const draft = fitted(draftOf(facts, target), schema);
  const folded = {
    ...draft,
    clusterNodes: foldEntries(draft.clusterNodes),
    remoteNodes: foldEntries(draft.remoteNodes),
    guestNodes: foldEntries(draft.guestNodes),
  };
  return { text: renderDraft(folded), notes: notesOf(draft) };
}
