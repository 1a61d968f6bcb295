import type { JsonSchema } from '../../src/support/yaml/json-schema.ts';

/** What stands where a test puts its own text. */
const HERE = '\u0040HERE\u0040';

/** One place of a document where a value or a key can stand, found in its schema. */
export interface Place {
  readonly title: string;
  readonly kind: 'value' | 'key';
  /** The schema of what stands there. */
  readonly rule: JsonSchema;
  /** What is right there, as JSON. */
  readonly right: unknown;
  /** The document with this text there (YAML, quoted where it needs to be), and the line on which it stands. */
  readonly fill: (yaml: string) => { readonly text: string; readonly line: number };
}

type Part = Readonly<Record<string, unknown>>;

/** Every place of a schema: values of each type, keys of maps, and keys that nobody knows. */
export function placesIn(schema: JsonSchema): Place[] {
  const resolve = (part: unknown): Part => {
    const own = (part ?? {}) as Part;
    const ref = own['$ref'];
    if (typeof ref !== 'string') return own;
    const target = ref
      .split('/')
      .slice(1)
      .reduce<Part>((at, key) => at[key] as Part, schema);
    return { ...target, ...own };
  };

  /** As little as the schema lets pass. */
  const sample = (part: unknown): unknown => {
    const rule = resolve(part);
    const examples = rule['examples'];
    if (Array.isArray(examples)) return examples[0];
    if (rule['type'] === 'array') return [sample(rule['items'])];
    return Object.fromEntries(requiredOf(rule).map(([key, child]) => [key, sample(child)]));
  };

  const requiredOf = (rule: Part): [string, unknown][] =>
    ((rule['required'] ?? []) as string[]).map((key) => [
      key,
      ((rule['properties'] ?? {}) as Part)[key],
    ]);

  /** `build` puts something at this place into a document that is otherwise right. */
  const walk = (part: unknown, title: string, build: (inner: unknown) => unknown): Place[] => {
    const rule = resolve(part);
    const required = Object.fromEntries(
      requiredOf(rule).map(([key, child]) => [key, sample(child)]),
    );
    const place = (kind: Place['kind'], of: Part, right: unknown, document: unknown): Place => ({
      kind,
      rule: of,
      right,
      title: `${kind === 'key' ? 'a key of ' : ''}${title || 'the document'}`,
      fill: (yaml) => filled(document, yaml),
    });
    const found = [place('value', rule, sample(rule), build(HERE))];
    for (const [key, child] of Object.entries((rule['properties'] ?? {}) as Part)) {
      const least = rule['maxProperties'] === 1 ? {} : required;
      found.push(...walk(child, `${title}/${key}`, (inner) => build({ ...least, [key]: inner })));
    }
    if (rule['items'] !== undefined)
      found.push(...walk(rule['items'], `${title}/0`, (inner) => build([inner])));
    const others = rule['additionalProperties'];
    if (typeof others === 'object')
      found.push(...walk(others, `${title}/KEY`, (inner) => build({ name: inner })));
    if (others !== undefined) {
      const value = typeof others === 'object' ? sample(others) : 1;
      const names = resolve(rule['propertyNames']);
      found.push(place('key', names, 'unheard-of', build({ ...required, [HERE]: value })));
    }
    return found;
  };
  return walk(schema, '', (inner) => inner);
}

function filled(document: unknown, yaml: string): { text: string; line: number } {
  const whole = JSON.stringify(document, undefined, 1);
  const marker = JSON.stringify(HERE);
  const at = whole.indexOf(marker);
  return {
    text: whole.slice(0, at) + yaml + whole.slice(at + marker.length),
    line: whole.slice(0, at).split('\n').length,
  };
}
