import type { AttributeChange } from '../../model/item.ts';
import type { Change, PlannedPlay } from '../../model/plan.ts';
import { printable } from '../../support/text/printable.ts';
import { foldChanges, type ChangeBlock } from '../text/change-blocks.ts';
import { foldNames } from '../../support/text/fold-names.ts';
import { alignColumns, widthOf, WIDTH, wrapText, type Cell } from '../text/layout.ts';
import type { Style } from '../text/style.ts';
import { beforeText, valueText } from '../text/value-text.ts';

/** Width of `  + connection-resource  `, the column before the attributes. */
const ITEM_COLUMN = 27;

/** The changes of a play: below each host (or hosts with the same changes) what becomes of it. */
export const playLines = ({ name, changes }: PlannedPlay, style: Style): readonly string[] => [
  style.heading(printable(name)),
  ...foldChanges(changes).flatMap((block) => blockLines(block, style)),
];

function blockLines({ hosts, changes }: ChangeBlock, style: Style): readonly string[] {
  return [
    ...wrapText(foldNames(hosts), 2),
    ...changes.flatMap((change) =>
      (change.isConsequence ? consequenceLines : changeLines)(change, style),
    ),
  ];
}

function changeLines(change: Change, style: Style): readonly string[] {
  const { attributes, restart } = change;
  const rows = alignColumns(
    attributes.map((attribute) => attributeCells(attribute, style)),
    0,
  );
  const lines = attributes.flatMap((attribute, index) =>
    withReason(rows[index] ?? '', plainWidth(attributes, attribute), attribute.reason, style),
  );
  if (restart !== 'none') lines.push(style.attention(restartWords[restart]));
  return labelled(change, lines, style);
}

/** A consequence is shown by what is done and why: its attributes add nothing to that. */
function consequenceLines(change: Change, style: Style): readonly string[] {
  const reasons = change.attributes.flatMap(({ reason }) =>
    reason === undefined ? [] : [printable(reason)],
  );
  const why = reasons.length === 0 ? 'of the changes above' : reasons.join('; ');
  const what = change.restart === 'none' ? 'follows' : restartWords[change.restart];
  const text = `${what}: ${why}`;
  const lines = wrapText(text, ITEM_COLUMN).map((line) => style.attention(line.trimStart()));
  return labelled(change, lines, style);
}

const restartWords = {
  restart: 'restart',
  'quiet-restart': 'restart without disruption',
  'maintenance-mode-restart': 'restart in maintenance mode, one cluster node at a time',
  'node-by-node-restart': 'restart in standby, one cluster node at a time',
} as const;

const MARKS: Readonly<Record<Change['action'], (style: Style) => string>> = {
  create: (style) => style.good('+'),
  update: (style) => style.attention('~'),
  remove: (style) => style.bad('-'),
};

/** Puts mark and item before the first line and aligns the others below it. */
function labelled(
  { item, action }: Change,
  lines: readonly string[],
  style: Style,
): readonly string[] {
  const mark = MARKS[action](style);
  const [first = '', ...others] = lines;
  return [
    `    ${mark} ${`${item} `.padEnd(ITEM_COLUMN - 6)}${first}`.trimEnd(),
    ...others.map((line) => `${' '.repeat(ITEM_COLUMN)}${line}`),
  ];
}

function attributeCells({ name, before, after }: AttributeChange, style: Style): readonly Cell[] {
  const [from, to] = [beforeText({ name, before }), valueText(after)];
  return [
    printable(name),
    { text: `${from} -> ${to}`, paint: () => `${style.faint(`${from} ->`)} ${to}` },
  ];
}

/** The width of an attribute's line without colours, once its column is aligned with the others. */
function plainWidth(
  all: readonly AttributeChange[],
  { name, before, after }: AttributeChange,
): number {
  const column = Math.max(...all.map(({ name }) => widthOf(printable(name))));
  return column + 2 + widthOf(`${beforeText({ name, before })} -> ${valueText(after)}`);
}

/** The reason stands behind the change where there is room, otherwise below it. */
function withReason(
  line: string,
  width: number,
  reason: string | undefined,
  style: Style,
): string[] {
  if (reason === undefined) return [line];
  const text = `(${printable(reason)})`;
  if (ITEM_COLUMN + width + 2 + widthOf(text) <= WIDTH) return [`${line}  ${style.faint(text)}`];
  const below = wrapText(text, ITEM_COLUMN + 2, ITEM_COLUMN + 3);
  return [line, ...below.map((part) => style.faint(part.slice(ITEM_COLUMN)))];
}
