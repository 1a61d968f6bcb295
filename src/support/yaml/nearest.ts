/** The word without what people get wrong about it: case, `_` and `-`. */
const plain = (word: string): string => word.toLowerCase().replace(/[-_ ]/g, '');

/** The Levenshtein distance: how many letters to insert, delete or replace to turn one word into the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/** The known word that was probably meant, if one is near enough; of equally near ones the first. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const desired = plain(word);
  if (desired === '' || desired.length > 64) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(desired.length / 3)) + 1;
  for (const candidate of known) {
    const found = distance(desired, plain(candidate));
    if (found < bestDistance) [best, bestDistance] = [candidate, found];
  }
  return best;
}
