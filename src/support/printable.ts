// Cc: control characters; Cf: bidirectional overrides and zero-width characters; Zl, Zp: line and paragraph separators.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** One line of text from outside (a host, a file) made safe for a terminal: each control character becomes `\u{..}`. */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** Like `printable`, but keeps line breaks and cuts at `limit` characters: for stderr of a command in an error. */
export function printableLines(text: string, limit = 2000): string {
  const kept =
    text.length > limit ? `${text.slice(0, limit)} [${text.length - limit} more characters]` : text;
  return kept.split(/\r?\n/).map(printable).join('\n').trim();
}
