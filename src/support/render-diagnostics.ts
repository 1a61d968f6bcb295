import { sortDiagnostics, type Diagnostic } from './diagnostic.ts';
import { printable } from './printable.ts';
import { SourceText } from './source-text.ts';

/** How much of a long line is shown on either side of the place at fault. */
const CONTEXT = 70;

/** Diagnostics for people: where, what, the line with a caret, what was expected, what was probably meant. */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  texts: ReadonlyMap<string, string>,
): string {
  const sources = new Map(Array.from(texts, ([file, text]) => [file, new SourceText(text)]));
  const blocks = sortDiagnostics(diagnostics).map((diagnostic) =>
    renderOne(diagnostic, sources.get(diagnostic.file)).join('\n'),
  );
  return [...blocks, summary(diagnostics)].join('\n\n') + '\n';
}

/** Diagnostics for programs: a JSON text that is safe to print and complete. */
export function diagnosticsAsJson(diagnostics: readonly Diagnostic[]): string {
  const { errorCount, warningCount } = counts(diagnostics);
  const report = {
    valid: errorCount === 0,
    errorCount,
    warningCount,
    diagnostics: sortDiagnostics(diagnostics),
  };
  return (
    JSON.stringify(report, undefined, 2).replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, escaped) +
    '\n'
  );
}

/** What JSON.stringify leaves as it is, but a terminal would obey. */
const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');

function renderOne(diagnostic: Diagnostic, source: SourceText | undefined): string[] {
  const { file, line, column, severity, message, expected, suggestion, code } = diagnostic;
  const gutter = ' '.repeat(String(line).length);
  return [
    `${printable(file)}:${line}:${column}: ${severity}: ${printable(message)} [${printable(code)}]`,
    ...(source === undefined ? [] : frame(source.line(line), diagnostic)),
    ...(expected === undefined ? [] : [`  ${gutter} = expected: ${printable(expected)}`]),
    ...(suggestion === undefined
      ? []
      : [`  ${gutter} = did you mean \`${printable(suggestion)}\`?`]),
  ];
}

/** What looks like a secret in clear text; the file may have it, but a log shall not. */
const SECRET = /((?:password|passphrase|secret|token)\w*["']?\s*:\s*)(\S.*)/i;

const withoutSecret = (line: string): string =>
  line.replace(SECRET, (_, key: string, value: string) => key + '*'.repeat(value.length));

function frame(sourceLine: string, { line, column }: Diagnostic): string[] {
  const text = withoutSecret(sourceLine);
  const before = printable(
    Array.from(text.slice(0, column - 1))
      .slice(-CONTEXT)
      .join(''),
  );
  const after = printable(
    Array.from(text.slice(column - 1))
      .slice(0, CONTEXT)
      .join(''),
  );
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
