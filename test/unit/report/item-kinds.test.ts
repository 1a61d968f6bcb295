import assert from 'node:assert/strict';
import { loadSchema } from '../../../src/flows/load-document.ts';
import { kindsOf } from '../../../src/plan/drift/drift.ts';
import { DRIFT_ITEMS, FINDING_KINDS } from '../../../src/model/finding.ts';

/** The words that a schema has for the kinds of things that outrigger manages. */
function kindsIn(schema: unknown): readonly (readonly string[])[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { enum: words } = schema as { readonly enum?: unknown };
  if (Array.isArray(words) && words.includes('firewall-port')) return [words as string[]];
  return Object.values(schema).flatMap(kindsIn);
}

describe('the schemas of what outrigger prints', () => {
  const [playable = []] = kindsIn(loadSchema('playbook'));
  const drifting = DRIFT_ITEMS;
  for (const [name, kinds] of [
    ['plan', playable],
    ['drift', drifting],
    ['inventory', drifting],
  ] as const) {
    it(`know every kind of item (${name})`, () => {
      const lists = kindsIn(loadSchema(name));
      assert.ok(lists.length > 0 && playable.length > 0);
      for (const list of lists) assert.deepEqual([...list].sort(), [...kinds].sort());
    });
  }

  it('of drift know what a playbook can name, and what a finding can be about', () => {
    const all = new Set([...playable, ...Object.keys(FINDING_KINDS)]);
    assert.deepEqual([...drifting].sort(), [...all].sort());
  });

  it('of drift know every kind of drift', () => {
    const { definitions } = loadSchema('drift') as {
      definitions: { difference: { properties: { kind: { enum: string[] } } } };
    };
    const kinds = new Set(DRIFT_ITEMS.flatMap(kindsOf));
    assert.deepEqual(definitions.difference.properties.kind.enum.sort(), [...kinds].sort());
  });

  it('of drift tell what an apply mends from what it does not', () => {
    assert.deepEqual(kindsOf('service'), ['configuration', 'running-daemon']);
    assert.deepEqual(kindsOf('node-record'), ['configuration', 'leftover-node']);
    assert.deepEqual(kindsOf('membership'), ['undeclared-node']);
  });
});
