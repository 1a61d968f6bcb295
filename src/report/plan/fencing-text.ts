import type { NodeFencing } from '../../model/plan.ts';
import { groupBy } from '../../support/text/group-by.ts';
import { printable } from '../../support/text/printable.ts';
import { compareNames, foldNames } from '../../support/text/fold-names.ts';
import { alignColumns, type Cell } from '../text/layout.ts';
import type { Style } from '../text/style.ts';

/** Which fence devices can fence which nodes, nodes with the same answer in one line. */
export const fencingLines = (fencing: readonly NodeFencing[], style: Style): readonly string[] =>
  alignColumns(
    [...groupBy(fencing, (entry) => JSON.stringify(answerOf(entry, style)))]
      .map(([, same]) => same)
      .sort(([a], [b]) => compareNames(a?.node ?? '', b?.node ?? ''))
      .map((same) => [
        foldNames(same.map(({ node }) => node)),
        ...same.slice(0, 1).map((entry) => answerOf(entry, style)),
      ]),
    2,
  );

function answerOf({ devices, extended }: NodeFencing, style: Style): Cell {
  const names = (devices ?? []).map(printable);
  if (extended !== undefined && !names.includes(extended))
    return [...names, `${printable(extended)}, after the change`].join(', ');
  if (devices === undefined) return { text: 'unknown', paint: style.attention };
  return names.length === 0 ? { text: 'none', paint: style.bad } : names.join(', ');
}
