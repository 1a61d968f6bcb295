import { withoutExtensions } from './extend.ts';
import { deletion, deleteXPath, type CibOperation, type Target } from './operations.ts';
import { element, type XmlElement } from '../basics/xml.ts';

/** Many edits as one: what goes first, by XPath, and one fragment to merge in afterwards. */
export interface CombinedEdit {
  readonly deletes: readonly string[];
  readonly merge: XmlElement | undefined;
}

/**
 * Joins the edits of any number of nodes into one: their deletions first, then one merge. Each edit must stay within
 * its own objects, so that the order between nodes does not matter.
 */
export function combine(operations: readonly CibOperation[]): CombinedEdit {
  const targets: Target[] = [];
  let merge: XmlElement | undefined;
  for (const operation of withoutExtensions(operations)) {
    if (operation.kind === 'delete') targets.push(...operation.targets);
    else merge = merge === undefined ? operation.fragment : union(merge, operation.fragment);
  }
  return { deletes: deletion(targets).map(deleteXPath), merge };
}

/** The sections of a CIB fragment; whatever has an id is an object of its own and is appended. */
const SECTIONS: readonly string[] = [
  'configuration',
  'nodes',
  'resources',
  'constraints',
  'rsc_defaults',
  'crm_config',
  'status',
];

/** Two fragments as one: what merging it makes is what merging them one after the other makes. */
export function union(one: XmlElement, other: XmlElement): XmlElement {
  const merged = [...one.children];
  for (const child of other.children) {
    const index = SECTIONS.includes(child.name)
      ? merged.findIndex(({ name }) => name === child.name)
      : -1;
    const same = merged[index];
    if (same === undefined) merged.push(child);
    else merged[index] = union(same, child);
  }
  return element(one.name, one.attributes, merged);
}
