import { connectedNames, type Cib } from './cib.ts';
import { bundleOf } from './twins.ts';
import { booleanOf } from '../basics/durations.ts';
import { nodeKey } from '../basics/node-names.ts';
import { at, children, element, walk, type XmlElement } from '../basics/xml.ts';

/** A location constraint that ties a resource to a node which the cluster does not have. */
export interface DanglingConstraint {
  readonly id: string;
  readonly node: string;
}

/**
 * Pacemaker Remote nodes of which a `<node>` entry is left: their connection was deleted without `crm_node --remove`, and the
 * cluster lists them as offline. One that differs from a connected node in case only is none: to forget it would get that
 * node fenced. Sorted.
 */
export const leftoverNodes = (cib: Cib): readonly string[] =>
  withoutConnection(
    cib,
    [...cib.nodeEntries.values()].filter(({ type }) => type === 'remote').map(({ name }) => name),
  );

/**
 * Pacemaker Remote nodes of which nothing but a `<node_state>` is left. A controller may write that anew after the node was
 * forgotten, e.g. when another cluster node becomes the DC; the scheduler ignores it (lib/pengine/unpack.c,
 * unpack_node_state: "Ignoring recorded state for removed node"). Sorted.
 */
export function formerNodes(cib: Cib): readonly string[] {
  const states = children(at(cib.root, 'status') ?? element('status'), 'node_state')
    .filter(({ attributes }) => booleanOf(attributes['remote_node'] ?? '') === true)
    .map(({ attributes }) => attributes['uname'] ?? attributes['id'] ?? '');
  const left = new Set(leftoverNodes(cib));
  return withoutConnection(cib, states).filter((name) => !left.has(name));
}

function withoutConnection(cib: Cib, names: readonly string[]): readonly string[] {
  const connected = new Set(
    [...connectedNames(cib), ...cib.clusterNodes.map(({ name }) => name)].map(nodeKey),
  );
  return [...new Set(names)]
    .filter(
      (name) => name !== '' && !connected.has(nodeKey(name)) && bundleOf(cib, name) === undefined,
    )
    .sort();
}

/** Location constraints that name a node which is neither in the cluster nor among `expected`; names know no case. */
export function danglingConstraints(
  cib: Cib,
  expected: readonly string[],
): readonly DanglingConstraint[] {
  const known = new Set(
    [...cib.clusterNodes.map(({ name }) => name), ...connectedNames(cib), ...expected].map(nodeKey),
  );
  return cib.constraints
    .filter(({ kind }) => kind === 'rsc_location')
    .flatMap(({ id, element: constraint }) =>
      [...new Set(nodesNamed(constraint))]
        .filter((node) => !known.has(nodeKey(node)) && bundleOf(cib, node) === undefined)
        .map((node) => ({ id, node })),
    )
    .sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** That a node is another one than this is true of every node. */
const nodesNamed = (constraint: XmlElement): readonly string[] =>
  [...walk(constraint)].flatMap(({ name, attributes }) => {
    if (name === 'rsc_location') return attributes['node'] ?? [];
    const { attribute, operation, value } = attributes;
    return name === 'expression' && attribute === '#uname' && operation === 'eq'
      ? (value ?? [])
      : [];
  });
