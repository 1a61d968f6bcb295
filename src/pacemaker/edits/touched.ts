import type { Cib } from '../cib/cib.ts';
import type { CibOperation } from './operations.ts';
import { at, walk, type XmlElement } from '../basics/xml.ts';

/** One object of the CIB by itself: `<primitive> r1`. */
export interface CibObject {
  readonly name: string;
  /** Undefined: the CIB has none. */
  readonly element: XmlElement | undefined;
}

/** What holds resources that are objects of their own; of their neighbours nothing is touched. */
const HOLDERS: readonly string[] = ['group', 'clone', 'master'];
const HELD: readonly string[] = ['group', 'primitive', 'bundle'];

const nameOf = ({ name, attributes }: XmlElement): string => `<${name}> ${attributes['id'] ?? ''}`;

const objectsBelow = (owner: XmlElement): readonly XmlElement[] => {
  const held = owner.children.filter(({ name }) => HELD.includes(name));
  return HOLDERS.includes(owner.name) && held.length > 0 ? held.flatMap(objectsBelow) : [owner];
};

/** The objects of a CIB, or of a fragment of one. */
const objectsIn = (root: XmlElement): readonly XmlElement[] =>
  [...(at(root, 'configuration')?.children ?? []), ...root.children]
    .filter(({ name }) => name !== 'configuration')
    .flatMap((section) => section.children.flatMap(objectsBelow));

/** The status of a node changes with everything that happens there: what counts is that there is one. */
const withoutStatus = (found: XmlElement): XmlElement =>
  found.name === 'node_state' ? { ...found, attributes: {}, children: [] } : found;

/** What these edits touch, as it is in the CIB before them, sorted by name. */
export function touchedObjects(
  cib: Cib,
  operations: readonly CibOperation[],
): readonly CibObject[] {
  const present = new Map(objectsIn(cib.root).map((found) => [nameOf(found), found]));
  const holders = new Map<string, string>();
  for (const [name, found] of present)
    for (const inner of walk(found)) holders.set(nameOf(inner), name);
  const touched = operations.flatMap((operation): readonly string[] => {
    switch (operation.kind) {
      case 'merge':
        return objectsIn(operation.fragment).map(nameOf);
      case 'extend':
        return [`<primitive> ${operation.where.id}`];
      case 'delete':
        return operation.targets.map(({ element, id, within }) => {
          const name = `<${within?.element ?? element}> ${within?.id ?? id}`;
          return holders.get(name) ?? name;
        });
    }
  });
  return [...new Set(touched)].sort().map((name) => {
    const found = present.get(name);
    return { name, element: found && withoutStatus(found) };
  });
}
