import type { Cib } from '../cib/cib.ts';
import { deletion, type CibOperation, type Target } from './operations.ts';
import { at, children, walk, type XmlElement } from '../basics/xml.ts';

const idOf = (owner: XmlElement): string => owner.attributes['id'] ?? '';

const targetOf = (owner: XmlElement): Target => ({ element: owner.name, id: idOf(owner) });

/**
 * References to the names within a set or tag; the whole of it where nothing else would be left in it, which the schema
 * does not allow.
 */
function referenceTargets(owner: XmlElement, names: ReadonlySet<string>): readonly Target[] {
  const gone = owner.children.filter((inner) => names.has(idOf(inner)));
  if (gone.length === owner.children.length) return [targetOf(owner)];
  return gone.map((inner) => ({ ...targetOf(inner), within: targetOf(owner) }));
}

const isEmptied = (set: XmlElement, names: ReadonlySet<string>): boolean =>
  set.children.every((inner) => names.has(idOf(inner)));

const CONSTRAINTS: readonly string[] = [
  'rsc_location',
  'rsc_colocation',
  'rsc_order',
  'rsc_ticket',
];

const RESOURCE_ATTRIBUTES = ['rsc', 'with-rsc', 'first', 'then'] as const;

function constraintTargets(constraint: XmlElement, names: ReadonlySet<string>): readonly Target[] {
  const direct = RESOURCE_ATTRIBUTES.some((name) => names.has(constraint.attributes[name] ?? ''));
  const sets = children(constraint, 'resource_set');
  if (direct || (sets.length > 0 && sets.every((set) => isEmptied(set, names)))) {
    return [targetOf(constraint)];
  }
  return sets.flatMap((set) => referenceTargets(set, names));
}

/**
 * What of an element refers to resources by id, and would make the CIB invalid without them: the whole of it where nothing
 * else would be left. Constraints, permissions and tags can.
 */
export function referencesTo(owner: XmlElement, resources: ReadonlySet<string>): readonly Target[] {
  if (owner.name === 'tag') return referenceTargets(owner, resources);
  if (owner.name === 'acl_permission')
    return resources.has(owner.attributes['reference'] ?? '') ? [targetOf(owner)] : [];
  return CONSTRAINTS.includes(owner.name) ? constraintTargets(owner, resources) : [];
}

/** The ids of all that refers to a connection resource, and cannot stay without it. */
export const referringTo = ({ ids }: Cib, connection: string): readonly string[] =>
  [...ids]
    .filter(([, owner]) => referencesTo(owner, new Set([connection])).length > 0)
    .map(([id]) => id);

/**
 * Deletes connection resources, what refers to them, and their node entries: one call for any number. Location
 * constraints that name the node stay, as with pcs 0.12. When fencing is enabled this alone would fence a node whose
 * start failed: unmanage and clean up the connection first, and forget the node (`crm_node -R`) only afterwards.
 */
export function removeConnections(cib: Cib, names: readonly string[]): readonly CibOperation[] {
  const connections = names.filter((name) => cib.remoteConnections.has(name));
  const gone = new Set(connections);
  const configuration = at(cib.root, 'configuration');
  return deletion([
    ...connections.map((id) => ({ element: 'primitive', id })),
    ...(configuration === undefined
      ? []
      : [...walk(configuration)].flatMap((owner) => referencesTo(owner, gone))),
    ...names.flatMap((name) => {
      const entry = cib.nodeEntries.get(name);
      return entry?.type === 'remote' ? [{ element: 'node', id: entry.id }] : [];
    }),
  ]);
}
