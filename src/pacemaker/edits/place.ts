import type { Enclosing } from '../cib/connections.ts';
import { checkedId } from './operations.ts';
import { element, type XmlElement } from '../basics/xml.ts';

/**
 * What to merge into a primitive that exists, with all that encloses it: cibadmin matches level by level from the top,
 * and would make a second primitive of the same id beside the group (exit 78, seen on 3.0.0).
 */
export const placed = (
  where: { readonly id: string; readonly enclosing: readonly Enclosing[] },
  inside: readonly XmlElement[],
): XmlElement =>
  where.enclosing.reduceRight(
    (inner, { name, id }) => element(name, { id: checkedId(id) }, [inner]),
    element('primitive', { id: checkedId(where.id) }, inside),
  );
