import { groupBy } from '../../support/text/group-by.ts';
import type { PlacedPrimitive } from '../cib/connections.ts';
import type { Cib } from '../cib/cib.ts';
import { deletion, merge, type CibOperation } from '../edits/operations.ts';
import { placed } from '../edits/place.ts';
import { nvpair } from '../edits/connection-element.ts';
import { withoutEntry } from '../basics/fence-lists.ts';
import { FENCE_PARAMETERS } from '../basics/names.ts';
import { writtenAt } from '../basics/nvpairs.ts';
import { element, type XmlElement } from '../basics/xml.ts';

/** An entry in a list of a fence device. */
export interface Withdrawal {
  readonly device: string;
  readonly parameter: string;
  readonly entry: string;
}

/**
 * Takes entries out of lists of fence devices again. A list that has nothing else goes as a whole, as it had come; one
 * that stands in several places, depends on a rule or is shared by now is left alone.
 */
export function withdraw(cib: Cib, entries: readonly Withdrawal[]): readonly CibOperation[] {
  const lists = groupBy(entries, ({ device, parameter }) => JSON.stringify([device, parameter]));
  return [...lists.values()].flatMap((all): readonly CibOperation[] => {
    const list = all[0] && listOf(cib, all[0]);
    if (list === undefined) return [];
    const left = all.reduce(
      (value, { entry, parameter }) =>
        withoutEntry(value, entry, parameter === FENCE_PARAMETERS.map ? 'map' : 'list'),
      list.value,
    );
    if (left === list.value) return [];
    return left === '' ? removal(cib, list) : merge({ resources: [shortened(list, left)] });
  });
}

/** Puts the entries of nodes back that were there before, and are no longer. */
export const restoreEntries = (
  { nodeEntries }: Cib,
  before: Pick<Cib, 'nodeEntries'>,
  names: readonly string[],
): readonly CibOperation[] =>
  merge({
    nodes: names
      .filter((name) => !nodeEntries.has(name))
      .flatMap((name) => before.nodeEntries.get(name)?.element ?? []),
  });

/** A list of a fence device, and where it is written. */
interface List {
  readonly primitive: PlacedPrimitive;
  readonly blockId: string;
  readonly nvpairId: string;
  readonly parameter: string;
  readonly value: string;
}

/** One place of the device's own, without a rule, is where a list can be read and shortened. */
function listOf({ primitives, ids }: Cib, { device, parameter }: Withdrawal): List | undefined {
  const primitive = primitives.get(device);
  if (primitive === undefined) return undefined;
  const [written, another] = writtenAt(primitive.element, 'instance_attributes', parameter, ids);
  if (written === undefined || another !== undefined) return undefined;
  const { blockId, nvpairId, value, inherited, hasRule } = written;
  if (inherited || hasRule || blockId === undefined || nvpairId === undefined) return undefined;
  return { primitive, blockId, nvpairId, parameter, value };
}

function removal({ ids }: Cib, { blockId, nvpairId }: List): readonly CibOperation[] {
  const isAlone = ids.get(blockId)?.children.length === 1;
  return deletion([
    isAlone ? { element: 'instance_attributes', id: blockId } : { element: 'nvpair', id: nvpairId },
  ]);
}

const shortened = ({ primitive, blockId, nvpairId, parameter }: List, value: string): XmlElement =>
  placed(primitive, [
    element('instance_attributes', { id: blockId }, [nvpair(nvpairId, parameter, value)]),
  ]);
