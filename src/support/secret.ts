const contents = new WeakMap<Secret, Uint8Array>();

/**
 * Bytes that must never be shown. Printing, serialising or inspecting a Secret gives `«secret»`; only `reveal` gives
 * the bytes, so that every use can be found by searching for that word.
 */
export class Secret {
  constructor(bytes: Uint8Array) {
    contents.set(this, bytes);
  }

  toString(): string {
    return '«secret»';
  }

  toJSON(): string {
    return '«secret»';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '«secret»';
  }
}

/** The bytes of a secret, for the two places that may have them: the transport that writes them and the digest. */
export function reveal(secret: Secret): Uint8Array {
  const bytes = contents.get(secret);
  if (bytes === undefined) throw new Error('a Secret without content');
  return bytes;
}
