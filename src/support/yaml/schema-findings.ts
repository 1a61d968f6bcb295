import { errorAt, type Finding } from './diagnostic.ts';
import { pointerSegments } from './json-pointer.ts';
import type { JsonSchema, SchemaFault } from './json-schema.ts';
import { lookalikeIn } from './lookalikes.ts';
import { nearest } from './nearest.ts';

/** A fault against a schema in the operator's words. */
export function explainFault(fault: SchemaFault): Finding {
  switch (fault.keyword) {
    case 'additionalProperties':
      return explainUnknownKey(fault);
    case 'required':
      return explainMissingKey(fault);
    case 'propertyNames':
      return explainWrongKey(fault);
    case 'type':
      return errorAt(fault.path, 'wrong-type', `${subject(fault)} is ${kindOf(fault.value)}`, {
        expected: `${expectedType(fault.rule)}${quotesHint(fault)}`,
      });
    case 'enum':
      return explainUnknownValue(fault);
    case 'uniqueItems':
      return wrongValue(fault, 'has the same entry twice');
    default:
      return wrongValue(fault, `cannot be ${shownIn(fault)}`);
  }
}

const wrongValue = (fault: SchemaFault, what: string): Finding =>
  errorAt(fault.path, 'wrong-value', `${subject(fault)} ${what}`, {
    expected: `${expectedText(fault.rule) ?? fault.message}${templateHint(fault)}${lookalikeHint(fault)}`,
  });

/** A number or a flag in quotes is a text. */
function quotesHint({ value, rule }: SchemaFault): string {
  if (typeof value !== 'string') return '';
  const isMeant =
    rule['type'] === 'boolean' ? /^(true|false)$/.test(value) : /^\d+(\.\d+)?$/.test(value);
  const isOther = ['boolean', 'integer', 'number'].includes(word(rule['type']));
  return isMeant && isOther ? ': remove the quotes' : '';
}

/** As in templates of Ansible, and in shells. */
const templateHint = ({ value }: SchemaFault): string =>
  typeof value === 'string' && /\{\{.*\}\}|\$\w|\$\{/.test(value)
    ? ' (literally: variables are not expanded)'
    : '';

/** A dash or a blank that only looks like one. */
function lookalikeHint({ path, value }: SchemaFault): string {
  const found = typeof value === 'string' && !SECRET.test(path) ? lookalikeIn(value) : undefined;
  return found === undefined ? '' : ` (here is ${found.what}: write ${found.plain})`;
}

function explainMissingKey(fault: SchemaFault): Finding {
  const where = fault.path === '' ? '' : `${subject(fault)}: `;
  const key = word(fault.params['missingProperty']);
  return errorAt(fault.path, 'missing-key', `${where}\`${key}\` is missing`);
}

function explainWrongKey({ path, params, rule }: SchemaFault): Finding {
  const key = word(params['propertyName']);
  const expected = expectedText(asSchema(rule['propertyNames']));
  return errorAt(path, 'wrong-key', `\`${key}\` cannot be used as a name here`, {
    at: 'key',
    ...(expected === undefined ? {} : { expected }),
  });
}

function explainUnknownKey({ path, params, rule }: SchemaFault): Finding {
  const key = word(params['additionalProperty']);
  if (laterWords(rule).includes(key)) return notImplemented(path, `\`${key}\``, 'key');
  const renamed = newName(rule, key);
  if (renamed !== undefined) return renamedTo(path, `\`${key}\``, renamed, 'key');
  const known = Object.keys(asSchema(rule['properties']));
  if (key === '<<') {
    return errorAt(path, 'unknown-key', 'merge keys (`<<`) are not supported', {
      at: 'key',
      expected: 'put settings shared by several nodes in `groups`',
    });
  }
  return errorAt(path, 'unknown-key', `unknown key \`${key}\``, {
    at: 'key',
    expected: oneOf(known),
    ...suggestion(nearest(key, known)),
  });
}

function explainUnknownValue(fault: SchemaFault): Finding {
  const value = word(fault.value);
  if (laterWords(fault.rule).includes(value)) {
    const key = pointerSegments(fault.path).at(-1) ?? '';
    const isEntry = /^\d+$/.test(key);
    return notImplemented(fault.path, isEntry ? `\`${value}\`` : `\`${key}: ${value}\``, 'value');
  }
  const renamed = newName(fault.rule, value);
  if (renamed !== undefined) return renamedTo(fault.path, `\`${value}\``, renamed, 'value');
  const known = words(fault.rule['enum']);
  return errorAt(fault.path, 'wrong-value', `${subject(fault)} cannot be ${shownIn(fault)}`, {
    expected: oneOf(known),
    ...suggestion(known.length === 1 ? undefined : nearest(value, known)),
  });
}

function notImplemented(path: string, what: string, at: 'key' | 'value'): Finding {
  const message = `${what} is not implemented in this version of outrigger`;
  return errorAt(path, 'not-implemented', message, { at });
}

/** `port`, or for an entry of a list `items[2]`, or `this file`. */
function subject({ path }: SchemaFault): string {
  const segments = pointerSegments(path);
  const last = segments.at(-1);
  if (last === undefined) return 'this file';
  const list = segments.at(-2);
  return /^\d+$/.test(last) && list !== undefined ? `\`${list}[${last}]\`` : `\`${last}\``;
}

/** A value for messages: itself when it is short, else what it is. */
/** What an operator took for the place of a secret is not repeated. */
const SECRET = /password|passphrase|secret|token/i;

const shownIn = ({ path, value }: SchemaFault): string =>
  SECRET.test(path) ? kindOf(value) : shown(value);

function shown(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'empty' : `\`${value}\``;
  return typeof value === 'number' ? `\`${value}\`` : kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return describeMap(Object.keys(value));
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a fraction';
  return typeof value === 'boolean' ? 'true or false' : 'a string';
}

const describeMap = (keys: readonly string[]): string =>
  keys.length === 0 ? 'an empty map' : `a map with ${keys.map((key) => `\`${key}\``).join(', ')}`;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a map (`key: value`)',
  array: 'a list',
  string: 'a string (put it in quotes if it looks like a number)',
  integer: 'a whole number',
  boolean: '`true` or `false`',
};

/** What a value of another type should have been. */
function expectedType(rule: JsonSchema): string {
  if (Array.isArray(rule['enum'])) return oneOf(words(rule['enum']));
  const types = words([rule['type']].flat()).map((type) => TYPE_NAMES[type] ?? type);
  const isPlain = types.length === 1 && rule['type'] !== 'integer';
  return (isPlain ? undefined : expectedText(rule)) ?? types.join(' or ');
}

function expectedText(rule: JsonSchema): string | undefined {
  const expected = rule['x-expected'];
  return typeof expected === 'string' ? expected : undefined;
}

const oneOf = (known: readonly string[]): string => {
  const [only, ...more] = known.map((name) => `\`${name}\``);
  return more.length === 0 ? (only ?? 'nothing') : `one of ${[only, ...more].join(', ')}`;
};

/** The name that stands for a former one. */
function newName(rule: JsonSchema, former: string): string | undefined {
  const names = asSchema(rule['x-renamed']);
  const name = Object.hasOwn(names, former) ? names[former] : undefined;
  return typeof name === 'string' ? name : undefined;
}

const renamedTo = (path: string, what: string, name: string, at: 'key' | 'value'): Finding =>
  errorAt(path, 'renamed', `${what} was renamed to \`${name}\``, { at });

const laterWords = (rule: JsonSchema): string[] => words(rule['x-notImplemented']);

const suggestion = (meant: string | undefined) =>
  meant === undefined ? {} : { suggestion: meant };

const words = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];

const word = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

const asSchema = (value: unknown): JsonSchema =>
  typeof value === 'object' && value !== null ? (value as JsonSchema) : {};
