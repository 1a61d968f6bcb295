import SSHConfig from 'ssh-config';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import { printable } from '../../support/text/printable.ts';

/** A line of an ssh_config file that says something. */
export interface ConfigLine {
  /** In lower case: OpenSSH does not mind the case. */
  readonly keyword: string;
  readonly args: readonly string[];
  /** `FILE:LINE`, for messages. */
  readonly where: string;
}

/** The lines of an ssh_config file that say something. Throws INPUT_INVALID for one that ssh could not read either. */
export const parseConfig = (text: string, file: string): readonly ConfigLine[] =>
  text.split(/\r?\n/).flatMap((line, index) => parseLine(line, `${file}:${index + 1}`));

/** One line at a time: the library would take the next line for a value that is missing, and it counts no lines. */
function parseLine(text: string, where: string): ConfigLine[] {
  if (/^\s*(#|$)/.test(text)) return [];
  const several = SEVERAL.exec(text)?.[1];
  if (several !== undefined)
    return [{ keyword: REVOKED, args: wordsOf(several, text, where), where }];
  const [found] = parsed(text, where);
  if (found?.type !== SSHConfig.DIRECTIVE) return [];
  const { param, value } = found;
  const args = typeof value === 'string' ? [value] : value.map(({ val }) => val);
  if (args.every((arg) => arg === '')) throw unreadable(text, where, 'a value is missing');
  return [{ keyword: param.toLowerCase(), args, where }];
}

/** Takes several words since OpenSSH 10, of which the library has not heard; before, several were an error. */
const REVOKED = 'revokedhostkeys';
const SEVERAL = new RegExp(`^\\s*"?${REVOKED}"?(?:\\s*=\\s*|\\s+)(.*)$`, 'i');

/** A word that may hold quoted parts; an escaped quote, backslash or space (OpenSSH, misc.c, argv_split). */
const WORD = /(?:\\["'\\ ]|"(?:\\["'\\]|[^"])*"|'(?:\\["'\\]|[^'])*'|[^\s"'])+/y;
const PART = /\\(["'\\ ])|"((?:\\["'\\]|[^"])*)"|'((?:\\["'\\]|[^'])*)'/g;

/** The words of a line up to a comment, as ssh splits them. */
function wordsOf(rest: string, text: string, where: string): readonly string[] {
  const words: string[] = [];
  for (let at = 0; ;) {
    at += /^\s*/.exec(rest.slice(at))?.[0].length ?? 0;
    if (at === rest.length || rest[at] === '#') break;
    WORD.lastIndex = at;
    const word = WORD.exec(rest)?.[0];
    if (word === undefined || /["']/.test(rest[at + word.length] ?? ''))
      throw unreadable(text, where, 'unclosed quote');
    words.push(unquoted(word));
    at += word.length;
  }
  if (words.length === 0 || words.includes('')) throw unreadable(text, where, 'a value is missing');
  return words;
}

const unquoted = (word: string): string =>
  word.replace(
    PART,
    (_, escaped?: string, double?: string, single?: string) =>
      escaped ?? (double ?? single ?? '').replace(/\\(["'\\])/g, '$1'),
  );

function parsed(text: string, where: string): SSHConfig {
  try {
    return SSHConfig.parse(text);
  } catch (thrown) {
    // The library stumbles over a missing value with a TypeError.
    const why = thrown instanceof TypeError ? 'a value is missing' : messageOf(thrown);
    throw unreadable(text, where, why);
  }
}

const unreadable = (text: string, where: string, why: string): OutriggerError =>
  new OutriggerError(
    'INPUT_INVALID',
    `${where}: \`${printable(text.trim())}\` cannot be parsed: ${printable(why)}`,
    {
      hint: 'compare with `ssh -G HOST`; set `sshConfig` of the connection to another file, or to none',
    },
  );
