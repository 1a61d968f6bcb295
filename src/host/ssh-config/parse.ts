import SSHConfig from 'ssh-config';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import { printable } from '../../support/printable.ts';

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
  const [found] = parsed(text, where);
  if (found?.type !== SSHConfig.DIRECTIVE) return [];
  const args = typeof found.value === 'string' ? [found.value] : found.value.map(({ val }) => val);
  if (args.every((arg) => arg === '')) throw unreadable(text, where, 'a value is missing');
  return [{ keyword: found.param.toLowerCase(), args, where }];
}

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
    `${where}: \`${printable(text.trim())}\` cannot be read: ${printable(why)}`,
    {
      hint: 'ssh -G HOST says what ssh makes of it; `sshConfig` of the connection names another file, or none',
    },
  );
