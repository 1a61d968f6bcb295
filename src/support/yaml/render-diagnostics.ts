import { sortDiagnostics, type Diagnostic } from './diagnostic.ts';
import { withEscapes } from '../text/json-escapes.ts';
import { printable, shorten } from '../text/printable.ts';
import { SourceText } from './source-text.ts';

/** How much of a long line is shown on either side of the place at fault. */
const CONTEXT = 70;

/** How many diagnostics are shown: a file of garbage has as many as it has lines. The counts tell of all. */
export const MOST_SHOWN = 100;

const LONGEST_PATH = 500;

/** Diagnostics for people: where, what, the line with a caret, what was expected, what was probably meant. */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  texts: ReadonlyMap<string, string>,
): string {
  const lineOf = lineReader(texts);
  const blocks = sortDiagnostics(diagnostics)
    .slice(0, MOST_SHOWN)
    .map((diagnostic) => renderOne(diagnostic, lineOf(diagnostic)).join('\n'));
  const more = diagnostics.length - blocks.length;
  const rest = more > 0 ? `and ${more} more: ` : '';
  return [...blocks, rest + summary(diagnostics)].join('\n\n') + '\n';
}

/** Returns the line of a diagnostic, secrets hidden; many diagnostics may be on one line of any length. */
function lineReader(
  texts: ReadonlyMap<string, string>,
): (diagnostic: Diagnostic) => string | undefined {
  const sources = new Map(Array.from(texts, ([file, text]) => [file, new SourceText(text)]));
  const known = new Map<string, string>();
  return ({ file, line }) => {
    const source = sources.get(file);
    if (source === undefined) return undefined;
    const key = `${line} ${file}`;
    const text = known.get(key) ?? withoutSecret(source.line(line));
    known.set(key, text);
    return text;
  };
}

/** Diagnostics for programs: a JSON text that is safe to print and complete. */
export function diagnosticsAsJson(diagnostics: readonly Diagnostic[]): string {
  const { errorCount, warningCount } = counts(diagnostics);
  const report = {
    formatVersion: '1.0',
    valid: errorCount === 0,
    errorCount,
    warningCount,
    diagnostics: sortDiagnostics(diagnostics)
      .slice(0, MOST_SHOWN)
      .map((diagnostic) => ({ ...diagnostic, path: shorten(diagnostic.path, LONGEST_PATH) })),
  };
  return `${withEscapes(JSON.stringify(report, undefined, 2))}\n`;
}

function renderOne(diagnostic: Diagnostic, sourceLine: string | undefined): string[] {
  const { file, line, column, severity, message, expected, suggestion, code } = diagnostic;
  const gutter = ' '.repeat(String(line).length);
  return [
    `${printable(file)}:${line}:${column}: ${severity}: ${printable(message)} [${printable(code)}]`,
    ...(sourceLine === undefined ? [] : frame(sourceLine, diagnostic)),
    ...(expected === undefined ? [] : [`  ${gutter} = expected: ${printable(expected)}`]),
    ...(suggestion === undefined
      ? []
      : [`  ${gutter} = did you mean \`${printable(suggestion)}\`?`]),
  ];
}

/** What looks like a secret in clear text; the file may have it, but a log shall not. Bounded, or it takes hours. */
const SECRET = /((?:password|passphrase|secret|token)\w{0,24}["']?\s{0,24}:\s*)(\S.*)/i;

const withoutSecret = (line: string): string =>
  line.replace(SECRET, (_, key: string, value: string) => key + '*'.repeat(value.length));

function frame(sourceLine: string, { line, column }: Diagnostic): string[] {
  // A character is one or two units long; cut in units first, for the line may be as long as the file.
  const start = column - 1;
  const left = Array.from(sourceLine.slice(Math.max(0, start - 2 * CONTEXT - 1), start));
  const right = Array.from(sourceLine.slice(start, start + 2 * CONTEXT + 1));
  const before = printable(left.slice(-CONTEXT).join(''));
  const after = printable(right.slice(0, CONTEXT).join(''));
  const number = String(line);
  return [
    `  ${number} | ${before}${after}`,
    `  ${' '.repeat(number.length)} | ${' '.repeat(Array.from(before).length)}^`,
  ];
}

function summary(diagnostics: readonly Diagnostic[]): string {
  const { errorCount, warningCount } = counts(diagnostics);
  return `${counted(errorCount, 'error')}, ${counted(warningCount, 'warning')}`;
}

const counted = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? '' : 's'}`;

function counts(diagnostics: readonly Diagnostic[]): { errorCount: number; warningCount: number } {
  const errorCount = diagnostics.filter(({ severity }) => severity === 'error').length;
  return { errorCount, warningCount: diagnostics.length - errorCount };
}
