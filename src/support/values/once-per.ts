/**
 * Computes something of an object when it is first asked for, and keeps it as long as the object lives: an index over a CIB
 * that every host asks, for example. For objects that do not change.
 */
export function oncePer<Subject extends object, Result>(
  compute: (subject: Subject) => Result,
): (subject: Subject) => Result {
  const known = new WeakMap<Subject, { readonly result: Result }>();
  return (subject) => {
    const before = known.get(subject);
    if (before !== undefined) return before.result;
    const result = compute(subject);
    known.set(subject, { result });
    return result;
  };
}
