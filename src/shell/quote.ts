import { OutriggerError } from '../support/errors.ts';

/**
 * One word of a POSIX shell command line, whatever `text` holds. Single quotes switch off every special character of
 * sh; a single quote itself leaves them, stands escaped, and enters them again.
 */
export function quote(text: string): string {
  if (text.includes('\0')) {
    throw new OutriggerError('INPUT_INVALID', 'a NUL character cannot be part of a command line');
  }
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
