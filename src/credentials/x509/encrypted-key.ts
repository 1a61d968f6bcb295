import {
  createCipheriv,
  createPrivateKey,
  pbkdf2Sync,
  type KeyObject,
  type PrivateKeyInput,
} from 'node:crypto';
import {
  fromBER,
  Integer,
  Null,
  ObjectIdentifier,
  OctetString,
  Sequence,
  type AsnType,
} from 'asn1js';
import { pemBlocks } from './pem.ts';

/** As node:crypto calls them; identifiers of RFC 8018, appendix A, and RFC 7914, 7. */
const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';
const HMAC_SHA256 = '1.2.840.113549.2.9';
const HMAC_SHA512 = '1.2.840.113549.2.11';
const AES_256_CBC = '2.16.840.1.101.3.4.1.42';

/**
 * OWASP Password Storage Cheat Sheet: for PBKDF2 600,000 rounds of HMAC-SHA-256, or 210,000 of HMAC-SHA-512. Not scrypt:
 * what OWASP asks of that takes 128 MiB, and OpenSSL opens no key for which it needs more than 32 (3.0.19 providers/
 * implementations/kdfs/scrypt.c: "memory limit exceeded"); in FIPS mode it has none at all.
 */
const ROUNDS = 600_000;
const ENOUGH: Readonly<Record<string, number>> = { [HMAC_SHA256]: ROUNDS, [HMAC_SHA512]: 210_000 };

/** What openssl takes for scrypt by itself (openssl-pkcs8(1)): whoever chose it is left alone. */
const SCRYPT_COST = 16_384;

/** What chance gives for one key. */
export interface Randomness {
  /** 16 bytes each. */
  readonly salt: Uint8Array;
  readonly iv: Uint8Array;
}

/** A private key in PEM form (PKCS#8, PBES2 with AES-256), encrypted so that a passphrase takes long to guess. */
export function encryptKey(
  key: KeyObject,
  passphrase: Uint8Array,
  { salt, iv }: Randomness,
): string {
  const derived = pbkdf2Sync(passphrase, salt, ROUNDS, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', derived, iv);
  const plain = key.export({ type: 'pkcs8', format: 'der' });
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  const derivation = sequence(octets(salt), new Integer({ value: ROUNDS }), algorithm(HMAC_SHA256));
  const scheme = sequence(
    sequence(oid(PBKDF2), derivation),
    sequence(oid(AES_256_CBC), octets(iv)),
  );
  const der = sequence(sequence(oid(PBES2), scheme), octets(encrypted)).toBER();
  const base64 = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${base64}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
}

const sequence = (...value: AsnType[]): Sequence => new Sequence({ value });
const oid = (value: string): ObjectIdentifier => new ObjectIdentifier({ value });
const octets = (bytes: Uint8Array): OctetString =>
  new OctetString({ valueHex: Uint8Array.from(bytes).buffer });
const algorithm = (type: string): Sequence => sequence(oid(type), new Null());

/** The key that a passphrase opens; undefined: it is another one. */
export function openKey(pem: string, passphrase: Uint8Array): KeyObject | undefined {
  const input: PrivateKeyInput = { key: pem, passphrase: Buffer.from(passphrase) };
  try {
    return createPrivateKey(input);
  } catch {
    return undefined;
  }
}

/** Whether an encrypted key (PEM) is so that its passphrase takes long to guess; one that cannot be judged is not. */
export function isHardToGuess(pem: string): boolean {
  const blocks = pemBlocks(pem);
  const [block] = 'fault' in blocks ? [] : blocks;
  if (block === undefined) return false;
  const [type, scheme] = partsOf(partsOf(readBer(block.der))[0]);
  if (!isOid(type, PBES2)) return false;
  const [kind, terms] = partsOf(partsOf(scheme)[0]);
  const [, cost, ...others] = partsOf(terms);
  const rounds = cost instanceof Integer ? cost.valueBlock.valueDec : 0;
  if (isOid(kind, SCRYPT)) return rounds >= SCRYPT_COST;
  const [hash] = partsOf(others.find((part) => part instanceof Sequence));
  const enough = hash instanceof ObjectIdentifier ? ENOUGH[hash.getValue()] : undefined;
  return isOid(kind, PBKDF2) && enough !== undefined && rounds >= enough;
}

/** The element that these bytes are; undefined: none. asn1js (3.1.0) throws for some of them, e.g. a BMPString of odd length. */
function readBer(bytes: Uint8Array): AsnType | undefined {
  try {
    return fromBER(Uint8Array.from(bytes).buffer).result;
  } catch {
    return undefined;
  }
}

const partsOf = (part: AsnType | undefined): readonly AsnType[] =>
  part instanceof Sequence ? part.valueBlock.value : [];

const isOid = (part: AsnType | undefined, value: string): boolean =>
  part instanceof ObjectIdentifier && part.getValue() === value;
