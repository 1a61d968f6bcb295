// JSON.stringify escapes C0 and halves of surrogate pairs; a terminal obeys more than those.
const OBEYED = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A JSON text in which everything that a terminal would obey is escaped; it reads back as the same values. */
export const withEscapes = (json: string): string => json.replace(OBEYED, escaped);

const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
