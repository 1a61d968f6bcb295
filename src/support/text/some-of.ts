/** How many of a list are named where nobody needs all of them. */
const NAMED = 5;

/** The first of these, and how many more there are. */
export function someOf(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names.slice(0, NAMED).join(', ')}${more}`;
}
