// Cc: control characters; Cf: bidirectional overrides and zero-width characters; Cs: halves of a surrogate pair; Zl, Zp:
// line and paragraph separators; and what Unicode has declared to be no character, which XML cannot carry either.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/gu;

/** More than any name, value or message that somebody means to read. */
const LONGEST = 2000;

/**
 * One line of text from outside (a host, a file) made safe for a terminal: each control character becomes `\u{..}`, and
 * what is longer than anybody reads is cut.
 */
export const printable = (text: string): string =>
  shorten(text, LONGEST).replace(
    UNPRINTABLE,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );

/** Whether a text holds nothing that a terminal would obey. */
export const isPrintable = (text: string): boolean => text.search(UNPRINTABLE) < 0;

/** The lines of a text as one line, cut at `limit` characters: for stderr of a command in an error. */
export const asOneLine = (text: string, limit = LONGEST): string => {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return printable(shorten(lines.filter((line) => line !== '').join('; '), limit));
};

/** A text of any number of lines made safe for a terminal. */
export const printableText = (text: string): string =>
  text.split(/\r?\n/).map(printable).join('\n');

/** A text cut at `limit` characters, with a word on how much is missing: nobody reads a name of a million letters. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = /[\ud800-\udbff]/.test(text[limit - 1] ?? '') ? limit - 1 : limit;
  return `${text.slice(0, end)} [${text.length - end} more characters]`;
}
