import type { Settings } from '../pacemaker/basics/nvpairs.ts';
import type { Scalar } from '../inventory/schema-types.ts';

/** A number or a truth value where the text is written as one, so that it needs no quotes; it reads back as the same text. */
export const scalarOf = (text: string): Scalar => {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^(0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
};

/** Settings by name, sorted, without those that are left out. */
export const scalarsOf = (
  settings: Settings,
  isLeftOut: (name: string) => boolean,
): Readonly<Record<string, Scalar>> =>
  Object.fromEntries(
    [...settings]
      .filter(([name]) => !isLeftOut(name))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, { value }]) => [name, scalarOf(value)]),
  );

/** A key with its value, or nothing where there is none to tell. */
export const given = <Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): Partial<Record<Key, Value>> => {
  const isEmpty =
    value === undefined || (typeof value === 'object' && Object.keys(value ?? {}).length === 0);
  return isEmpty ? {} : ({ [key]: value } as Partial<Record<Key, Value>>);
};
