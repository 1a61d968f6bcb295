import type { Paint } from './style.ts';

/** The number of columns that texts keep to where they can. */
export const WIDTH = 100;

/** A cell of a table; its colour is applied once the columns are aligned. */
export type Cell = string | { readonly text: string; readonly paint: Paint };

/** `1 host`, `2 hosts`, `2 entries` */
export const counted = (number: number, noun: string, plural = `${noun}s`): string =>
  `${number} ${number === 1 ? noun : plural}`;

/** The number of characters, which is the number of columns for all names that Pacemaker accepts. */
export const widthOf = (text: string): number => Array.from(text).length;

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);

/** Rows as lines: columns two blanks apart, aligned to the left, no blanks at the end. */
export function alignColumns(
  rows: readonly (readonly Cell[])[],
  indent: number,
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(textOf(cell)));
    }
  }
  return rows.map(
    (row) =>
      `${' '.repeat(indent)}${row.map((cell, column) => padded(cell, row, column, widths)).join('')}`,
  );
}

function padded(
  cell: Cell,
  row: readonly Cell[],
  column: number,
  widths: readonly number[],
): string {
  const text = textOf(cell);
  const painted = typeof cell === 'string' || text === '' ? text : cell.paint(text);
  const isLast = row.slice(column + 1).every((later) => textOf(later) === '');
  return isLast ? painted : `${painted}${' '.repeat((widths[column] ?? 0) - widthOf(text) + 2)}`;
}

/** A text broken at blanks so that its lines fit; the first is indented by `first`, the others by `hanging`. */
export function wrapText(text: string, first: number, hanging = first): readonly string[] {
  const lines: string[] = [];
  let line = ' '.repeat(first);
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && widthOf(line) + 1 + widthOf(word) > WIDTH) {
      lines.push(line);
      line = ' '.repeat(hanging);
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
