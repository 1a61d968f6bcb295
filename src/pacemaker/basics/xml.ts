import { SaxesParser } from 'saxes';
import { OutriggerError, messageOf } from '../../support/errors.ts';
import { printable, shorten } from '../../support/text/printable.ts';

/** An element of an XML document. Text, comments and processing instructions are not kept: the CIB holds none that count. */
export interface XmlElement {
  readonly name: string;
  /** Without a prototype, so that an attribute named `constructor` is just an attribute. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
}

const MAX_LENGTH = 128 * 1024 * 1024;
const MAX_DEPTH = 100;
/** More than any element of Pacemaker's has; with a million of them one tag takes seconds. */
const MAX_ATTRIBUTES = 1000;
/**
 * More than fit into a reply of 32 MiB if they were real: the history of one operation has 18 attributes in 600 bytes. A
 * million of elements take 70 MiB at least, four million attributes 300.
 */
const MAX_ELEMENTS = 1_000_000;
const MAX_ATTRIBUTES_IN_ALL = 4_000_000;

/** What most elements have none of takes no memory: in a CIB of a thousand nodes there are a million of them. */
const NO_CHILDREN: readonly XmlElement[] = Object.freeze([]);
/** Without properties, and so is what is made from it; unlike one without any prototype it is kept as small as others. */
const NOTHING = Object.freeze(Object.create(null) as object);

/** An element; attributes given as `undefined` are left out. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | undefined>> = {},
  children: readonly XmlElement[] = [],
): XmlElement {
  return { name, attributes: attributesOf(attributes), children };
}

const NO_ATTRIBUTES: XmlElement['attributes'] = NOTHING as XmlElement['attributes'];

function attributesOf(
  given: Readonly<Record<string, string | undefined>>,
): XmlElement['attributes'] {
  let kept: Record<string, string> | undefined;
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue;
    kept ??= Object.create(NOTHING) as Record<string, string>;
    kept[key] = value;
  }
  return kept ?? NO_ATTRIBUTES;
}

interface OpenElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly inner: XmlElement[];
}

class TreeBuilder {
  private readonly open: OpenElement[] = [];
  private readonly names = new Map<string, string>();
  private finished: XmlElement | undefined;
  private count = 0;

  start(name: string, attributes: Readonly<Record<string, string>>): void {
    if (this.open.length >= MAX_DEPTH) throw new Error(`nested deeper than ${MAX_DEPTH} elements`);
    this.count += 1;
    if (this.count > MAX_ELEMENTS) throw new Error(`more than ${MAX_ELEMENTS} elements`);
    this.open.push({ name: this.once(name), attributes: attributesOf(attributes), inner: [] });
  }

  end(): void {
    const done = this.open.pop();
    if (done === undefined) return;
    const parent = this.open.at(-1);
    const { name, attributes, inner } = done;
    // As a copy it takes no more room than it needs.
    const whole = { name, attributes, children: inner.length === 0 ? NO_CHILDREN : inner.slice() };
    if (parent === undefined) this.finished = whole;
    else parent.inner.push(whole);
  }

  root(): XmlElement {
    if (this.finished === undefined) throw new Error('no element');
    return this.finished;
  }

  /** The parser cuts each name out anew. */
  private once(name: string): string {
    const known = this.names.get(name);
    if (known === undefined) this.names.set(name, name);
    return known ?? name;
  }
}

/**
 * Reads one XML document strictly. `what` names it in the error (`the CIB`). Document type declarations are refused:
 * no Pacemaker tool writes one, and entities are the classic way to make a small document large.
 */
export function parseXml(text: string, what: string): XmlElement {
  try {
    if (text.length > MAX_LENGTH) throw new Error(`longer than ${MAX_LENGTH} characters`);
    const builder = new TreeBuilder();
    const parser = new SaxesParser({ xmlns: false });
    parser.on('error', (error) => {
      throw error;
    });
    parser.on('doctype', () => {
      throw new Error('it has a document type declaration');
    });
    let attributes = 0;
    let all = 0;
    parser.on('opentagstart', () => {
      attributes = 0;
    });
    parser.on('attribute', () => {
      attributes += 1;
      all += 1;
      if (attributes > MAX_ATTRIBUTES)
        throw new Error(`an element with more than ${MAX_ATTRIBUTES} attributes`);
      if (all > MAX_ATTRIBUTES_IN_ALL)
        throw new Error(`more than ${MAX_ATTRIBUTES_IN_ALL} attributes`);
    });
    parser.on('opentag', (tag) => {
      builder.start(tag.name, tag.attributes);
    });
    parser.on('closetag', () => {
      builder.end();
    });
    parser.write(text).close();
    return builder.root();
  } catch (thrown) {
    throw new OutriggerError(
      'REPLY_INVALID',
      `${what} is not well-formed XML: ${printable(shorten(messageOf(thrown), 200))}`,
      { cause: thrown },
    );
  }
}

/** Everything outside `Char` of XML 1.0, section 2.2; a lone surrogate is outside as well. */
const NOT_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

function attributeText(owner: string, name: string, value: string): string {
  if (NOT_XML.test(value)) {
    throw new OutriggerError(
      'INPUT_INVALID',
      `<${owner}>: XML cannot carry a character in ${name}="${printable(value)}"`,
    );
  }
  return ` ${name}="${escaped(value)}"`;
}

/** A value as it stands in a document. */
export const escaped = (value: string): string =>
  value.replace(/[&<>"\t\n\r]/g, (character) => ESCAPES[character] ?? character);

function append(lines: string[], current: XmlElement, indent: string): void {
  const attributes = Object.entries(current.attributes)
    .map(([name, value]) => attributeText(current.name, name, value))
    .join('');
  if (current.children.length === 0) {
    lines.push(`${indent}<${current.name}${attributes}/>`);
    return;
  }
  lines.push(`${indent}<${current.name}${attributes}>`);
  for (const inner of current.children) append(lines, inner, `${indent}  `);
  lines.push(`${indent}</${current.name}>`);
}

/** The text of a tree, indented by two as Pacemaker's own tools write it; each value reads back as it was. */
export function serializeXml(root: XmlElement): string {
  const lines: string[] = [];
  append(lines, root, '');
  return `${lines.join('\n')}\n`;
}

/** The first child of that name. */
export const child = (parent: XmlElement, name: string): XmlElement | undefined =>
  parent.children.find((inner) => inner.name === name);

/** All children of one of these names. */
export const children = (parent: XmlElement, ...names: string[]): readonly XmlElement[] =>
  parent.children.filter((inner) => names.includes(inner.name));

/** The element reached by one name after the other. */
export const at = (root: XmlElement, ...path: string[]): XmlElement | undefined =>
  path.reduce<XmlElement | undefined>((from, name) => from && child(from, name), root);

/** The element itself and everything below, in document order. */
export function* walk(root: XmlElement): Generator<XmlElement> {
  yield root;
  for (const inner of root.children) yield* walk(inner);
}

/** Everything below that has an id; where an id occurs twice the first counts. */
export function indexById(root: XmlElement): ReadonlyMap<string, XmlElement> {
  const index = new Map<string, XmlElement>();
  for (const current of walk(root)) {
    const id = current.attributes['id'];
    if (id !== undefined && !index.has(id)) index.set(id, current);
  }
  return index;
}
