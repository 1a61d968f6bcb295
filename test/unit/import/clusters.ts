/** Clusters to import, and what an imported inventory is worth. */
import assert from 'node:assert/strict';
import { importInventory, type Imported } from '../../../src/import/import-inventory.ts';
import type { ImportFacts } from '../../../src/model/import-facts.ts';
import { connectionResourceItem } from '../../../src/items/connection-resource.ts';
import { guestNodeItem } from '../../../src/items/guest-node.ts';
import { nodeStateItem } from '../../../src/items/node-state.ts';
import { cibView, type Cib } from '../../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import { element, type XmlElement } from '../../../src/pacemaker/basics/xml.ts';
import type { ClusterFacts } from '../../../src/model/facts.ts';
import { readInventory } from '../../../src/inventory/read-inventory.ts';
import { nodesOf, type Spec } from '../../../src/inventory/spec.ts';
import { crmMonXml } from '../../support/crm-mon.ts';
import { readSchema } from '../inventory/golden.ts';

const schema = readSchema('inventory');

export const reported = (cib: Cib, more: Partial<ImportFacts> = {}): ImportFacts => ({
  cib,
  queryNode: 'c1',
  clusterName: 'corosync-says',
  ring: [
    { id: '1', address: '10.77.0.11' },
    { id: '2', address: '10.77.0.12' },
  ],
  environment: {},
  ...more,
});

export const imported = (facts: ImportFacts, connection = {}): Imported =>
  importInventory(
    facts,
    { address: 'c1.example.net', connection: { user: 'admin', ...connection } },
    schema,
  );

/** What `outrigger` makes of the text. Fails where it is not valid. */
export function specOf({ text }: Imported): Spec {
  const read = readInventory({ file: 'i.yml', text, schema, directory: '/etc', home: '/root' });
  assert.deepEqual(
    read.diagnostics.map(({ line, message }) => `${line}: ${message}`),
    [],
    text,
  );
  return read.spec ?? assert.fail(text);
}

/** What a plan of the imported inventory would change in the same CIB. */
export function changesIn(cib: Cib, spec: Spec): unknown[] {
  const isIn = ({ name }: { name: string }) => [name, { on: 'c1' }] as const;
  const connections = Object.fromEntries(spec.remoteNodes.map(isIn));
  const cluster: ClusterFacts = {
    readFrom: 'c1',
    cib,
    cibText: '',
    dcState: 'S_IDLE',
    mon: readCrmMon(crmMonXml({ connections, vms: {} })),
  };
  return [
    ...spec.remoteNodes.map((node) => connectionResourceItem(node)),
    ...spec.guestNodes.map((node) => guestNodeItem(node)),
    ...nodesOf(spec).map((node) => nodeStateItem(node)),
  ].flatMap((item) => item.compare(cluster)?.attributes ?? []);
}

export type Values = Readonly<Record<string, string>>;

const block = (kind: string, id: string, values: Values): XmlElement =>
  element(
    kind,
    { id },
    Object.entries(values).map(([name, value], index) =>
      element('nvpair', { id: `${id}-${index}`, name, value }),
    ),
  );

interface Remote {
  readonly id: string;
  readonly parameters: Values;
  readonly meta: Values;
  readonly attributes: Values;
  readonly operations: readonly Values[];
}

/** A CIB with these remote nodes, written in a shape of its own. */
export function cibOf(remotes: readonly Remote[]): Cib {
  const nodes = remotes.map(({ id, attributes }) =>
    element('node', { id, uname: id, type: 'remote' }, [
      block('instance_attributes', `n-${id}`, attributes),
    ]),
  );
  const resources = remotes.map(({ id, parameters, meta, operations }) =>
    element('primitive', { id, class: 'ocf', provider: 'pacemaker', type: 'remote' }, [
      block('instance_attributes', `${id}-i`, parameters),
      block('meta_attributes', `${id}-m`, meta),
      element(
        'operations',
        {},
        operations.map((op, index) => element('op', { id: `${id}-op-${index}`, ...op })),
      ),
    ]),
  );
  const members = ['1', '2'].map((id) => element('node', { id, uname: `c${id}` }));
  return cibView(
    element('cib', { admin_epoch: '0', epoch: '1', num_updates: '0' }, [
      element('configuration', {}, [
        element('crm_config'),
        element('nodes', {}, [...members, ...nodes]),
        element('resources', {}, resources),
        element('constraints'),
      ]),
      element('status'),
    ]),
  );
}

export const remote = (id: string, more: Partial<Remote> = {}): Remote => ({
  id,
  parameters: {},
  meta: {},
  attributes: {},
  operations: [],
  ...more,
});
