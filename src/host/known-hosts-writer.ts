import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MOST_BYTES } from '../spec/files-named.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import {
  entriesFor,
  fingerprint,
  keyTypeOf,
  type KnownHost,
  parseKnownHosts,
} from './known-hosts.ts';
import { whileLocked } from './file-lock.ts';
import { readLocalFile } from './local-file.ts';

/** A server's public key that the operator has confirmed. */
export interface ConfirmedKey {
  /** Its `knownHostName`, or its HostKeyAlias. */
  readonly name: string;
  readonly blob: Uint8Array;
}

/** `confirmed` keys are added to what is there; a key `if-new` only where the host has no other one. */
export type Recording = 'confirmed' | 'if-new';

/**
 * Records keys and returns how many were new. What the file already holds is kept as it is; all new lines go out in a
 * single append, so that a reader never sees half a line and another writer's lines are never lost.
 */
export async function recordKnownHosts(
  keys: readonly ConfirmedKey[],
  file: string,
  recording: Recording = 'confirmed',
): Promise<number> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    return await whileLocked(file, () => append(keys, file, recording));
  } catch (thrown) {
    if (thrown instanceof OutriggerError) throw thrown;
    throw new OutriggerError(
      'HOST_KEY_UNKNOWN',
      `no host key is recorded in ${file}: ${messageOf(thrown)}`,
      { hint: '`knownHostsFile` of the connection names another file', cause: thrown },
    );
  }
}

/** To append and no more; a FIFO that nobody reads is an error then, not a wait. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

async function append(
  keys: readonly ConfirmedKey[],
  file: string,
  recording: Recording,
): Promise<number> {
  const handle = await open(file, APPEND, 0o600);
  try {
    const text = readLocalFile(file, MOST_BYTES['known-hosts']).toString();
    const known = parseKnownHosts(text, file);
    for (const key of recording === 'if-new' ? keys : []) {
      const problem = changedKey(key, known);
      if (problem !== undefined) throw problem;
    }
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

/** Why a key is not recorded: the file holds another one of the same type for that host. */
export function changedKey(
  { name, blob }: ConfirmedKey,
  known: readonly KnownHost[],
): OutriggerError | undefined {
  const type = keyTypeOf(blob);
  const entries = entriesFor(known, name).filter(
    ({ marker, keyType }) => marker === 'none' && keyType === type,
  );
  if (entries.some((entry) => Buffer.from(entry.blob).equals(blob))) return undefined;
  const [other] = entries;
  if (other === undefined) return undefined;
  return new OutriggerError(
    'HOST_KEY_CHANGED',
    `the key ${fingerprint(blob)} of ${name} is not recorded: ${other.file}:${other.line} holds ${fingerprint(other.blob)} (${other.keyType})`,
    {
      hint: 'another machine may be answering: find out before anything else. Only if the host was really installed anew: remove that line',
    },
  );
}

function newLines(keys: readonly ConfirmedKey[], known: readonly KnownHost[]): readonly string[] {
  const lines = keys.flatMap((key) => {
    const same = entriesFor(known, key.name).filter((entry) =>
      Buffer.from(entry.blob).equals(key.blob),
    );
    const revoked = same.find((entry) => entry.marker === 'revoked');
    if (revoked !== undefined) throw revokedKey(key, revoked);
    return same.some((entry) => entry.marker === 'none') ? [] : [lineOf(key)];
  });
  return [...new Set(lines)];
}

function lineOf({ name, blob }: ConfirmedKey): string {
  const type = keyTypeOf(blob);
  if (type === undefined) throw new Error('a public key without a type');
  if (/[\s,*?!|#@]/.test(name)) {
    throw new OutriggerError('INPUT_INVALID', `${name} cannot be the name of a known host`);
  }
  return `${name} ${type} ${Buffer.from(blob).toString('base64')}`;
}

const revokedKey = ({ name, blob }: ConfirmedKey, entry: KnownHost): OutriggerError =>
  new OutriggerError(
    'HOST_KEY_CHANGED',
    `the key ${fingerprint(blob)} of ${name} is revoked in ${entry.file}:${entry.line}`,
    { hint: 'never trust a revoked key: find out which machine answers with it' },
  );
