import assert from 'node:assert/strict';
import { findSchemaFaults, type JsonSchema } from '../../../src/support/yaml/json-schema.ts';
import { withoutFaults } from '../../../src/support/yaml/sound.ts';
import { readSchema } from '../inventory/golden.ts';

describe('findSchemaFaults', () => {
  it('tells one fault where none of several forms fits', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: {
        key: {
          anyOf: [
            { type: 'string', enum: ['cluster'] },
            { type: 'object', required: ['file'], properties: { file: { type: 'string' } } },
          ],
        },
      },
    };
    const faults = findSchemaFaults(schema, { key: { file: 1 } });
    assert.deepEqual(
      faults.map(({ path, keyword }) => [path, keyword]),
      [['/key', 'anyOf']],
    );
  });

  it('takes what is at fault out and leaves the rest where it is', () => {
    const value = {
      apiVersion: 'outrigger/v1',
      clusterNodes: [7, { name: 'c1', address: 5, more: true }],
      groups: 'none',
    };
    const schema = readSchema('inventory');
    assert.deepEqual(withoutFaults(value, findSchemaFaults(schema, value)), {
      apiVersion: 'outrigger/v1',
      clusterNodes: [{}, { name: 'c1', address: undefined, more: undefined }],
      groups: {},
    });
  });
});

for (const name of ['inventory', 'playbook'] as const) {
  describe(`schemas/${name}.schema.json`, () => {
    it('describes every property and gives an example', () => {
      const schema = readSchema(name);
      const bare: string[] = [];
      const resolve = (part: JsonSchema): JsonSchema => {
        const target =
          typeof part['$ref'] === 'string' ? part['$ref'].split('/').at(-1) : undefined;
        const definitions = schema['definitions'] as Record<string, JsonSchema>;
        return target === undefined ? part : { ...resolve(definitions[target] ?? {}), ...part };
      };
      const visit = (part: unknown): void => {
        if (typeof part !== 'object' || part === null) return;
        const { properties = {}, ...others } = part as { properties?: Record<string, JsonSchema> };
        for (const [key, property] of Object.entries(properties)) {
          const { description, examples } = resolve(property);
          if (typeof description !== 'string' || !Array.isArray(examples)) bare.push(key);
        }
        Object.values({ ...others, ...properties }).forEach(visit);
      };
      visit(schema);
      assert.deepEqual(bare, []);
    });
  });
}
