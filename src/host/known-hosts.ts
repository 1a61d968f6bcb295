import { createHash, createHmac } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { normalAddress } from '../spec/address.ts';
import { MOST_BYTES } from '../spec/files-named.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import { readLocalFile } from './local-file.ts';
import { fitsList } from './pattern.ts';

/** One line of a known_hosts file that names a key. */
export interface KnownHost {
  readonly marker: 'none' | 'revoked' | 'cert-authority';
  /** The first field: a comma list of patterns, or one hashed name. */
  readonly names: string;
  readonly keyType: string;
  readonly blob: Uint8Array;
  readonly file: string;
  readonly line: number;
}

const MARKERS = new Map<string, KnownHost['marker']>([
  ['@revoked', 'revoked'],
  ['@cert-authority', 'cert-authority'],
]);

/** The fingerprint of a public key as OpenSSH prints it. */
export const fingerprint = (blob: Uint8Array): string =>
  `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;

/** The name under which known_hosts files a server: the address, with the port where it is not 22. */
export function knownHostName(address: string, port: number): string {
  const plain = normalAddress(address);
  return port === 22 ? plain : `[${plain}]:${port}`;
}

/** The type that a public key declares in its first field. */
export function keyTypeOf(blob: Uint8Array): string | undefined {
  if (blob.length < 4) return undefined;
  const bytes = Buffer.from(blob);
  const length = bytes.readUInt32BE(0);
  return length <= bytes.length - 4 ? bytes.toString('latin1', 4, 4 + length) : undefined;
}

/** Every line that holds a key; comments, unknown markers and damaged lines are passed over, as ssh does. */
export function parseKnownHosts(text: string, file: string): readonly KnownHost[] {
  return text.split('\n').flatMap((line, index) => {
    const entry = parseLine(line, file, index + 1);
    return entry === undefined ? [] : [entry];
  });
}

function parseLine(text: string, file: string, line: number): KnownHost | undefined {
  const fields = text.trim().split(/[ \t]+/);
  const first = fields[0] ?? '';
  if (first === '' || first.startsWith('#')) return undefined;
  const marker = first.startsWith('@') ? MARKERS.get(first) : 'none';
  if (marker === undefined) return undefined;
  const [names, keyType, base64] = marker === 'none' ? fields : fields.slice(1);
  if (names === undefined || keyType === undefined || base64 === undefined) return undefined;
  const blob = Buffer.from(base64, 'base64');
  return keyTypeOf(blob) === keyType ? { marker, names, keyType, blob, file, line } : undefined;
}

/** The entries that speak about one server, by its `knownHostName` or its HostKeyAlias. */
export const entriesFor = (entries: readonly KnownHost[], name: string): readonly KnownHost[] =>
  entries.filter((entry) => namesMatch(entry.names, name.toLowerCase()));

function namesMatch(names: string, name: string): boolean {
  return names.startsWith('|')
    ? hashMatches(names, name)
    : fitsList(names.toLowerCase().split(','), name);
}

/** `|1|SALT|HASH`, both base64: the HMAC-SHA1 of the name, keyed with the salt. */
function hashMatches(hashed: string, name: string): boolean {
  const [, version, salt, hash] = hashed.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  const digest = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return digest.equals(Buffer.from(hash, 'base64'));
}

interface Parsed {
  readonly version: string;
  readonly entries: readonly KnownHost[];
}

/** A fleet reads the same file once per host: each version of a file is parsed once. */
const parsedFiles = new Map<string, Parsed>();

/** Reads a known_hosts file; one that is absent knows nobody, one that cannot be read is an error. */
export async function loadKnownHosts(file: string): Promise<readonly KnownHost[]> {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    const version = [mtimeMs, size, ino].join(':');
    const known = parsedFiles.get(file);
    if (known?.version === version) return known.entries;
    const text = readLocalFile(file, MOST_BYTES['known-hosts']).toString();
    const entries = parseKnownHosts(text, file);
    parsedFiles.set(file, { version, entries });
    return entries;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new OutriggerError(
      'HOST_KEY_UNKNOWN',
      `cannot read the known_hosts file ${file}: ${messageOf(cause)}`,
      { hint: 'no host is trusted while the file cannot be read: mend it, or its rights', cause },
    );
  }
}
