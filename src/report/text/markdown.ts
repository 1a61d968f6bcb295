import { printable, shorten } from '../../support/text/printable.ts';

/** More backquotes than a text has in a row anywhere, and at least so many. */
const ticksFor = (text: string, least: number): string =>
  '`'.repeat(Math.max(least, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));

/**
 * A text as code within a line, cut at `limit` characters: nothing in it is markup, mentions somebody or refers to
 * something.
 */
export function codeSpan(text: string, limit: number): string {
  const inside = shorten(printable(text), limit).trim() || ' ';
  const ticks = ticksFor(inside, 1);
  // A blank at both ends is not part of the code; without it, backquotes at an end would join those around it.
  const room = inside.startsWith('`') || inside.endsWith('`') ? ' ' : '';
  return `${ticks}${room}${inside}${room}${ticks}`;
}

/** Lines as a block of code that none of them can end. */
export function codeBlock(lines: readonly string[]): readonly string[] {
  const fence = ticksFor(lines.join('\n'), 3);
  return [`${fence}text`, ...lines, fence];
}

/** What is unfolded by a click; `summary` is ours. */
export const details = (summary: string, lines: readonly string[]): readonly string[] => [
  '<details>',
  `<summary>${summary}</summary>`,
  '',
  ...lines,
  '',
  '</details>',
];
