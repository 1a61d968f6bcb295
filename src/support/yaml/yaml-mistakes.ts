import { lookalikeIn, type Lookalike } from './lookalikes.ts';
import { printable, shorten } from '../text/printable.ts';

/** What is wrong with a YAML text, and where; `expected` is what would have been right. */
export interface Mistake {
  readonly offset: number;
  readonly message: string;
  readonly expected?: string;
}

/** What a parser says where a bracket or a quote may be open since the lines above. */
const MAY_BE_OPEN =
  /deficient|unexpected end|missed comma|end of the stream|node content|multiline key|bad indentation/;

/**
 * What an operator probably did where a parser gave up: it says what it met, often lines below the mistake. Undefined: none of
 * the mistakes that are looked for here.
 */
export const mistakeAt = (text: string, offset: number, reason: string): Mistake | undefined =>
  templateAt(text, offset) ??
  rangeAt(text, offset) ??
  (MAY_BE_OPEN.test(reason) ? unclosedBefore(text, offset) : undefined) ??
  lookalikeAt(text, offset);

/** `{{ user }}` that is not in quotes, where a key or the rest of a line cannot be understood. */
export function templateAt(text: string, offset: number): Mistake | undefined {
  const [start, line] = lineAt(text, offset);
  const found = /\{\{[^}\n]*\}\}|\{%[^%\n]*%\}/.exec(line);
  if (found === null) return undefined;
  return {
    offset: start + found.index,
    message: `\`${shown(found[0])}\` is a template of another program: templates are not expanded here`,
    expected: 'the value itself',
  };
}

/** `{ name: r[1-3] }`: between brackets, `[` ends a word that is not in quotes. */
function rangeAt(text: string, offset: number): Mistake | undefined {
  const [start, line] = lineAt(text, offset);
  const at = offset - start;
  const before =
    /[^\s,:{}[\]'"]*(?:\[[^\s,{}[\]'"]*\][^\s,:{}[\]'"]*)*$/.exec(line.slice(0, at))?.[0] ?? '';
  const after = /^(?:\[[^\s,{}[\]'"]*\]|[^\s,{}[\]'"])+/.exec(line.slice(at))?.[0] ?? '';
  const word = `${before}${after}`;
  if (!/\[[^\]]*\]/.test(word)) return undefined;
  return {
    offset: offset - before.length,
    message: `\`${shown(word)}\` is not quoted, and an unquoted bracket starts a list`,
    expected: `'${shown(word)}'`,
  };
}

/** An unclosed bracket or quote, whose end the parser looked for as far as `offset`. */
function unclosedBefore(text: string, offset: number): Mistake | undefined {
  const open = firstUnclosed(text);
  if (open === undefined || open >= offset) return undefined;
  const sign = text[open] ?? '';
  const kind = sign === '[' || sign === '{' ? 'bracket' : 'quote';
  return {
    offset: open,
    message: `the ${kind} that opens here is not closed`,
    expected: `\`${CLOSING[sign] ?? sign}\` at its end`,
  };
}

const CLOSING: Readonly<Record<string, string>> = { '[': ']', '{': '}' };

/** Comments, texts in quotes, brackets, line ends and words, as far as they matter for where something is open. */
const TOKENS =
  /(?<=^|[\s,])#[^\n]*|(?<=^|[\s,:[{])'(?:[^'\n]|'')*('?)|(?<=^|[\s,:[{])"(?:[^"\\\n]|\\[^\n])*("?)|[[\]{}]|[^\s[\]{}]+/gm;

/** Where the first bracket or quote opens that is closed by none, or by another's; a quote is closed on its line. */
function firstUnclosed(text: string): number | undefined {
  const open: number[] = [];
  for (const { 0: token, 1: single, 2: double, index } of text.matchAll(TOKENS)) {
    if (single === '' || double === '') return index;
    if (token === '[' || token === '{') {
      if (open.length > 0 || /^\s?$/.test(text.charAt(index - 1))) open.push(index);
    } else if (token === ']' || token === '}') {
      const last = open.pop();
      if (last !== undefined && CLOSING[text.charAt(last)] !== token) return last;
    }
  }
  return open[0];
}

/** A character on the line, or on the one above it, that looks like one with a meaning; comments have none. */
function lookalikeAt(text: string, offset: number): Mistake | undefined {
  const [start, line] = lineAt(text, offset);
  const found = lookalikeIn(line.replace(/(^|\s)#.*/, ''));
  if (found !== undefined) return mistakenFor(start, found);
  const above = lineAt(text, start - 1);
  const before = start === 0 ? undefined : lookalikeIn(above[1].replace(/(^|\s)#.*/, ''));
  return before === undefined ? undefined : mistakenFor(above[0], before);
}

/** A plain text that would be a key, an entry or other words, were a character not another one than it looks like. */
export function lookalikeInPlain(text: string, start: number, isKey: boolean): Mistake | undefined {
  const found = lookalikeIn(text.slice(0, LONGEST));
  if (found === undefined) return undefined;
  const before = text.slice(0, found.index);
  const isProse = /^[\u2018-\u201f].*[^\u2018-\u201f]$/.test(text); // “This” is said to be so.
  const isMeant = isKey || (/^-?$|:$/.test(before) && !isProse);
  return isMeant ? mistakenFor(start, found) : undefined;
}

const mistakenFor = (start: number, { index, what, plain }: Lookalike): Mistake => ({
  offset: start + index,
  message: `here is ${what}, which YAML treats as a letter`,
  expected: plain,
});

/** More than any line that somebody has written. */
const LONGEST = 300;

/** The line around an offset, and where it begins; of an endless one the part around it. */
function lineAt(text: string, offset: number): readonly [start: number, line: string] {
  const from = Math.max(0, offset - LONGEST);
  const start = from + text.slice(from, offset).lastIndexOf('\n') + 1;
  const [line = ''] = text.slice(start, offset + LONGEST).split('\n', 1);
  return [start, line];
}

const shown = (text: string): string => shorten(printable(text), 80);
