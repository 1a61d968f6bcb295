import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { childPointer } from './json-pointer.ts';

/** A JSON schema (draft-07) as parsed JSON. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One way in which a value breaks a schema; never two for the same mistake. */
export interface SchemaFault {
  /** JSON pointer of the value at fault; for an unknown or misnamed key, of that key's value. */
  readonly path: string;
  /** The keyword of the schema that the value breaks (`type`, `enum`, `additionalProperties` ...). */
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly value: unknown;
  /** The part of the schema that the keyword stands in. */
  readonly rule: JsonSchema;
  /** What ajv says, for keywords that have no message of ours. */
  readonly message: string;
}

/** Annotations of outrigger: what is expected in words, keys or values of a later version, and former ones with their new names. */
const ANNOTATIONS = ['x-expected', 'x-notImplemented', 'x-renamed'];

const validators = new WeakMap<JsonSchema, ValidateFunction>();

/** Checks a value against a schema and tells every fault at once. */
export function findSchemaFaults(schema: JsonSchema, value: unknown): SchemaFault[] {
  const validate = validatorOf(schema);
  if (validate(value)) return [];
  return withoutNoise((validate.errors ?? []).filter(isOwnFault).map(faultOf));
}

function validatorOf(schema: JsonSchema): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: true, allowUnionTypes: true });
  ajv.addVocabulary(ANNOTATIONS);
  const validate = ajv.compile(schema);
  validators.set(schema, validate);
  return validate;
}

/** A misnamed key is told by `propertyNames`; what the name itself breaks is a repetition. */
const isOwnFault = (error: ErrorObject): boolean => error.propertyName === undefined;

function faultOf(error: ErrorObject): SchemaFault {
  const params = error.params as Readonly<Record<string, unknown>>;
  const key = params['additionalProperty'] ?? params['propertyName'];
  return {
    path: typeof key === 'string' ? childPointer(error.instancePath, key) : error.instancePath,
    keyword: error.keyword,
    params,
    value: error.data,
    rule: error.parentSchema ?? {},
    message: error.message ?? error.keyword,
  };
}

/** Keywords that say "none of these fits" after each of these has said why it does not. */
const COMBINATORS = ['anyOf', 'oneOf'];

/** What one wrong text may break all at once. */
const TEXT_KEYWORDS = ['pattern', 'minLength', 'maxLength'];

function withoutNoise(faults: readonly SchemaFault[]): SchemaFault[] {
  const combined = faults.filter(({ keyword }) => COMBINATORS.includes(keyword));
  const inside = (path: string) =>
    combined.some((outer) => `${path}/`.startsWith(`${outer.path}/`));
  const single = faults.filter((fault) => combined.includes(fault) || !inside(fault.path));
  const mistyped = new Set(
    single.filter(({ keyword }) => keyword === 'type').map(({ path }) => path),
  );
  const reported = new Set<string>();
  return single.filter(({ path, keyword }) => {
    if (keyword === 'type') return true;
    if (mistyped.has(path)) return false;
    if (!TEXT_KEYWORDS.includes(keyword)) return true;
    const isFirst = !reported.has(path);
    reported.add(path);
    return isFirst;
  });
}
