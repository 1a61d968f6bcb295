import { OutriggerError } from '../../support/errors.ts';
import { printable } from '../../support/text/printable.ts';
import { managedResourceOf, connectedNames, type Cib } from '../cib/cib.ts';
import { checkedId, deletion, merge, type CibOperation } from '../edits/operations.ts';
import { isPinned } from './pin.ts';
import { placed } from '../edits/place.ts';
import { activeOn, type CrmMon } from '../status/crm-mon.ts';
import { nvpair } from '../edits/connection-element.ts';
import { QUIET_PREFIX } from '../basics/names.ts';
import { element, type XmlElement } from '../basics/xml.ts';
import { oncePer } from '../../support/values/once-per.ts';

/**
 * A block of its own whose score puts it before any setting of the operator's, so that nothing of theirs is touched and
 * its deletion restores what was. It wins over `is-managed="true"` on the primitive, its group, its clone and its
 * template, and over another block of score INFINITY that was there before (crm_mon of 2.1.5, 3.0.0, 3.0.3).
 */
export const markBlock = (id: string, values: Readonly<Record<string, string>>): XmlElement =>
  element(
    'meta_attributes',
    { id: checkedId(id), score: 'INFINITY' },
    Object.entries(values).map(([name, value]) => nvpair(`${id}-${name}`, name, value)),
  );

/** The VM of a guest node is in maintenance as well, so that its connection can be released before it is. */
function quietBlock({ guestNodes }: Cib, resource: string): XmlElement {
  const isVm = guestNodes.some((guest) => guest.resource === resource);
  return markBlock(`${QUIET_PREFIX}${resource}`, {
    'is-managed': 'false',
    ...(isVm ? { maintenance: 'true' } : {}),
  });
}

function quietElement(cib: Cib, id: string): XmlElement {
  const primitive = cib.primitives.get(id);
  if (primitive !== undefined) return placed(primitive, [quietBlock(cib, id)]);
  if (cib.bundles.includes(id))
    return element('bundle', { id: checkedId(id) }, [quietBlock(cib, id)]);
  throw new OutriggerError(
    'REFUSED',
    `${printable(id)} cannot be protected: it is not in the CIB`,
    {
      hint: 'a deleted resource is still running (an orphan in crm_mon): have the cluster stop it (stop-orphan-resources), then apply again',
    },
  );
}

/**
 * Makes the cluster keep its hands off these resources (connections and whatever is active on their nodes), each a
 * primitive or a bundle. In a clone or group the primitive is what counts: all its instances become unmanaged, its
 * neighbours do not.
 */
export const protect = (cib: Cib, resources: readonly string[]): readonly CibOperation[] =>
  merge({ resources: resources.map((id) => quietElement(cib, id)) });

/** Returns these resources back to the cluster. Nothing happens to one that was not protected. */
export const unprotect = (resources: readonly string[]): readonly CibOperation[] =>
  deletion(resources.map((id) => ({ element: 'meta_attributes', id: `${QUIET_PREFIX}${id}` })));

/** The resources that are protected now, also by an interrupted run. */
export const quietlyProtected = oncePer((cib: Cib): readonly string[] =>
  [...cib.ids]
    .filter(([id, { name }]) => name === 'meta_attributes' && id.startsWith(QUIET_PREFIX))
    .map(([id]) => id.slice(QUIET_PREFIX.length)),
);

/** Whether a quiet restart of this node's daemon is under way, or was when the run was interrupted. */
export const isQuiet = (cib: Cib, name: string): boolean =>
  isPinned(cib, name) || cib.ids.has(`${QUIET_PREFIX}${managedResourceOf(cib, name)}`);

const isAnyQuiet = oncePer((cib: Cib): boolean =>
  connectedNames(cib).some((name) => isQuiet(cib, name)),
);

/**
 * Whether it is for this node that a quiet restart has to be finished. What is active on it may carry a mark for the
 * sake of another node, an instance of a clone does; that counts only when no connection is left to account for it.
 */
export function isQuietUnfinished(cib: Cib, mon: CrmMon, name: string): boolean {
  if (isQuiet(cib, name)) return true;
  if (quietlyProtected(cib).length === 0 || isAnyQuiet(cib)) return false;
  const active = activeOn(mon, name);
  return quietlyProtected(cib).some((id) => active.includes(id));
}
