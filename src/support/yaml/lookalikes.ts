/** What editors and web pages put in the place of a plain character, and what YAML and names take it for another one. */
const LOOKALIKES: readonly (readonly [RegExp, what: string, plain: string])[] = [
  [/\u00a0/, 'a no-break space', 'a plain space'],
  [/\u202f/, 'a narrow no-break space', 'a plain space'],
  [/[\u2000-\u200a\u205f\u3000]/, 'a wide or narrow space', 'a plain space'],
  [/[\u200b\u2060\ufeff]/, 'a zero-width space', 'nothing'],
  [/\u2013/, 'an en dash', '`-`'],
  [/\u2014/, 'an em dash', '`-`'],
  [/[\u2010\u2011\u2012\u2212]/, 'a hyphen or minus that is not `-`', '`-`'],
  [/[\u2018\u2019\u201a\u201b]/, 'a typographic quote', "`'`"],
  [/[\u201c-\u201f]/, 'a typographic quote', '`"`'],
  [/\uff1a/, 'a fullwidth colon', '`:`'],
];

/** A character that was taken for another. */
export interface Lookalike {
  readonly index: number;
  /** Like `an en dash (U+2013)`. */
  readonly what: string;
  /** What to write instead. */
  readonly plain: string;
}

/** The first character of a text that looks like another one. */
export function lookalikeIn(text: string): Lookalike | undefined {
  const found = LOOKALIKES.flatMap(([pattern, what, plain]) => {
    const index = text.search(pattern);
    return index < 0 ? [] : [{ index, what: `${what} (${codeOf(text, index)})`, plain }];
  });
  return found.toSorted((a, b) => a.index - b.index)[0];
}

const codeOf = (text: string, index: number): string =>
  `U+${(text.codePointAt(index) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
