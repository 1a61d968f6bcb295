import { newAttribute } from '../model/renamed-codes.ts';
import { errorAt, warningAt, type Finding } from '../support/yaml/diagnostic.ts';
import { childPointer } from '../support/yaml/json-pointer.ts';
import type { Sound } from '../support/yaml/sound.ts';
import { MAX_NODES } from './resolve-inventory.ts';
import { expandTogether } from '../support/values/ranges.ts';
import type { DriftIgnore, Inventory } from './schema-types.ts';
import { fitsPattern } from './select.ts';

/** What is told of nodes that the inventory does not name, or of the cluster. */
const OF_OTHERS: readonly DriftIgnore['item'][] = [
  'node-record',
  'constraint',
  'certificate-expiry',
  'membership',
  'orphan',
];

/** What is wrong with what drift shall ignore although it has the right shape. */
export const checkDrift = ({ drift }: Sound<Inventory>, names: readonly string[]): Finding[] =>
  (drift?.ignore ?? []).flatMap((entry, index) => {
    const pointer = childPointer('/drift/ignore', index);
    return [
      ...checkHost(entry ?? {}, pointer, names),
      ...checkAttribute(entry ?? {}, pointer),
      ...checkUntil(entry ?? {}, pointer),
    ];
  });

function checkHost(
  { host, item }: Sound<DriftIgnore>,
  pointer: string,
  names: readonly string[],
): Finding[] {
  if (host === undefined) return [];
  const path = childPointer(pointer, 'host');
  const expanded = expandTogether({ host }, MAX_NODES);
  if ('fault' in expanded) return [errorAt(path, 'wrong-range', expanded.fault.message)];
  if (item === undefined || OF_OTHERS.includes(item)) return [];
  return names.some((name) => fitsPattern(host, name))
    ? []
    : [warningAt(path, 'no-effect', `\`${host}\` is not a host of this inventory`)];
}

/** An entry with a former name would ignore nothing. */
function checkAttribute({ attribute }: Sound<DriftIgnore>, pointer: string): Finding[] {
  const name = attribute === undefined ? undefined : newAttribute(attribute);
  if (name === undefined) return [];
  const message = `the attribute \`${attribute ?? ''}\` was renamed to \`${name}\``;
  return [errorAt(childPointer(pointer, 'attribute'), 'renamed', message)];
}

/** 2026-02-30 has the right shape, and is no day. */
function checkUntil({ until }: Sound<DriftIgnore>, pointer: string): Finding[] {
  if (until === undefined) return [];
  const time = Date.parse(`${until}T00:00:00Z`);
  const isDay = !Number.isNaN(time) && new Date(time).toISOString().startsWith(until);
  if (isDay) return [];
  const path = childPointer(pointer, 'until');
  return [
    errorAt(path, 'wrong-value', `\`${until}\` is not a date`, {
      expected: 'a date such as 2026-12-31',
    }),
  ];
}
