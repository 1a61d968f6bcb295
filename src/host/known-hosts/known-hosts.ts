import { createHash, createHmac } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { normalAddress } from '../../support/values/address.ts';
import { MOST_BYTES } from '../../inventory/files-named.ts';
import { errnoOf, messageOf, OutriggerError } from '../../support/errors.ts';
import { readLocalFile } from '../files/local-file.ts';
import { fitsList } from '../files/pattern.ts';

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
    const entry = parseKnownHost(line, file, index + 1);
    return entry === undefined ? [] : [entry];
  });
}

/** One line of a file; undefined: it holds no key. */
export function parseKnownHost(text: string, file: string, line: number): KnownHost | undefined {
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

/** The entries that speak about one server, by its `knownHostName` or its HostKeyAlias; in the order of the file. */
export function entriesFor(entries: readonly KnownHost[], name: string): readonly KnownHost[] {
  const index = indexOf(entries);
  const lowered = name.toLowerCase();
  let found = index.cached.get(lowered);
  if (found === undefined) {
    found = find(entries, index, lowered);
    index.cached.set(lowered, found);
  }
  return found;
}

/** Where in a list of entries a name may be: a fleet asks for hundreds, of files with a hundred thousand lines. */
interface Index {
  /** The places of the entries that name servers plainly, by each of these names. */
  readonly exact: ReadonlyMap<string, readonly number[]>;
  /** The places of those with patterns or hashed names, which have to be tried one by one. */
  readonly others: readonly number[];
  readonly cached: Map<string, readonly KnownHost[]>;
}

/** Lists of entries never change: a file that does is parsed anew. */
const indexes = new WeakMap<readonly KnownHost[], Index>();

function indexOf(entries: readonly KnownHost[]): Index {
  const known = indexes.get(entries);
  if (known !== undefined) return known;
  const exact = new Map<string, number[]>();
  const others: number[] = [];
  for (const [place, { names }] of entries.entries()) {
    if (/[|*?!]/.test(names)) others.push(place);
    else for (const name of new Set(names.toLowerCase().split(','))) push(exact, name, place);
  }
  const index = { exact, others, cached: new Map() };
  indexes.set(entries, index);
  return index;
}

function push(places: Map<string, number[]>, name: string, place: number): void {
  const known = places.get(name);
  if (known === undefined) places.set(name, [place]);
  else known.push(place);
}

function find(entries: readonly KnownHost[], { exact, others }: Index, name: string) {
  const tried = others.filter((place) => namesMatch(entries[place]?.names ?? '', name));
  return [...(exact.get(name) ?? []), ...tried]
    .sort((one, other) => one - other)
    .flatMap((place) => entries[place] ?? []);
}

function namesMatch(names: string, name: string): boolean {
  return names.startsWith('|')
    ? hashMatches(names, name)
    : fitsList(names.toLowerCase().split(','), name);
}

/** The entries that a host key may be believed by: no revocation, and no certificate authority. */
export const trustedEntries = (entries: readonly KnownHost[]): readonly KnownHost[] =>
  entries.filter(({ marker }) => marker === 'none');

/** Whether two public keys are the same one. */
export const sameKey = (one: Uint8Array, other: Uint8Array): boolean =>
  Buffer.from(one).equals(other);

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
    if (errnoOf(cause) === 'ENOENT') return [];
    throw new OutriggerError(
      'HOST_KEY_UNKNOWN',
      `cannot read the known_hosts file ${file}: ${messageOf(cause)}`,
      {
        hint: 'no host is trusted while the file cannot be read: fix the file or its permissions',
        cause,
      },
    );
  }
}
