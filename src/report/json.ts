import { printable } from '../support/printable.ts';

/** A value as JSON on one line, or indented; texts from outside cannot harm the terminal that shows it. */
export const jsonText = (value: unknown, indent?: number): string =>
  `${JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'string' ? printable(inner) : inner), indent)}\n`;
