/**
 * How Pacemaker's fencer reads `pcmk_host_list` and `pcmk_host_map`.
 * Sources: ClusterLabs/pacemaker 2.1.5, 3.0.0 and 3.0.2, lib/fencing/st_client.c (stonith__parse_targets) and
 * daemons/fenced/fenced_commands.c (build_port_aliases, can_fence_host_with_device).
 */

/** The names in a `pcmk_host_list`: between blanks, commas, semicolons and line breaks, which may be written as `\n`. */
export const namesInList = (list: string): readonly string[] =>
  list.split(/(?:[\s,;]|\\n)+/).filter((name) => name !== '');

/** The entries of a `pcmk_host_map`, each `name:plug` or `name=plug`, between semicolons, blanks and tabs. */
export function plugsInMap(map: string): ReadonlyMap<string, string> {
  const plugs = new Map<string, string>();
  for (const entry of map.split(/[; \t]+/)) {
    const parts = entry.split(/[:=]/);
    const name = parts.at(-2);
    if (name !== undefined && name !== '') plugs.set(name.toLowerCase(), parts.at(-1) ?? '');
  }
  return plugs;
}

/**
 * Whether a name may stand in a list: an entry `on` or `off` is skipped, and a line that has `invalid` or `variable`
 * anywhere is taken for a complaint of the agent and skipped whole, with every other name in it.
 */
export const isListable = (name: string): boolean =>
  !/invalid|variable/.test(name) && !/^(on|off)$/i.test(name);

/** A list or map without an entry, and without what separated it; as it is where the entry is not in it. */
export function withoutEntry(value: string, entry: string): string {
  const parts = value.split(/([\s,;]+)/);
  const at = parts.lastIndexOf(entry);
  if (at < 0) return value;
  parts.splice(Math.max(0, at - 1), 2);
  return parts.join('');
}

const DEFAULT_SEPARATOR = { list: ' ', map: ';' } as const;
const SEPARATORS = { list: /[ \t,;]+/g, map: /[; \t]+/g } as const;

/** What separates the entries of a value: the last separator in it. */
export function separatorIn(value: string, kind: 'list' | 'map'): string {
  const separators = [...value.matchAll(SEPARATORS[kind])].filter(({ index }) => index > 0);
  return separators.at(-1)?.[0] ?? DEFAULT_SEPARATOR[kind];
}
