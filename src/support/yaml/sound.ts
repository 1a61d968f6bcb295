import { childPointer, parentPointer, pointerSegments } from './json-pointer.ts';
import type { SchemaFault } from './json-schema.ts';

/**
 * What is left of a document when what breaks its schema is taken out: everything that is there is right, and anything
 * may be missing. It lets the later checks run on a faulty document, so that all errors are told at once.
 */
export type Sound<T> = T extends string | number | boolean
  ? T
  : T extends readonly (infer Entry)[]
    ? readonly (Sound<Entry> | undefined)[]
    : { readonly [Key in keyof T]?: Sound<T[Key]> | undefined };

/** Faults of a collection that harm none of its values. */
const HARMLESS = ['required', 'minItems', 'uniqueItems', 'minProperties', 'maxProperties'];

/** Takes the values at fault out of a document; entries of a list keep their index. */
export function withoutFaults(value: unknown, faults: readonly SchemaFault[]): unknown {
  const harmful = faults.filter(({ keyword }) => !HARMLESS.includes(keyword));
  if (harmful.length === 0) return value;
  const holder = { root: structuredClone(value) };
  for (const fault of harmful) takeOut(holder, fault);
  return holder.root;
}

function takeOut(holder: object, { path, keyword, rule }: SchemaFault): void {
  const pointer = childPointer('', 'root') + path;
  const container = valueAt(holder, parentPointer(pointer) ?? '');
  const key = pointerSegments(pointer).at(-1);
  if (!isContainer(container) || key === undefined) return;
  const type = keyword === 'type' ? rule['type'] : undefined;
  container[key] = type === 'object' ? {} : type === 'array' ? [] : undefined;
}

function valueAt(value: unknown, pointer: string): unknown {
  let found = value;
  for (const segment of pointerSegments(pointer)) {
    if (!isContainer(found) || !Object.hasOwn(found, segment)) return undefined;
    found = found[segment];
  }
  return found;
}

const isContainer = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
