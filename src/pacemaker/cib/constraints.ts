import { children, walk, type XmlElement } from '../basics/xml.ts';

/** A constraint, and the resources and nodes it names. */
export interface Constraint {
  readonly id: string;
  /** `rsc_location`, `rsc_colocation`, `rsc_order` or `rsc_ticket`. */
  readonly kind: string;
  readonly resources: readonly string[];
  readonly nodes: readonly string[];
  readonly element: XmlElement;
}

const RESOURCE_ATTRIBUTES = ['rsc', 'with-rsc', 'first', 'then'] as const;

function constraintOf(element: XmlElement): Constraint {
  const resources = RESOURCE_ATTRIBUTES.flatMap((name) => element.attributes[name] ?? []);
  const nodes = [element.attributes['node'] ?? []].flat();
  for (const inner of walk(element)) {
    const { id, attribute, value } = inner.attributes;
    if (inner.name === 'resource_ref' && id !== undefined) resources.push(id);
    if (inner.name === 'expression' && attribute === '#uname' && value !== undefined)
      nodes.push(value);
  }
  return { id: element.attributes['id'] ?? '', kind: element.name, resources, nodes, element };
}

/** All constraints of a CIB, the ones that only its rules tie to a node included. */
export const constraintsIn = (section: XmlElement | undefined): readonly Constraint[] =>
  section === undefined
    ? []
    : children(section, 'rsc_location', 'rsc_colocation', 'rsc_order', 'rsc_ticket').map(
        constraintOf,
      );
