import { messageOf, OutriggerError } from '../../support/errors.ts';
import { printable, printableText } from '../../support/text/printable.ts';

/** What is said on stderr of an error that ended a command; what it quotes may come from anywhere. */
export const describeError = (thrown: unknown): string => printableText(textOf(thrown));

function textOf(thrown: unknown): string {
  if (!(thrown instanceof OutriggerError)) {
    const detail =
      thrown instanceof Error && process.env['OUTRIGGER_DEBUG'] !== undefined
        ? `\n${thrown.stack ?? ''}`
        : '';
    return `outrigger: internal error: ${messageOf(thrown)}${detail}\n  this is a bug: run again with OUTRIGGER_DEBUG=1 and report what it prints\n`;
  }
  const where = thrown.host === undefined ? '' : `${printable(thrown.host)}: `;
  const hint = thrown.hint === undefined ? '' : `\n  ${thrown.hint}`;
  return `${where}${thrown.message}${hint}\n`;
}
