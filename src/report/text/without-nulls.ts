/** A value of a JSON document with nothing where the document says `null`, as ours are. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      inner === null ? undefined : withoutNulls(inner),
    ]),
  );
}
