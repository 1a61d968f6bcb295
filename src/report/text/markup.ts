import { printable } from '../../support/text/printable.ts';

/** An element of a page. Whatever is put into it is text: nothing of it can become markup. */
export interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly content: readonly Content[];
}

export type Content = Tag | string;

/** An element; its content may be nested lists of texts and elements. */
export const tag = (
  name: string,
  attributes: Tag['attributes'] = {},
  ...content: readonly (Content | readonly Content[])[]
): Tag => ({ name, attributes, content: content.flat() });

/** A sentence; what stands in backquotes in it is code. */
export const prose = (text: string): readonly Content[] =>
  text.split('`').map((part, index) => (index % 2 === 1 ? tag('code', {}, part) : part));

/** Elements of HTML that have no end. */
const VOID: readonly string[] = ['meta', 'br'];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

const escaped = (text: string, what: RegExp): string =>
  printable(text).replace(what, (character) => ESCAPES[character] ?? character);

/** An element as HTML which is well-formed XML as well. */
export function markupText({ name, attributes, content }: Tag): string {
  const inside = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escaped(String(value), /[&<>"]/g)}"`)
    .join('');
  if (VOID.includes(name)) return `<${name}${inside}/>`;
  const text = content
    .map((part) => (typeof part === 'string' ? escaped(part, /[&<>]/g) : markupText(part)))
    .join('');
  return `<${name}${inside}>${text}</${name}>`;
}
