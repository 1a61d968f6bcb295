// A pre-shared key is as strong as what it was made from: 128 bits of entropy are the least (RFC 9257, section 6). Text holds about half
// of what its length says.
const LEAST_BYTES = 32;
const LEAST_BITS = 80;
/** What is repeated says nothing new: no more than so many bytes back are looked at. */
const WINDOW = 64;

/**
 * Why a key can be guessed; undefined: nothing that can be seen. A guess at most: each byte counts by how often it is there, and a
 * key that repeats itself counts once.
 */
export function keyWeakness(key: Uint8Array): string | undefined {
  if (key.length < LEAST_BYTES)
    return `it has ${key.length} ${key.length === 1 ? 'byte' : 'bytes'}, which can be guessed: use at least ${LEAST_BYTES}`;
  return entropyOf(key.subarray(0, periodOf(key))) < LEAST_BITS
    ? 'it repeats a few bytes and can be guessed'
    : undefined;
}

/** After how many bytes the key begins anew; its length where it does not. */
function periodOf(key: Uint8Array): number {
  for (let period = 1; period <= Math.min(WINDOW, key.length / 2); period += 1) {
    if (key.every((byte, index) => index < period || byte === key[index - period])) return period;
  }
  return key.length;
}

/** Bits, by Shannon's measure of single bytes. */
function entropyOf(key: Uint8Array): number {
  const counts = new Map<number, number>();
  for (const byte of key) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  return [...counts.values()].reduce(
    (sum, count) => sum + count * Math.log2(key.length / count),
    0,
  );
}
