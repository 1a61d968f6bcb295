import { maintenanceMode, type Cib } from './cib.ts';
import { deletion, merge, type CibOperation } from './cib-operations.ts';
import { nvpair } from './connection-element.ts';
import { booleanOf } from './durations.ts';
import { QUIET_PREFIX } from './names.ts';
import { element, type XmlElement } from './xml.ts';

const OPTION = 'maintenance-mode';
const MARK = `${QUIET_PREFIX}cluster`;
const WAS = `${MARK}-was`;

/** It counts before any other block, whatever its score (3.0.0 lib/pengine/unpack.c, unpack_config). */
const FIRST = 'cib-bootstrap-options';

const propertySet = (id: string, pairs: readonly XmlElement[]): XmlElement =>
  element('cluster_property_set', { id }, pairs);

const mark = (pairs: readonly XmlElement[]): XmlElement =>
  element('cluster_property_set', { id: MARK, score: 'INFINITY' }, [
    nvpair(`${MARK}-${OPTION}`, OPTION, 'true'),
    ...pairs,
  ]);

/** The option where it counts before our block. */
function written(cib: Cib): { readonly value: string; readonly nvpairId: string } | undefined {
  const { blockId, nvpairId, value = '' } = cib.properties.get(OPTION) ?? {};
  return blockId === FIRST && nvpairId !== undefined ? { value, nvpairId } : undefined;
}

/** Whether outrigger has detached the cluster from its resources, also in a run that died. */
export const isClusterDetached = (cib: Cib): boolean => cib.ids.has(MARK);

/**
 * Puts the whole cluster into maintenance mode, so that it leaves every resource alone. A block of our own does it; where
 * the operator has written the option into the block that counts before any other, that value is changed, and what it
 * was stands in ours: also where somebody ended maintenance mode by hand while ours was meant to last, or after a run that
 * died (pcs writes into that block, crm_attribute into ours).
 */
export function detachCluster(cib: Cib): readonly CibOperation[] {
  const set = written(cib);
  if (set === undefined || booleanOf(set.value) === true)
    return isClusterDetached(cib) && maintenanceMode(cib) ? [] : merge({ crm_config: [mark([])] });
  return merge({
    crm_config: [
      mark([nvpair(WAS, 'outrigger-was', set.value)]),
      propertySet(FIRST, [nvpair(set.nvpairId, OPTION, 'true')]),
    ],
  });
}

/** Gives the resources back to the cluster: maintenance mode is as it was, an operator's own included. */
export function attachCluster(cib: Cib): readonly CibOperation[] {
  if (!isClusterDetached(cib)) return [];
  const was = cib.ids.get(WAS)?.attributes['value'];
  const set = written(cib);
  const restored =
    was === undefined || set === undefined
      ? []
      : merge({ crm_config: [propertySet(FIRST, [nvpair(set.nvpairId, OPTION, was)])] });
  return [...restored, ...deletion([{ element: 'cluster_property_set', id: MARK }])];
}
