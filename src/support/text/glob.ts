/**
 * Whether `text` as a whole fits a pattern: `*` is anything, `?` one character. Takes at most as many steps as the
 * lengths of both multiplied; a regular expression with many `*` may take years.
 */
export function fitsGlob(pattern: string, text: string): boolean {
  let [at, from] = [0, 0];
  /** Where to go on when what follows the last `*` does not fit: that one takes one character more. */
  let [star, taken] = [-1, 0];
  while (from < text.length) {
    const desired = pattern[at];
    if (desired === '*') {
      [star, taken] = [at, from];
      at += 1;
    } else if (desired !== undefined && (desired === '?' || desired === text[from])) {
      at += 1;
      from += 1;
    } else if (star >= 0) {
      taken += 1;
      at = star + 1;
      from = taken;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(at));
}
