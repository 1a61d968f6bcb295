import type { Cib } from '../cib/cib.ts';
import { deletion, type CibOperation, type Target } from '../edits/operations.ts';
import { at, walk, type XmlElement } from '../basics/xml.ts';

/** A failure is kept as `fail-count-r1#start_0` and `last-failure-r1#start_0` (Pacemaker 1.1.17 and later). */
const KEPT_AS = /^(?:fail-count|last-failure)-(.+?)(?:#.*)?$/;

/**
 * What `crm_resource --cleanup` makes of the status section for these resources: history and failures are gone from every
 * node, so that the scheduler looks where each runs and tries it again. For simulations alone.
 */
export function forgetHistory(cib: Cib, resources: readonly string[]): readonly CibOperation[] {
  const status = at(cib.root, 'status');
  if (status === undefined || resources.length === 0) return [];
  const isOf = ({ name, attributes }: XmlElement): boolean => {
    if (name === 'lrm_resource') return resources.includes(attributes['id'] ?? '');
    const [, resource = ''] = KEPT_AS.exec(attributes['name'] ?? '') ?? [];
    return name === 'nvpair' && resources.includes(resource);
  };
  const targets = [...walk(status)]
    .filter(isOf)
    .map(({ name, attributes }): Target => ({ element: name, id: attributes['id'] ?? '' }));
  return deletion(targets);
}
