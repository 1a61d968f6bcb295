import { maintenanceMode, type Cib } from '../cib/cib.ts';
import { deletion, merge, type CibOperation } from '../edits/operations.ts';
import { nvpair } from '../edits/connection-element.ts';
import { booleanOf } from '../basics/durations.ts';
import { QUIET_PREFIX } from '../basics/names.ts';
import { element, type XmlElement } from '../basics/xml.ts';

const OPTION = 'maintenance-mode';
const MARK = `${QUIET_PREFIX}cluster`;
const WAS = `${MARK}-was`;

/** Not the `true` of operators and their tools: so maintenance mode that someone else enables meanwhile can be recognized. */
const OURS = 'yes';

/** It counts before any other block, whatever its score (3.0.0 lib/pengine/unpack.c, unpack_config). */
const FIRST = 'cib-bootstrap-options';

const propertySet = (id: string, pairs: readonly XmlElement[]): XmlElement =>
  element('cluster_property_set', { id }, pairs);

const mark = (pairs: readonly XmlElement[]): XmlElement =>
  element('cluster_property_set', { id: MARK, score: 'INFINITY' }, [
    nvpair(`${MARK}-${OPTION}`, OPTION, OURS),
    ...pairs,
  ]);

/** The option where it counts before our block. */
function written(cib: Cib): { readonly value: string; readonly nvpairId: string } | undefined {
  const { blockId, nvpairId, value = '' } = cib.properties.get(OPTION) ?? {};
  return blockId === FIRST && nvpairId !== undefined ? { value, nvpairId } : undefined;
}

/** Whether outrigger has put the cluster into maintenance mode, also in an interrupted run. */
export const isHeldInMaintenance = (cib: Cib): boolean => cib.ids.has(MARK);

/**
 * Puts the whole cluster into maintenance mode, so that it leaves every resource alone. A block of our own does it; where
 * the operator has written the option into the block that counts before any other, that value is changed, and what it
 * was stands in ours: also where somebody ended maintenance mode by hand while ours was meant to last, or after an
 * interrupted run (pcs writes into that block, crm_attribute into ours).
 */
export function beginMaintenance(cib: Cib): readonly CibOperation[] {
  const set = written(cib);
  if (set === undefined || booleanOf(set.value) === true)
    return isHeldInMaintenance(cib) && maintenanceMode(cib)
      ? []
      : merge({ crm_config: [mark([])] });
  return merge({
    crm_config: [
      mark([nvpair(WAS, 'outrigger-was', set.value)]),
      propertySet(FIRST, [nvpair(set.nvpairId, OPTION, OURS)]),
    ],
  });
}

/** Returns the resources to the management of the cluster: maintenance mode is as it was, or as an operator has set it since. */
export function endMaintenance(cib: Cib): readonly CibOperation[] {
  if (!isHeldInMaintenance(cib)) return [];
  return [...restored(cib), ...deletion([{ element: 'cluster_property_set', id: MARK }])];
}

function restored(cib: Cib): readonly CibOperation[] {
  const set = written(cib);
  const valueOf = (id: string): string => cib.ids.get(id)?.attributes['value'] ?? '';
  const inOurBlock = valueOf(`${MARK}-${OPTION}`);
  if (booleanOf(inOurBlock) === true && inOurBlock !== OURS)
    return write(set?.nvpairId ?? freeId(cib), inOurBlock);
  return cib.ids.has(WAS) && set?.value === OURS ? write(set.nvpairId, valueOf(WAS)) : [];
}

const write = (nvpairId: string, value: string): readonly CibOperation[] =>
  merge({ crm_config: [propertySet(FIRST, [nvpair(nvpairId, OPTION, value)])] });

function freeId({ ids }: Cib): string {
  const usual = `${FIRST}-${OPTION}`;
  return ids.has(usual) ? `${usual}-kept` : usual;
}
