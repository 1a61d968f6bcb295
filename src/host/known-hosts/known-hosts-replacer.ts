import { mkdirSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { MOST_BYTES } from '../../inventory/files-named.ts';
import { errnoOf, OutriggerError } from '../../support/errors.ts';
import { whileLocked } from '../files/file-lock.ts';
import {
  entriesFor,
  fingerprint,
  type KnownHost,
  loadKnownHosts,
  parseKnownHost,
  parseKnownHosts,
  sameKey,
  trustedEntries,
} from './known-hosts.ts';
import { type ConfirmedKey, knownHostLine, notRecorded, revokedKey } from './known-hosts-writer.ts';
import { type LocalFile, openLocalFile } from '../files/local-file.ts';
import { fitsList } from '../files/pattern.ts';
import { writeWholeFile } from '../files/whole-file.ts';

/** An entry that no longer speaks about the host. */
export interface RemovedEntry {
  readonly line: number;
  readonly print: string;
  /** The other names on its line, for which it stays. */
  readonly remaining: string;
}

/** What became of a known_hosts file. */
export interface Replaced {
  readonly file: string;
  readonly removed: readonly RemovedEntry[];
  /** The file as it was; undefined: nothing was removed. */
  readonly copy: string | undefined;
}

/**
 * Takes every other key of a host out of its known_hosts file, as `ssh-keygen -R` does, and records this one; other names on
 * a line keep it, revocations and authorities stay. Throws REFUSED, and changes nothing, where another key would
 * still be believed: by a pattern that names other hosts too, or by a line of another file.
 */
export async function replaceKnownHost(
  key: ConfirmedKey,
  [file, ...others]: readonly string[],
): Promise<Replaced> {
  if (file === undefined) throw new OutriggerError('REFUSED', 'no known_hosts file is in use');
  for (const other of others) {
    const entries = entriesFor(await loadKnownHosts(other), key.name);
    refuseRest(key, entries, 'is in another file: remove that line manually');
  }
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return await whileLocked(file, () => Promise.resolve(rewrite(key, file)));
  } catch (thrown) {
    throw thrown instanceof OutriggerError ? thrown : notRecorded(file, thrown);
  }
}

function rewrite(key: ConfirmedKey, file: string): Replaced {
  const { path, content, mode } = read(file);
  const text = content.toString();
  const entries = entriesFor(parseKnownHosts(text, file), key.name);
  const revoked = entries.find((one) => one.marker === 'revoked' && sameKey(one.blob, key.blob));
  if (revoked !== undefined) throw revokedKey(key, revoked);
  const removed: RemovedEntry[] = [];
  const lines = text.split('\n').flatMap((line, index) => {
    const rest = withoutHost(line, key, parseKnownHost(line, file, index + 1));
    if (rest === undefined) return [line];
    removed.push(rest.removed);
    return rest.line === undefined ? [] : [rest.line];
  });
  const after = withKey(lines.join('\n'), key, file);
  const left = entriesFor(parseKnownHosts(after, file), key.name);
  refuseRest(
    key,
    left,
    'matches it with a pattern that includes other hosts: change that line manually',
  );
  if (removed.length > 0) writeWholeFile(`${path}.old`, content, { mode });
  writeWholeFile(path, after, { mode });
  return { file, removed, copy: removed.length > 0 ? `${path}.old` : undefined };
}

/** The file itself, where a link leads to it: what is renamed into its place must not replace the link. */
function read(file: string): LocalFile & { readonly path: string } {
  try {
    const found = openLocalFile(file, MOST_BYTES['known-hosts']);
    return { ...found, path: realpathSync(file), mode: found.mode & 0o777 };
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
    return { path: file, content: Buffer.alloc(0), mode: 0o600, uid: 0 };
  }
}

interface Rest {
  readonly removed: RemovedEntry;
  /** The line for the other names on it; undefined: there are none. */
  readonly line: string | undefined;
}

/** A line without the host; undefined: it says nothing about the host, or nothing that has to go. */
function withoutHost(
  line: string,
  key: ConfirmedKey,
  entry: KnownHost | undefined,
): Rest | undefined {
  if (entry?.marker !== 'none' || sameKey(entry.blob, key.blob)) return undefined;
  if (entriesFor([entry], key.name).length === 0) return undefined;
  const name = key.name.toLowerCase();
  const rest = entry.names.split(',').filter((one) => one.toLowerCase() !== name);
  const isHashed = entry.names.startsWith('|');
  const remaining = isHashed || rest.every((one) => one.startsWith('!')) ? '' : rest.join(',');
  if (fitsList(remaining.toLowerCase().split(','), name)) return undefined;
  return {
    removed: { line: entry.line, print: fingerprint(entry.blob), remaining },
    line: remaining === '' ? undefined : line.replace(entry.names, () => remaining),
  };
}

function withKey(text: string, key: ConfirmedKey, file: string): string {
  const entries = trustedEntries(entriesFor(parseKnownHosts(text, file), key.name));
  if (entries.some(({ blob }) => sameKey(blob, key.blob))) return text;
  const separator = text === '' || text.endsWith('\n') ? '' : '\n';
  return `${text}${separator}${knownHostLine(key)}\n`;
}

function refuseRest(key: ConfirmedKey, entries: readonly KnownHost[], why: string): void {
  const other = trustedEntries(entries).find(({ blob }) => !sameKey(blob, key.blob));
  if (other === undefined) return;
  throw new OutriggerError(
    'REFUSED',
    `the old key of ${key.name} would still be trusted: ${other.file}:${other.line} ${why} (nothing was changed)`,
  );
}
