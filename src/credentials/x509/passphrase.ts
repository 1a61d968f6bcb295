/** Whoever has the file may try as often as they like, and for as long. */
const FEWEST_CHARACTERS = 12;
const FEWEST_DIFFERENT = 5;

/** Why a passphrase is too easy to guess for the key of an authority; undefined: it is not. Says nothing of what it is. */
export function passphraseWeakness(passphrase: Uint8Array): string | undefined {
  const characters = Array.from(Buffer.from(passphrase).toString());
  if (characters.length < FEWEST_CHARACTERS)
    return `it has fewer than ${FEWEST_CHARACTERS} characters`;
  return new Set(characters).size < FEWEST_DIFFERENT
    ? `it has fewer than ${FEWEST_DIFFERENT} different characters`
    : undefined;
}
