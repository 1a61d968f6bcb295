import { readdirSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { MOST_BYTES } from '../../inventory/files-named.ts';
import { errnoOf, messageOf, OutriggerError } from '../../support/errors.ts';
import { fitsGlob } from '../../support/text/glob.ts';
import { readLocalFile } from '../files/local-file.ts';
import { expandHome } from './expand.ts';
import { parseConfig, type ConfigLine } from './parse.ts';

/** A `Host` or `Match` line: what stands below it counts only where it holds. */
export type Condition = ConfigLine;

/** A setting, and the conditions that must hold for it: those of its file, and those around the Include of that file. */
export interface Directive extends ConfigLine {
  readonly conditions: readonly Condition[];
}

/** Where ssh looks (ssh_config(5), FILES). */
const SYSTEM_FILE = '/etc/ssh/ssh_config';
const MOST_INCLUDES = 16;
/** Files that include each other by wildcards multiply with every level. */
const MOST_FILES = 500;
/** Names that wildcards may have to be held against: a mistyped one would walk through the whole file system. */
const MOST_NAMES = 20_000;

/** What reading may still cost, all files together. */
interface Budget {
  files: number;
  bytes: number;
  names: number;
}

/** What relative names in an Include are relative to, and what `~` stands for. */
interface Base {
  readonly directory: string;
  readonly home: string;
}

/**
 * Everything that ssh_config says, in the order in which the first value wins: the user's file, then the system's; or
 * `file` alone; or nothing for `none`, as with `ssh -F`.
 */
export function readSshConfig(file: string | undefined, home: string): readonly Directive[] {
  if (file === 'none') return [];
  const user = { directory: posix.join(home, '.ssh'), home };
  const budget = { files: MOST_FILES, bytes: MOST_BYTES['ssh-config'], names: MOST_NAMES };
  const top = { conditions: [], depth: 0, budget };
  if (file !== undefined) return readFile(file, user, top, 'needed');
  const usual = posix.join(user.directory, 'config');
  refuseOpenFile(usual);
  return [
    ...readFile(usual, user, top, 'optional'),
    ...readFile(SYSTEM_FILE, { directory: posix.dirname(SYSTEM_FILE), home }, top, 'optional'),
  ];
}

/** As ssh does (readconf.c): whoever can write this file decides where we log in. */
function refuseOpenFile(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return;
  const isOurs = found.uid === 0 || found.uid === process.getuid?.();
  if (isOurs && (found.mode & 0o022) === 0) return;
  throw new OutriggerError('INPUT_INVALID', `${file} is writable by other users`, {
    hint: `chmod go-w ${file}, and make yourself its owner; ssh rejects it too`,
  });
}

interface Place {
  readonly conditions: readonly Condition[];
  readonly depth: number;
  readonly budget: Budget;
}

function readFile(
  file: string,
  base: Base,
  { conditions, depth, budget }: Place,
  kind: 'needed' | 'optional',
): readonly Directive[] {
  const text = textOf(file, kind, budget);
  let current: readonly Condition[] = conditions;
  return parseConfig(text, file).flatMap((line): readonly Directive[] => {
    switch (line.keyword) {
      case 'host':
      case 'match':
        current = [...conditions, line];
        return [];
      case 'include':
        if (depth >= MOST_INCLUDES) throw tooDeep(line);
        return line.args
          .flatMap((pattern) =>
            filesFor(posix.resolve(base.directory, expandHome(pattern, base.home)), line, budget),
          )
          .flatMap((path) =>
            readFile(path, base, { conditions: current, depth: depth + 1, budget }, 'needed'),
          );
      default:
        return [{ ...line, conditions: current }];
    }
  });
}

function textOf(file: string, kind: 'needed' | 'optional', budget: Budget): string {
  try {
    if (--budget.files < 0) throw new Error(`more than ${MOST_FILES} files`);
    const content = readLocalFile(file, MOST_BYTES['ssh-config']);
    budget.bytes -= content.length;
    if (budget.bytes < 0) {
      throw new Error(`more than ${MOST_BYTES['ssh-config'] / 1024 / 1024} MiB in total`);
    }
    return content.toString();
  } catch (thrown) {
    const isAbsent = errnoOf(thrown) === 'ENOENT';
    if (isAbsent && kind === 'optional') return '';
    throw new OutriggerError('INPUT_INVALID', `cannot read ${file}: ${messageOf(thrown)}`, {
      hint: 'set `sshConfig` of the connection to another file, or to none',
      cause: thrown,
    });
  }
}

const tooDeep = ({ where }: ConfigLine): OutriggerError =>
  new OutriggerError(
    'INPUT_INVALID',
    `${where}: more than ${MOST_INCLUDES} files include each other`,
  );

const tooWide = ({ where }: ConfigLine): OutriggerError =>
  new OutriggerError(
    'INPUT_INVALID',
    `${where}: more than ${MOST_NAMES} names would have to be checked`,
    { hint: 'use wildcards in the last part of the path only' },
  );

/** The files that a name with wildcards stands for, in the order of their names; a name of nothing is no error. */
function filesFor(pattern: string, line: ConfigLine, budget: Budget): readonly string[] {
  return pattern
    .split('/')
    .slice(1)
    .reduce<readonly string[]>(
      (found, part) => found.flatMap((directory) => matchesIn(directory, part, line, budget)),
      ['/'],
    )
    .filter((path) => !isMissing(path));
}

/** An Include of what is no regular file is told when it is read; ssh passes over one of a folder. */
function isMissing(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined || found.isDirectory();
}

function matchesIn(
  directory: string,
  part: string,
  line: ConfigLine,
  budget: Budget,
): readonly string[] {
  if (!/[*?[]/.test(part)) return [posix.join(directory, part)];
  const names = namesIn(directory);
  budget.names -= names.length;
  if (budget.names < 0) throw tooWide(line);
  const fits = fileMatcher(part);
  return names
    .filter((name) => fits(name) && (part.startsWith('.') || !name.startsWith('.')))
    .sort()
    .map((name) => posix.join(directory, name));
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** glob(7), for one part of a path; a `[` that nothing closes is itself. */
function fileMatcher(part: string): (name: string) => boolean {
  const classes = /\[!?\]?[^\]]*\]/g;
  if (part.search(classes) < 0) return (name) => fitsGlob(part, name);
  const literal = (text: string): string =>
    text
      .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
  const oneOf = (text: string): string =>
    text
      .replaceAll('\\', String.raw`\\`)
      .replace('[!', '[^')
      .replace(/(?<=.)\[/g, String.raw`\[`);
  let pattern = '';
  let from = 0;
  for (const { 0: found, index } of part.matchAll(classes)) {
    pattern += literal(part.slice(from, index)) + oneOf(found);
    from = index + found.length;
  }
  try {
    const matcher = new RegExp(`^${pattern}${literal(part.slice(from))}$`);
    return (name) => matcher.test(name);
  } catch {
    return () => false; // `[z-a]` is nobody
  }
}
