/** Enough for what most scripts print. */
const FIRST_BYTES = 4096;

/** Collects bytes in one piece that doubles as it fills: a million packets of one byte take a mebibyte, not a hundred. */
export function collectOutput(): { add(chunk: Uint8Array): void; text(): string } {
  let bytes = Buffer.alloc(0);
  let length = 0;
  return {
    add: (chunk) => {
      if (length + chunk.length > bytes.length) {
        const larger = Buffer.alloc(Math.max(FIRST_BYTES, 2 * (length + chunk.length)));
        bytes.copy(larger, 0, 0, length);
        bytes = larger;
      }
      bytes.set(chunk, length);
      length += chunk.length;
    },
    text: () => bytes.toString('utf8', 0, length),
  };
}
