import {
  checkedId,
  merge,
  type CibOperation,
  type DeleteOperation,
  type ExtendOperation,
  type MergeOperation,
} from './operations.ts';
import { placed } from './place.ts';
import { nvpair } from './connection-element.ts';
import { element, type XmlElement } from '../basics/xml.ts';

/** The value once all of these entries stand behind what was there. */
const extended = (before: string, additions: readonly ExtendOperation[]): string =>
  additions.reduce(
    (value, { separator, entry }) =>
      `${value}${value === '' || value.endsWith(separator) ? '' : separator}${entry}`,
    before,
  );

function primitiveWith(additions: readonly ExtendOperation[]): readonly XmlElement[] {
  const [first] = additions;
  if (first === undefined) return [];
  const { where, blockId, nvpairId, name, before } = first;
  const pair = nvpair(checkedId(nvpairId), name, extended(before, additions));
  return [placed(where, [element('instance_attributes', { id: checkedId(blockId) }, [pair])])];
}

/**
 * Turns extensions into merges: what several nodes add to one value becomes one new value, where merges of their own
 * would each replace the one before.
 */
export function withoutExtensions(
  operations: readonly CibOperation[],
): readonly (MergeOperation | DeleteOperation)[] {
  const byPair = new Map<string, ExtendOperation[]>();
  const others: (MergeOperation | DeleteOperation)[] = [];
  for (const operation of operations) {
    if (operation.kind === 'extend')
      byPair.set(operation.nvpairId, [...(byPair.get(operation.nvpairId) ?? []), operation]);
    else others.push(operation);
  }
  // One merge each: a device whose list and whose map are extended stands in two of them.
  return [
    ...[...byPair.values()].flatMap((additions) => merge({ resources: primitiveWith(additions) })),
    ...others,
  ];
}
