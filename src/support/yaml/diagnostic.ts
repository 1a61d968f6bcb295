import { shorten } from '../text/printable.ts';
import type { Position } from './source-text.ts';

/**
 * What can be wrong with an inventory or a playbook, as stable words that tests and scripts can rely on.
 * docs/troubleshooting.md has an entry for each.
 */
export const DIAGNOSTIC_CODES = [
  'too-large',
  'yaml-empty',
  'yaml-syntax',
  'yaml-documents',
  'yaml-tag',
  'yaml-key',
  'yaml-alias',
  'duplicate-key',
  'ambiguous-key',
  'ambiguous-value',
  'control-character',
  'unknown-key',
  'missing-key',
  'wrong-key',
  'wrong-type',
  'wrong-value',
  'not-implemented',
  'renamed',
  'conflicting-keys',
  'wrong-range',
  'wrong-name',
  'wrong-address',
  'name-of-cluster-node',
  'name-of-resource',
  'duplicate-name',
  'address-of-cluster-node',
  'duplicate-address',
  'duplicate-server',
  'duplicate-resource',
  'wrong-resource',
  'duplicate-plug',
  'missing-device',
  'unknown-group',
  'unused-group',
  'reserved-meta',
  'reserved-attribute',
  'no-effect',
  'revoked-node',
  'missing-file',
  'unreadable-file',
  'wrong-file',
  'empty-file',
  'exposed-file',
  'invalid-certificate',
  'empty-play',
  'wrong-hosts',
  'wrong-items',
  'unsafe-batch',
  'unsafe-order',
] as const;

export type DiagnosticCode = (typeof DIAGNOSTIC_CODES)[number];

/** Something wrong with a document, told by the path of the value; where that is in the file comes later. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly code: DiagnosticCode;
  /** JSON pointer of the value at fault. */
  readonly path: string;
  /** Whether to point at the value (default) or at its key. */
  readonly at?: 'key' | 'value';
  readonly message: string;
  /** What would have been right. */
  readonly expected?: string;
  /** The known word that was probably meant. */
  readonly suggestion?: string;
}

/** A finding at its place in a file. */
export interface Diagnostic extends Position, Omit<Finding, 'at'> {
  readonly file: string;
}

type More = Partial<Pick<Finding, 'at' | 'expected' | 'suggestion'>>;

/** What a message quotes may be as long as the file. */
const LONGEST_MESSAGE = 500;

/** A fault that makes the document unusable. */
export const errorAt = (
  path: string,
  code: DiagnosticCode,
  message: string,
  more: More = {},
): Finding => ({
  severity: 'error',
  code,
  path,
  message: shorten(message, LONGEST_MESSAGE),
  ...more,
});

/** Something that is probably not meant, but does no harm. */
export const warningAt = (
  path: string,
  code: DiagnosticCode,
  message: string,
  more: More = {},
): Finding => ({ ...errorAt(path, code, message, more), severity: 'warning' });

/** The one order in which diagnostics are shown: by file and position, then by code and message. */
export const sortDiagnostics = (diagnostics: readonly Diagnostic[]): Diagnostic[] =>
  diagnostics.toSorted(
    (a, b) =>
      compare(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      compare(a.code, b.code) ||
      compare(a.message, b.message),
  );

export const hasErrors = (found: readonly { readonly severity: 'error' | 'warning' }[]): boolean =>
  found.some(({ severity }) => severity === 'error');

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
