import { readdirSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { messageOf, OutriggerError } from '../../support/errors.ts';
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
  if (file !== undefined) return readFile(file, user, { conditions: [], depth: 0 }, 'needed');
  const usual = posix.join(user.directory, 'config');
  refuseOpenFile(usual);
  const top = { conditions: [], depth: 0 };
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
  throw new OutriggerError('INPUT_INVALID', `${file} can be written by others`, {
    hint: `chmod go-w ${file}, with you as its owner; ssh refuses it too`,
  });
}

interface Place {
  readonly conditions: readonly Condition[];
  readonly depth: number;
}

function readFile(
  file: string,
  base: Base,
  { conditions, depth }: Place,
  kind: 'needed' | 'optional',
): readonly Directive[] {
  const text = textOf(file, kind);
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
            filesFor(posix.resolve(base.directory, expandHome(pattern, base.home))),
          )
          .flatMap((path) =>
            readFile(path, base, { conditions: current, depth: depth + 1 }, 'needed'),
          );
      default:
        return [{ ...line, conditions: current }];
    }
  });
}

function textOf(file: string, kind: 'needed' | 'optional'): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    const isAbsent = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    if (isAbsent && kind === 'optional') return '';
    throw new OutriggerError('INPUT_INVALID', `cannot read ${file}: ${messageOf(thrown)}`, {
      hint: '`sshConfig` of the connection names another file, or none',
    });
  }
}

const tooDeep = ({ where }: ConfigLine): OutriggerError =>
  new OutriggerError(
    'INPUT_INVALID',
    `${where}: more than ${MOST_INCLUDES} files include each other`,
  );

/** The files that a name with wildcards stands for, in the order of their names; a name of nothing is no error. */
function filesFor(pattern: string): readonly string[] {
  return pattern
    .split('/')
    .slice(1)
    .reduce<readonly string[]>(
      (found, part) => found.flatMap((folder) => matchesIn(folder, part)),
      ['/'],
    )
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

function matchesIn(folder: string, part: string): readonly string[] {
  if (!/[*?[]/.test(part)) return [posix.join(folder, part)];
  const matcher = fileMatcher(part);
  return namesIn(folder)
    .filter((name) => matcher.test(name) && (part.startsWith('.') || !name.startsWith('.')))
    .sort()
    .map((name) => posix.join(folder, name));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** glob(7), for one part of a path. */
const fileMatcher = (part: string): RegExp =>
  new RegExp(
    `^${part
      .replace(/[.+^${}()|\\]/g, String.raw`\$&`)
      .replaceAll('[!', '[^')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
