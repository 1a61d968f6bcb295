import { createHash } from 'node:crypto';
import { MOST_BYTES } from '../../inventory/files-named.ts';
import { keyTypeOf, sameKey } from './known-hosts.ts';
import { readLocalFile } from '../files/local-file.ts';

/** "SSHKRL\n\0" (PROTOCOL.krl of OpenSSH). */
const MAGIC = 'SSHKRL\n\0';

/**
 * Whether a file of revoked keys names this one: a list of public keys, or a KRL. Throws for a file that cannot be read, and
 * for whatever in it cannot be understood: then no key is known to be good.
 */
export function isRevokedIn(file: string, blob: Uint8Array): boolean {
  const content = readLocalFile(file, MOST_BYTES['known-hosts']);
  return content.toString('latin1', 0, MAGIC.length) === MAGIC
    ? isInKrl(content, blob)
    : listedKeys(content.toString()).some((listed) => sameKey(listed, blob));
}

/** One public key a line, as ssh-keygen writes them (authfile.c, sshkey_in_file). */
function listedKeys(text: string): readonly Buffer[] {
  return text.split('\n').flatMap((line, index) => {
    const fields = line.trim().split(/[ \t]+/);
    if (fields[0] === '' || fields[0]?.startsWith('#') === true) return [];
    const key = Buffer.from(fields[1] ?? '', 'base64');
    if (keyTypeOf(key) !== fields[0]) throw new Error(`line ${index + 1} is not a public key`);
    return [key];
  });
}

const VERSION = 1;
const SECTION = { certificates: 1, key: 2, sha1: 3, sha256: 5, extension: 255 } as const;

function isInKrl(content: Buffer, blob: Uint8Array): boolean {
  const sha1 = createHash('sha1').update(blob).digest();
  const sha256 = createHash('sha256').update(blob).digest();
  const reader = new Reader(content, MAGIC.length);
  const version = reader.number();
  if (version !== VERSION) throw new Error(`a KRL with unknown format ${version}`);
  // Its own version, date and flags; then reserved, and a comment.
  reader.skip(24);
  reader.text();
  reader.text();
  let isRevoked = false;
  while (!reader.isAtEnd) {
    const kind = reader.byte();
    const section = new Reader(reader.text());
    switch (kind) {
      case SECTION.certificates:
        break; // speaks of certificates, and no host is believed by one
      case SECTION.key:
        isRevoked = section.texts().some((one) => one.equals(blob)) || isRevoked;
        break;
      case SECTION.sha1:
        isRevoked = section.texts().some((one) => one.equals(sha1)) || isRevoked;
        break;
      case SECTION.sha256:
        isRevoked = section.texts().some((one) => one.equals(sha256)) || isRevoked;
        break;
      case SECTION.extension:
        passExtension(section);
        break;
      default:
        throw new Error(`a KRL with a section of unknown type ${kind}`);
    }
  }
  return isRevoked;
}

function passExtension(section: Reader): void {
  const name = section.text().toString('latin1');
  if (section.byte() !== 0) throw new Error(`a KRL with the unknown critical extension ${name}`);
}

/** Reads the binary fields of SSH one after the other; throws where they end too early. */
class Reader {
  readonly #content: Buffer;
  #at: number;

  constructor(content: Buffer, at = 0) {
    this.#content = content;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#content.length;
  }

  byte(): number {
    return this.#take(1).readUInt8();
  }

  number(): number {
    return this.#take(4).readUInt32BE();
  }

  text(): Buffer {
    return this.#take(this.number());
  }

  texts(): readonly Buffer[] {
    const texts: Buffer[] = [];
    while (!this.isAtEnd) texts.push(this.text());
    return texts;
  }

  skip(length: number): void {
    this.#take(length);
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#content.length) throw new Error('a truncated KRL');
    const taken = this.#content.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
