/**
 * How Pacemaker's fencer reads `pcmk_host_list` and `pcmk_host_map`.
 * Sources: ClusterLabs/pacemaker 2.1.5, 3.0.0 and 3.0.2, lib/fencing/st_client.c (stonith__parse_targets) and
 * daemons/fenced/fenced_commands.c (build_port_aliases, can_fence_host_with_device).
 */

import { nodeKey } from './node-names.ts';

/** The names in a `pcmk_host_list`: between blanks, commas, semicolons and line breaks, which may be written as `\n`. */
export const namesInList = (list: string): readonly string[] =>
  list.split(/(?:[\s,;]|\\n)+/).filter((name) => name !== '');

/**
 * The entries of a `pcmk_host_map`, each `name:plug` or `name=plug`, between semicolons, blanks and tabs. What follows a
 * backslash separates nothing, and no backslash is part of a plug; in a name it stays.
 */
export function plugsInMap(map: string): ReadonlyMap<string, string> {
  const plugs = new Map<string, string>();
  let name: string | undefined;
  let begin = 0;
  for (let at = 0; at <= map.length; at += 1) {
    const char = map[at] ?? ';';
    if (char === '\\') at += 1;
    else if (ASSIGNS.includes(char)) {
      if (at > begin) name = map.slice(begin, at);
      begin = at + 1;
    } else if (SEPARATES.includes(char)) {
      if (name !== undefined) plugs.set(nodeKey(name), map.slice(begin, at).replaceAll('\\', ''));
      name = undefined;
      begin = at + 1;
    }
  }
  return plugs;
}

const ASSIGNS = [':', '='];
const SEPARATES = [';', ' ', '\t'];

/** A plug as it stands in a map. */
export const escapedPlug = (plug: string): string => plug.replace(/[ \t;:=]/g, '\\$&');

/**
 * Whether a version of Pacemaker reads a plug that has to be escaped. Before 2.1.2 it leaves the backslashes in it; the
 * branch after 3.0 splits a map without looking for any (g_strsplit_set in build_port_aliases).
 */
export function readsEscapedPlugs(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[^0-9]/, 3).map(Number);
  if (major === 2) return minor > 1 || (minor === 1 && patch >= 2);
  return major === 3 && minor === 0;
}

/**
 * Whether a name may stand in a list: an entry `on` or `off` is skipped, and a line that has `invalid` or `variable`
 * anywhere is taken for a complaint of the agent and skipped whole, with every other name in it.
 */
export const isListable = (name: string): boolean =>
  !/invalid|variable/.test(name) && !/^(on|off)$/i.test(name);

/** A list or map without an entry, and without what separated it; as it is where the entry is not in it. */
export function withoutEntry(value: string, entry: string, kind: 'list' | 'map'): string {
  const parts = value.split(kind === 'list' ? /([\s,;]+)/ : /((?<!\\)[\s;]+)/);
  const at = parts.lastIndexOf(entry);
  if (at < 0) return value;
  parts.splice(Math.max(0, at - 1), 2);
  return parts.join('');
}

const DEFAULT_SEPARATOR = { list: ' ', map: ';' } as const;
const SEPARATORS = { list: /[ \t,;]+/g, map: /(?<!\\)[; \t]+/g } as const;

/** What separates the entries of a value: the last separator in it. */
export function separatorIn(value: string, kind: 'list' | 'map'): string {
  const separators = [...value.matchAll(SEPARATORS[kind])].filter(({ index }) => index > 0);
  return separators.at(-1)?.[0] ?? DEFAULT_SEPARATOR[kind];
}
