import assert from 'node:assert/strict';
import { readInventory } from '../../../src/inventory/read-inventory.ts';
import { clusterOnlyIn, withManagedHosts } from '../../../src/inventory/spec.ts';
import { readSchema } from './golden.ts';

const schema = readSchema('inventory');
const TEXT = `apiVersion: outrigger/v1
cluster: { name: prod }
clusterNodes: [{ name: c1, address: 192.0.2.11 }]
groups: { theirs: { manage: cluster-only } }
remoteNodes:
  - { name: r1, address: 192.0.2.21, group: theirs }
  - { name: r2, address: 192.0.2.22, group: theirs, manage: all }
  - { name: r3, address: 192.0.2.23 }
  - { name: r4, address: 192.0.2.24, manage: cluster-only }
guestNodes: [{ name: g1, address: 192.0.2.41, resource: vm-g1, group: theirs }]
`;

const namesOf = (nodes: readonly { readonly name: string }[]): string[] =>
  nodes.map(({ name }) => name);

describe('what of a node is managed', () => {
  it('stands with the entry, or else with its group', () => {
    const { spec, diagnostics } = readInventory({
      file: 'inventory.yml',
      text: TEXT,
      schema,
      directory: '/etc/outrigger',
      home: '/home/me',
    });
    assert.deepEqual(diagnostics, []);
    assert.ok(spec);
    assert.deepEqual(namesOf(clusterOnlyIn(spec)), ['r1', 'r4', 'g1']);
    assert.deepEqual(namesOf(withManagedHosts(spec)), ['r2', 'r3']);
  });
});
