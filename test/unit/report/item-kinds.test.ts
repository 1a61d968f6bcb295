import assert from 'node:assert/strict';
import { loadSchema } from '../../../src/flows/load-document.ts';

/** The words that a schema has for the kinds of things that outrigger keeps in shape. */
function kindsIn(schema: unknown): readonly (readonly string[])[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { enum: words } = schema as { readonly enum?: unknown };
  if (Array.isArray(words) && words.includes('firewall-port')) return [words as string[]];
  return Object.values(schema).flatMap(kindsIn);
}

describe('the schemas of what outrigger prints', () => {
  const [playable = []] = kindsIn(loadSchema('playbook'));
  for (const name of ['plan', 'drift'] as const) {
    it(`know every kind of item that a playbook can name (${name})`, () => {
      const lists = kindsIn(loadSchema(name));
      assert.ok(lists.length > 0 && playable.length > 0);
      for (const list of lists) assert.deepEqual([...list].sort(), [...playable].sort());
    });
  }
});
