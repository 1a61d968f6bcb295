import { printable, shorten } from './printable.ts';

/** As many digits as the ranges of an inventory may have, and as surely stay an exact number. */
const MAX_DIGITS = 9;

/** Longer than any name or address; each number in a name costs a copy of it. */
const MAX_LENGTH = 300;

/** A name cut at one of its numbers. */
interface Cut {
  readonly head: string;
  readonly digits: string;
  readonly tail: string;
}

/** Names that differ in one number only, by one step each. */
interface Run {
  readonly first: Cut;
  last: Cut;
}

/**
 * Names in natural order, neighbours drawn together as an inventory writes them: `c9, compute[1-3]`. Zeros in front are
 * kept (`compute[001-480]`), names given twice count once, and the result is safe for a terminal.
 */
export function foldNames(names: Iterable<string>): string {
  const sorted = [...new Set(names)].sort(compareNames);
  const frequency = new Map<string, number>();
  for (const name of sorted) {
    for (const cut of cutsOf(name)) {
      const key = templateOf(cut);
      frequency.set(key, (frequency.get(key) ?? 0) + 1);
    }
  }
  const open = new Map<string, Run>();
  const terms: (string | Run)[] = [];
  for (const name of sorted) {
    const cut = mostCommon(cutsOf(name), frequency);
    const run = cut && runBefore(open, cut);
    if (cut === undefined) terms.push(name);
    else if (run !== undefined) run.last = cut;
    else terms.push(opened(open, cut));
  }
  return terms
    .map((term) => printable(typeof term === 'string' ? shorten(term, MAX_LENGTH) : termOf(term)))
    .join(', ');
}

/** The run that a name goes on with; one with zeros in front and one without may stand beside each other. */
const runBefore = (open: ReadonlyMap<string, Run>, cut: Cut): Run | undefined =>
  [runKey(cut, cut.digits.length), runKey(cut, 0)]
    .map((key) => open.get(key))
    .find((run) => run !== undefined && isNextNumber(run.last.digits, cut.digits));

function opened(open: Map<string, Run>, cut: Cut): Run {
  const run = { first: cut, last: cut };
  open.set(runKey(cut, isPadded(cut.digits) ? cut.digits.length : 0), run);
  return run;
}

/** `width` is 0 for numbers without zeros in front. */
const runKey = (cut: Cut, width: number): string => `${width} ${templateOf(cut)}`;

/** Of the numbers in a name the one in which most other names differ from it; the last one among equals. */
function mostCommon(cuts: readonly Cut[], frequency: ReadonlyMap<string, number>): Cut | undefined {
  let best: Cut | undefined;
  let most = 0;
  for (const cut of cuts) {
    const count = frequency.get(templateOf(cut)) ?? 0;
    if (count >= most) [best, most] = [cut, count];
  }
  return best;
}

/** Only names that stay unambiguous in a folded list are cut, and no longer ones than a name can be: others stand for themselves. */
const cutsOf = (name: string): readonly Cut[] =>
  name.length > MAX_LENGTH || /[[\],\s]/.test(name)
    ? []
    : [...name.matchAll(/\d+/g)]
        .filter(([digits]) => digits.length <= MAX_DIGITS)
        .map(({ 0: digits, index }) => ({
          head: name.slice(0, index),
          digits,
          tail: name.slice(index + digits.length),
        }));

const templateOf = ({ head, tail }: Cut): string => `${head}[]${tail}`;

const termOf = ({ first, last }: Run): string => {
  const number = first === last ? first.digits : `[${first.digits}-${last.digits}]`;
  return `${first.head}${number}${first.tail}`;
};

/** Whether a range that has reached `before` goes on with `after`: one more, and zeros in front as before. */
function isNextNumber(before: string, after: string): boolean {
  if (Number(after) !== Number(before) + 1) return false;
  if (isPadded(before) || isPadded(after)) return before.length === after.length;
  return true;
}

const isPadded = (digits: string): boolean => digits.length > 1 && digits.startsWith('0');

/** Natural order: numbers in names by their value (`node2` before `node10`), everything else by its characters. */
export function compareNames(one: string, other: string): number {
  const [left, right] = [tokensOf(one), tokensOf(other)];
  for (const [index, token] of left.entries()) {
    const counterpart = right[index];
    if (counterpart === undefined) return 1;
    const order = compareTokens(token, counterpart);
    if (order !== 0) return order;
  }
  return left.length - right.length || compareTexts(one, other);
}

/** Whether `after` is `before` with exactly one of its numbers one higher. */
export function isNextName(before: string, after: string): boolean {
  const [left, right] = [tokensOf(before), tokensOf(after)];
  const different = left.flatMap((token, index) => (token === right[index] ? [] : [index]));
  const [index] = different;
  if (left.length !== right.length || index === undefined || different.length > 1) return false;
  const [from = '', to = ''] = [left[index], right[index]];
  return isNumber(from) && isNumber(to) && to.length <= MAX_DIGITS && isNextNumber(from, to);
}

const tokensOf = (name: string): readonly string[] => name.match(/\d+|\D+/g) ?? [];

const isNumber = (token: string): boolean => /^\d/.test(token);

function compareTokens(one: string, other: string): number {
  if (!isNumber(one) || !isNumber(other)) return compareTexts(one, other);
  const [left, right] = [one.replace(/^0+/, ''), other.replace(/^0+/, '')];
  return left.length - right.length || compareTexts(left, right);
}

const compareTexts = (one: string, other: string): number =>
  one < other ? -1 : Number(one > other);
