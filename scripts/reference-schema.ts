/** A JSON Schema as tables for people: one section for each kind of object in it. */

type Scalar = string | number | boolean;

interface Schema {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly Scalar[];
  readonly const?: Scalar;
  readonly default?: Scalar | object;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly 'x-expected'?: string;
  readonly 'x-notImplemented'?: readonly string[];
}

/** An object that has a section of its own. */
interface Section {
  readonly name: string;
  readonly schema: Schema;
}

/** The sections of one document, as Markdown. */
export function referenceOf(document: unknown): string {
  const root = document as Schema;
  const title = root.title ?? 'Document';
  const sections: Section[] = [{ name: '', schema: root }];
  const parts: string[] = [];
  // Sections are found while earlier ones are written.
  for (const section of sections)
    parts.push(sectionText(section, new Reader(root, title, sections)));
  return parts.join('\n\n');
}

function sectionText({ name, schema }: Section, reader: Reader): string {
  const rows = Object.entries(schema.properties ?? {}).map(([key, raw]) => {
    const property = reader.resolve(raw);
    const isRequired = schema.required?.includes(key) === true;
    const cells = [
      `\`${key}\``,
      reader.typeOf(raw, key),
      defaultOf(property, isRequired),
      property.properties === undefined ? textOf(property) : (property.description ?? ''),
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  if (schema.properties === undefined && schema.oneOf !== undefined)
    return [reader.heading(name), textOf(schema), `${reader.typeOf(schema, name)}.`].join('\n\n');
  return [
    reader.heading(name),
    textOf(schema),
    ['| key | value | default | what it is |', '| --- | --- | --- | --- |', ...rows].join('\n'),
  ].join('\n\n');
}

function textOf(schema: Schema): string {
  const missing = schema['x-notImplemented'] ?? [];
  const rest =
    missing.length === 0 ? '' : ` Not yet: ${missing.map((name) => `\`${name}\``).join(', ')}.`;
  return `${schema.description ?? ''}${rest}`;
}

function defaultOf({ default: value }: Schema, isRequired: boolean): string {
  if (isRequired) return 'required';
  if (value === undefined || typeof value === 'object') return '';
  return `\`${String(value)}\``;
}

class Reader {
  readonly #root: Schema;
  readonly #title: string;
  readonly #sections: Section[];

  constructor(root: Schema, title: string, sections: Section[]) {
    this.#root = root;
    this.#title = title;
    this.#sections = sections;
  }

  heading(name: string): string {
    return name === '' ? `## ${this.#title}` : `### ${this.#title}: ${name}`;
  }

  /** Follows a reference; what is said beside it wins. */
  resolve(schema: Schema): Schema {
    if (schema.$ref === undefined) return schema;
    const { $ref, ...beside } = schema;
    return { ...this.resolve(this.#root.definitions?.[nameOf($ref)] ?? {}), ...beside };
  }

  /** What a value looks like; objects are links to their section. */
  typeOf(raw: Schema, key: string): string {
    const schema = this.resolve(raw);
    const name = raw.$ref === undefined ? key : nameOf(raw.$ref);
    if (schema.oneOf !== undefined)
      return schema.oneOf.map((one) => this.typeOf(one, name)).join(' or ');
    if (schema.properties !== undefined) return this.#link(name, schema);
    if (schema.const !== undefined) return `\`${String(schema.const)}\``;
    if (schema.enum !== undefined)
      return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
    if (schema.type === 'array' && schema.items !== undefined) {
      return `list: ${this.typeOf(schema.items, singular(name))}`;
    }
    if (typeof schema.additionalProperties === 'object') {
      return `by name: ${this.typeOf(schema.additionalProperties, singular(name))}`;
    }
    return schema['x-expected'] ?? [schema.type ?? 'any'].flat().join(' or ');
  }

  #link(name: string, schema: Schema): string {
    if (this.#sections.every((section) => section.name !== name)) {
      // What a reference says beside itself is about the place, not about the object.
      const own = this.#root.definitions?.[name] ?? schema;
      this.#sections.push({ name, schema: own });
    }
    return `[${name}](#${this.#title.toLowerCase()}-${name.toLowerCase()})`;
  }
}

const nameOf = (reference: string): string => reference.split('/').at(-1) ?? reference;

const singular = (name: string): string => name.replace(/(?<!s)s$/, '');
