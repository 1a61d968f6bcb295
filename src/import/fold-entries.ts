import { isNextName } from '../support/text/fold-names.ts';
import type { DraftEntry } from './draft.ts';

/** What of an entry advances together in a range. */
const ADVANCING: readonly string[] = ['name', 'address', 'resource'];

/** Neighbours that differ by one step of their names and addresses alone become one entry: `r[1-3]` at `10.77.1.[1-3]`. */
export function foldEntries<Entry extends object>(
  entries: readonly DraftEntry<Entry>[],
): readonly DraftEntry<Entry>[] {
  const folded: DraftEntry<Entry>[] = [];
  let run: Entry[] = [];
  const close = (): void => {
    const [first] = run;
    if (first !== undefined) folded.push({ entry: rangeOf(first, run.at(-1) ?? first), notes: [] });
    run = [];
  };
  for (const one of entries) {
    const isPlain = one.notes.length === 0;
    if (!isPlain || !goesOn(run, one.entry)) close();
    if (isPlain) run.push(one.entry);
    else folded.push(one);
  }
  close();
  return folded;
}

const textsOf = (entry: object): readonly (readonly [string, string])[] =>
  Object.entries(entry).flatMap(([key, value]) =>
    ADVANCING.includes(key) ? [[key, String(value)] as const] : [],
  );

const restOf = (entry: object): string =>
  JSON.stringify(Object.entries(entry).filter(([key]) => !ADVANCING.includes(key)));

/** Whether an entry is the next step of a run: each text one step on, in the same of its numbers as before. */
function goesOn(run: readonly object[], entry: object): boolean {
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return true;
  if (restOf(first) !== restOf(entry)) return false;
  const texts = textsOf(entry);
  return [first, last].every((before, index) => {
    const earlier = new Map(textsOf(before));
    return (
      earlier.size === texts.length &&
      texts.every(([key, text]) => {
        const from = earlier.get(key) ?? '';
        return index === 0 ? numberThatDiffers(from, text) !== undefined : isNextName(from, text);
      })
    );
  });
}

const wordsOf = (text: string): readonly string[] => text.split(/(\d+)/);

/** Which of the numbers in two texts is the only thing in which they differ. */
function numberThatDiffers(one: string, other: string): number | undefined {
  const [left, right] = [wordsOf(one), wordsOf(other)];
  const different = left.flatMap((word, index) => (word === right[index] ? [] : [index]));
  const [index] = different;
  const isOne = left.length === right.length && different.length === 1;
  return isOne && index !== undefined && index % 2 === 1 ? index : undefined;
}

function rangeOf<Entry extends object>(first: Entry, last: Entry): Entry {
  if (first === last) return first;
  const ends = new Map(textsOf(last));
  const ranges = textsOf(first).map(([key, text]) => {
    const to = wordsOf(ends.get(key) ?? '');
    const at = numberThatDiffers(text, to.join(''));
    const words = wordsOf(text).map((word, index) =>
      index === at ? `[${word}-${to[index] ?? ''}]` : word,
    );
    return [key, words.join('')];
  });
  return { ...first, ...(Object.fromEntries(ranges) as Partial<Entry>) };
}
