import { withEscapes } from '../../support/text/json-escapes.ts';
import { printable } from '../../support/text/printable.ts';

/**
 * A value as JSON on one line, or indented. Texts from outside cannot harm the terminal that shows it, nor one that
 * shows what `jq -r` makes of it: control characters are spelled out.
 */
export function jsonText(value: unknown, indent?: number): string {
  const safe = (_key: string, inner: unknown): unknown =>
    typeof inner === 'string' ? printable(inner) : inner;
  return `${withEscapes(JSON.stringify(value, safe, indent))}\n`;
}
