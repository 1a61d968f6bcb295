import { OutriggerError } from '../../support/errors.ts';
import { walk, type XmlElement } from '../basics/xml.ts';

/** A thousand primitives with a template of a thousand elements; read in two seconds. */
const MOST_REFERRED = 1_000_000;

/**
 * Throws REPLY_INVALID where what is written once counts, through `template` and `id-ref`, more often than any cluster needs: as
 * with entities a small document becomes large, and ten thousand references to ten thousand settings take minutes to follow.
 */
export function refuseManyReferences(
  configuration: XmlElement,
  byId: ReadonlyMap<string, XmlElement>,
): void {
  const sizes = new Map<XmlElement, number>();
  const own = (found: XmlElement | undefined): number =>
    found === undefined ? 0 : remembered(sizes, found, sizeOf);
  const whole = new Map<XmlElement, number>();
  const withShared = (found: XmlElement): number =>
    own(found) + [...walk(found)].reduce((sum, inner) => sum + own(sharedBy(inner, byId)), 0);
  let referred = 0;
  for (const one of walk(configuration)) {
    const template = byId.get(one.attributes['template'] ?? '');
    referred += own(sharedBy(one, byId));
    referred += template === undefined ? 0 : remembered(whole, template, withShared);
    if (referred > MOST_REFERRED)
      throw new OutriggerError(
        'REPLY_INVALID',
        `the CIB refers to more than ${MOST_REFERRED} elements by \`template\` and \`id-ref\``,
      );
  }
}

const sharedBy = (
  { attributes }: XmlElement,
  byId: ReadonlyMap<string, XmlElement>,
): XmlElement | undefined => byId.get(attributes['id-ref'] ?? '');

const sizeOf = (root: XmlElement): number => [...walk(root)].length;

function remembered(
  known: Map<XmlElement, number>,
  key: XmlElement,
  make: (key: XmlElement) => number,
): number {
  const value = known.get(key) ?? make(key);
  known.set(key, value);
  return value;
}
