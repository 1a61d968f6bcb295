/** Finds secrets in what a program has put out, in every spelling in which they could have got there. */

/** A secret, and what would be seen of it. */
export type KnownSecret = { name: string; traces: readonly string[] };

/** Shorter ones stand in any text. */
const LEAST_BYTES = 6;
/** A piece of a longer one: as many bytes as base64 writes without remainder, so that every piece is seen wherever a text was cut. */
const PIECE_BYTES = 24;
/** Of a large key its beginning and its end are searched for, and not every piece: there are many texts. */
const MOST_PIECES = 12;
const TEXT = /^[\x20-\x7e]+$/;

/** What a text would hold if any part of these bytes were in it: as they are, hexadecimal, base64, inside JSON. */
export function tracesOf(secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  const count = Math.max(1, Math.floor(bytes.length / PIECE_BYTES));
  const pieces = Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * PIECE_BYTES, count === 1 ? bytes.length : (index + 1) * PIECE_BYTES),
  );
  const searched =
    pieces.length <= MOST_PIECES
      ? pieces
      : [...pieces.slice(0, MOST_PIECES - 2), ...pieces.slice(-2)];
  const traces = searched
    .filter((piece) => piece.length >= LEAST_BYTES)
    .flatMap((piece) => {
      const text = readable(piece);
      const base64 = piece.toString('base64').replaceAll('=', '');
      return [
        ...(text.length < LEAST_BYTES ? [] : [text, JSON.stringify(text).slice(1, -1)]),
        piece.toString('hex'),
        piece.toString('hex').toUpperCase(),
        // What ends in the middle of three bytes shares its last letter with what follows.
        ...[base64, piece.toString('base64url')].map((word) =>
          piece.length % 3 === 0 ? word : word.slice(0, -1),
        ),
      ];
    });
  return [...new Set(traces)];
}

/** From the first ASCII character to the last: what a byte beyond them becomes depends on what stands around it. */
function readable(bytes: Buffer): string {
  const isPlain = (byte: number): boolean => byte < 0x80;
  return bytes.subarray(bytes.findIndex(isPlain), bytes.findLastIndex(isPlain) + 1).toString();
}

/** The secrets in a PEM text, or else the whole content without the line break at its end. */
export function secretsIn(name: string, content: Uint8Array): KnownSecret[] {
  const text = Buffer.from(content).toString('latin1');
  const keys = [...text.matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]+)-----END/g)];
  if (keys.length > 0) return keys.map(([, body = '']) => ({ name, traces: linesOf(body) }));
  if (text.includes('-----BEGIN ')) return [];
  const [line = ''] = text.split(/\r?\n/, 1);
  const traces = [content, ...(TEXT.test(line) ? [Buffer.from(line)] : [])].flatMap(tracesOf);
  return traces.length === 0 ? [] : [{ name, traces: [...new Set(traces)] }];
}

/** Lines of a PEM body; what every key of a kind begins with is no secret. */
const linesOf = (body: string): string[] => {
  const lines = body.split(/\s+/).filter((line) => line.length >= 16);
  const own = lines.slice(1);
  const [only = ''] = lines;
  return own.length > 0
    ? own
    : [only.slice(40), only].filter((text) => text.length >= 16).slice(0, 1);
};

/** The names of those secrets of which a text holds anything. */
export const secretsSeen = (text: string, secrets: readonly KnownSecret[]): string[] => [
  ...new Set(
    secrets
      .filter(({ traces }) => traces.some((trace) => text.includes(trace)))
      .map(({ name }) => name),
  ),
];
