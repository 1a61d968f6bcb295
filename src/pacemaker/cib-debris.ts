import { connectedNames, type Cib } from './cib.ts';
import { booleanOf } from './durations.ts';
import { at, children, element, walk, type XmlElement } from './xml.ts';

/** A location constraint that ties a resource to a node which the cluster does not have. */
export interface DanglingConstraint {
  readonly id: string;
  readonly node: string;
}

/** What Pacemaker calls the nodes of a bundle's replicas (3.0.0 lib/pengine/bundle.c, create_remote_resource). */
const bundleNode = ({ bundles }: Cib, name: string): boolean =>
  bundles.includes(name.replace(/-\d+$/, ''));

/**
 * Pacemaker Remote nodes of which only a `<node>` entry or a `<node_state>` is left: their connection was deleted without
 * `crm_node --remove`. Sorted.
 */
export function leftoverNodes(cib: Cib): readonly string[] {
  const entries = [...cib.nodeEntries.values()]
    .filter(({ type }) => type === 'remote')
    .map(({ name }) => name);
  const states = children(at(cib.root, 'status') ?? element('status'), 'node_state')
    .filter(({ attributes }) => booleanOf(attributes['remote_node'] ?? '') === true)
    .map(({ attributes }) => attributes['uname'] ?? attributes['id'] ?? '');
  const connected = new Set(connectedNames(cib));
  return [...new Set([...entries, ...states])]
    .filter((name) => name !== '' && !connected.has(name) && !bundleNode(cib, name))
    .sort();
}

/** Location constraints that name a node which is neither in the cluster nor among `expected`; names know no case. */
export function danglingConstraints(
  cib: Cib,
  expected: readonly string[],
): readonly DanglingConstraint[] {
  const known = new Set(
    [...cib.clusterNodes.map(({ name }) => name), ...connectedNames(cib), ...expected].map((name) =>
      name.toLowerCase(),
    ),
  );
  return cib.constraints
    .filter(({ kind }) => kind === 'rsc_location')
    .flatMap(({ id, element: constraint }) =>
      [...new Set(nodesNamed(constraint))]
        .filter((node) => !known.has(node.toLowerCase()) && !bundleNode(cib, node))
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
