/**
 * A passphrase of ours is stretched by 600,000 rounds, on purpose. Tests that make a key and open it again and again wait for
 * that once for each key: what they open it with is remembered from the time when it was encrypted.
 */
import crypto, {
  createDecipheriv,
  type BinaryLike,
  type KeyObject,
  type PrivateKeyInput,
} from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { mock } from 'node:test';

/** 2.16.840.1.101.3.4.1.42 (aes256-CBC) in DER, and the header of the initialization vector behind it. */
const CIPHER = Buffer.from('060960864801650304012a0410', 'hex');
const BLOCK = 16;
const ENCRYPTED =
  /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n([\w+/=\n]+)-----END ENCRYPTED PRIVATE KEY-----\n?$/;

const bytes = (input: BinaryLike): Buffer =>
  typeof input === 'string' ? Buffer.from(input) : Buffer.from(input as Uint8Array);

interface Derived {
  readonly passphrase: Buffer;
  readonly salt: Buffer;
  readonly key: Buffer;
}

/**
 * For the tests of a suite, in which node:crypto derives a key of each passphrase once. A key that was encrypted elsewhere takes its
 * time, and the first try with another passphrase.
 */
export function rememberDerivedKeys(): void {
  const { pbkdf2Sync: derive, createPrivateKey: open } = crypto;
  const known: Derived[] = [];
  const derived = (...parameters: Parameters<typeof derive>): Buffer => {
    const key = derive(...parameters);
    const [passphrase, salt] = parameters;
    known.push({ passphrase: bytes(passphrase), salt: bytes(salt), key });
    return key;
  };
  const refused = new Map<string, unknown>();
  const opened = (input: PrivateKeyInput): KeyObject => {
    const name = JSON.stringify([String(input.key), bytes(input.passphrase ?? '').toString('hex')]);
    if (refused.has(name)) throw refused.get(name);
    try {
      return openedWith(known, input) ?? open(input);
    } catch (thrown) {
      refused.set(name, thrown);
      throw thrown;
    }
  };
  let mocked: readonly { readonly mock: { restore(): void } }[] = [];

  before(() => {
    mocked = [
      mock.method(crypto, 'pbkdf2Sync', derived),
      mock.method(crypto, 'createPrivateKey', opened),
    ];
    syncBuiltinESMExports();
  });

  after(() => {
    for (const one of mocked) one.mock.restore();
    syncBuiltinESMExports();
  });
}

/** The key that a passphrase opens whose derived key is known; undefined: it is none, or whatever else node:crypto shall judge. */
function openedWith(known: readonly Derived[], input: PrivateKeyInput): KeyObject | undefined {
  const base64 = ENCRYPTED.exec(String(input.key))?.[1];
  if (base64 === undefined) return undefined;
  const der = Buffer.from(base64, 'base64');
  const passphrase = Buffer.from(input.passphrase ?? '');
  const found = known.find((one) => der.includes(one.salt) && one.passphrase.equals(passphrase));
  const at = der.indexOf(CIPHER) + CIPHER.length;
  if (found === undefined || at < CIPHER.length) return undefined;
  const blocks = Math.floor((der.length - at - BLOCK) / BLOCK);
  const cipher = createDecipheriv('aes-256-cbc', found.key, der.subarray(at, at + BLOCK));
  try {
    const plain = [cipher.update(der.subarray(-blocks * BLOCK)), cipher.final()];
    return crypto.createPrivateKey({ key: Buffer.concat(plain), format: 'der', type: 'pkcs8' });
  } catch {
    return undefined;
  }
}
