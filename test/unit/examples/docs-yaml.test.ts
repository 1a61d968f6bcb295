/** Whoever copies a YAML block of the documentation has an inventory, or a part of one, that is valid. */
import assert from 'node:assert/strict';
import { readInventory } from '../../../src/inventory/read-inventory.ts';
import { readYaml } from '../../../src/support/yaml/yaml.ts';
import { DOCUMENTS, nodesOf } from '../../support/documents.ts';
import { readSchema } from '../inventory/golden.ts';

/** What a part of an inventory stands in; a block has the keys that it shows itself. */
const AROUND: Readonly<Record<string, unknown>> = {
  apiVersion: 'outrigger/v1',
  cluster: { name: 'prod' },
  clusterNodes: [{ name: 'c1', address: '192.0.2.11' }],
  remoteNodes: [{ name: 'n99', address: '192.0.2.99' }],
};

interface Block {
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

const blocksOf = (file: string): readonly Block[] =>
  nodesOf(file).flatMap(({ type, info, literal, sourcepos }) =>
    type === 'code_block'
      ? [{ line: sourcepos[0][0], language: info ?? '', text: literal ?? '' }]
      : [],
  );

/** A part of an inventory, made whole by what it does not show. */
function whole(text: string): string {
  const shown = readYaml('block.yml', text).document?.value;
  const keys = typeof shown === 'object' && shown !== null ? Object.keys(shown) : [];
  const missing = Object.entries(AROUND).filter(([key]) => !keys.includes(key));
  return `${text}\n${missing.map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`).join('')}`;
}

describe('the documentation', () => {
  let count = 0;
  for (const file of DOCUMENTS) {
    for (const { line, language, text } of blocksOf(file)) {
      if (!/^ya?ml$/.test(language)) continue;
      count += 1;
      it(`shows valid YAML: ${file}, line ${line}`, () => {
        const { diagnostics } = readInventory({
          file,
          text: whole(text),
          schema: readSchema('inventory'),
          directory: '/etc/outrigger',
          home: '/home/me',
        });
        // Warnings tell of what a part has no use for, such as the hosts of other parts.
        const errors = diagnostics.filter(({ severity }) => severity === 'error');
        assert.deepEqual(errors, []);
      });
    }
  }

  it('has blocks of YAML', () => {
    assert.ok(count > 10, String(count));
  });
});
