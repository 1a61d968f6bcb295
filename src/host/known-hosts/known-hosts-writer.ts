import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MOST_BYTES } from '../../inventory/files-named.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import { groupBy } from '../../support/text/group-by.ts';
import {
  entriesFor,
  fingerprint,
  keyTypeOf,
  type KnownHost,
  parseKnownHosts,
  sameKey,
  trustedEntries,
} from './known-hosts.ts';
import { whileLocked } from '../files/file-lock.ts';
import { readLocalFile } from '../files/local-file.ts';

/** A server's public key that the operator has confirmed. */
export interface ConfirmedKey {
  /** Its `knownHostName`, or its HostKeyAlias. */
  readonly name: string;
  readonly blob: Uint8Array;
}

/**
 * Records keys and returns how many were new. What the file already holds is kept as it is; all new lines go out in a
 * single append, so that a reader never sees half a line and another writer's lines are never lost. Throws
 * HOST_KEY_CHANGED for a host of which the file holds other keys, and none of these: whatever their type. `signal` ends the
 * wait for somebody else who writes the file.
 */
export async function recordKnownHosts(
  keys: readonly ConfirmedKey[],
  file: string,
  signal?: AbortSignal,
): Promise<number> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    return await whileLocked(file, () => append(keys, file), signal);
  } catch (thrown) {
    if (thrown instanceof OutriggerError) throw thrown;
    throw notRecorded(file, thrown);
  }
}

/** The error for a file that could not be written. */
export const notRecorded = (file: string, cause: unknown): OutriggerError =>
  new OutriggerError(
    'HOST_KEY_UNKNOWN',
    `cannot record host keys in ${file}: ${messageOf(cause)}`,
    { hint: 'set `knownHostsFile` of the connection to use another file', cause },
  );

/** To append and no more; a FIFO that nobody reads is an error then, not a wait. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

async function append(keys: readonly ConfirmedKey[], file: string): Promise<number> {
  const handle = await open(file, APPEND, 0o600);
  try {
    const text = readLocalFile(file, MOST_BYTES['known-hosts']).toString();
    const known = parseKnownHosts(text, file);
    for (const ofHost of groupBy(keys, ({ name }) => name).values())
      refuseUnknownHost(ofHost, known);
    const lines = newLines(keys, known);
    if (lines.length === 0) return 0;
    const separator = text === '' || text.endsWith('\n') ? '' : '\n';
    await handle.write(`${separator}${lines.join('\n')}\n`);
    await handle.sync();
    return lines.length;
  } finally {
    await handle.close();
  }
}

/** A host is trusted or not, not a type of key: beside a key that it does not show, none of another type is recorded. */
function refuseUnknownHost(keys: readonly ConfirmedKey[], known: readonly KnownHost[]): void {
  const [key] = keys;
  if (key === undefined) return;
  const entries = trustedEntries(entriesFor(known, key.name));
  const [other] = entries;
  if (other === undefined) return;
  if (keys.some(({ blob }) => entries.some((entry) => sameKey(entry.blob, blob)))) return;
  throw new OutriggerError(
    'HOST_KEY_CHANGED',
    `the key ${fingerprint(key.blob)} of ${key.name} is not recorded: ${other.file}:${other.line} holds ${fingerprint(other.blob)} (${other.keyType})`,
    { hint: 'another machine may be responding: clarify this before anything else' },
  );
}

function newLines(keys: readonly ConfirmedKey[], known: readonly KnownHost[]): readonly string[] {
  const lines = keys.flatMap((key) => {
    const same = entriesFor(known, key.name).filter(({ blob }) => sameKey(blob, key.blob));
    const revoked = same.find((entry) => entry.marker === 'revoked');
    if (revoked !== undefined) throw revokedKey(key, revoked);
    return same.some((entry) => entry.marker === 'none') ? [] : [knownHostLine(key)];
  });
  return [...new Set(lines)];
}

/** The line that records a key. */
export function knownHostLine({ name, blob }: ConfirmedKey): string {
  const type = keyTypeOf(blob);
  if (type === undefined) throw new Error('a public key without a type');
  if (/[\s,*?!|#@]/.test(name)) {
    throw new OutriggerError('INPUT_INVALID', `${name} is not a valid name for a known host`);
  }
  return `${name} ${type} ${Buffer.from(blob).toString('base64')}`;
}

/** The error for a key that the file revokes. */
export const revokedKey = ({ name, blob }: ConfirmedKey, entry: KnownHost): OutriggerError =>
  new OutriggerError(
    'HOST_KEY_CHANGED',
    `the key ${fingerprint(blob)} of ${name} is revoked in ${entry.file}:${entry.line}`,
    { hint: 'never trust a revoked key: find out which machine presents it' },
  );
