import { fitsGlob } from '../support/text/glob.ts';
import { OutriggerError } from '../support/errors.ts';
import { nearest } from '../support/yaml/nearest.ts';
import { expandTogether } from '../support/values/ranges.ts';
import { MAX_NODES } from './resolve-inventory.ts';
import type { NodeLists, Nodes } from './spec.ts';

interface Named {
  readonly name: string;
  readonly group?: string | undefined;
}

/**
 * The nodes that `--limit` names: names, ranges (`r[1-9]`, `r[1,3-5]`), globs (`db*`) and groups, separated by commas, or the
 * name of a whole list (`remoteNodes`). Throws USAGE for a pattern that matches nothing, so that a slip does not pass for
 * "nothing to do".
 */
export function select<Node extends Named>(
  lists: Readonly<Record<string, readonly Node[]>>,
  limit: string | undefined,
): readonly Node[] {
  const all = Object.values(lists).flat();
  if (limit === undefined) return all;
  const sets = setsIn(lists);
  const chosen = new Set(patternsIn(limit).flatMap((pattern) => matches(pattern, all, sets)));
  return all.filter(({ name }) => chosen.has(name));
}

/** The remote nodes and guest nodes that `--limit` names; both kinds, or the one that it names. */
export function selectNodes(nodes: Nodes, limit: string | undefined): Nodes {
  const { absent, remoteNodes, guestNodes } = nodes;
  const chosen = new Set<Named>(
    select<Named>(
      {
        remoteNodes: [...remoteNodes, ...absent.remoteNodes],
        guestNodes: [...guestNodes, ...absent.guestNodes],
      },
      limit,
    ),
  );
  const among = (lists: NodeLists): NodeLists => ({
    remoteNodes: lists.remoteNodes.filter((node) => chosen.has(node)),
    guestNodes: lists.guestNodes.filter((node) => chosen.has(node)),
  });
  return { ...among(nodes), absent: among(absent) };
}

/** The names of many nodes under one: the lists, and the groups that have nodes. */
function setsIn(
  lists: Readonly<Record<string, readonly Named[]>>,
): ReadonlyMap<string, readonly string[]> {
  const sets = new Map<string, string[]>();
  for (const { name, group } of Object.values(lists).flat()) {
    if (group !== undefined) sets.set(group, [...(sets.get(group) ?? []), name]);
  }
  for (const [list, nodes] of Object.entries(lists)) {
    sets.set(
      list,
      nodes.map(({ name }) => name),
    );
  }
  return sets;
}

/** The patterns between commas that stand outside of brackets. */
function patternsIn(limit: string): readonly string[] {
  const patterns: string[] = [];
  let from = 0;
  let depth = 0;
  for (const [at, letter] of [...limit.split('').entries(), [limit.length, ','] as const]) {
    if (letter === '[') depth = 1;
    if (letter === ']') depth = 0;
    if (at < limit.length && (letter !== ',' || depth > 0)) continue;
    patterns.push(limit.slice(from, at).trim());
    from = at + 1;
  }
  return patterns;
}

/** A range with commas in it as several ranges and names: `r[1,3-5]` is `r1` and `r[3-5]`. */
function alternatives(pattern: string): readonly string[] {
  const [whole = '', inside = ''] = /\[([^[\]]*,[^[\]]*)\]/.exec(pattern) ?? [];
  const parts = inside.split(',').map((part) => part.trim());
  if (whole === '' || !parts.every((part) => /^\d+(-\d+)?$/.test(part))) return [pattern];
  const [before, after] = [
    pattern.slice(0, pattern.indexOf(whole)),
    pattern.slice(pattern.indexOf(whole) + whole.length),
  ];
  // A second list would multiply them; nobody names hosts like that.
  return parts.map((part) => `${before}${part.includes('-') ? `[${part}]` : part}${after}`);
}

function matches(
  pattern: string,
  nodes: readonly Named[],
  sets: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const known = nodes.map(({ name }) => name);
  const set = sets.get(pattern);
  if (set !== undefined && known.includes(pattern)) throw ambiguous(pattern);
  const parts = alternatives(pattern);
  const found = set ?? parts.flatMap((part) => matching(part, known));
  const missing =
    set === undefined ? parts.find((part) => matching(part, known).length === 0) : undefined;
  if (found.length > 0 && missing === undefined) return found;
  const meant = padded(pattern, known) ?? nearest(pattern, [...known, ...sets.keys()]);
  const kinds = [...sets.keys()].join(' or ');
  const nothing = missing ?? pattern;
  throw new OutriggerError('USAGE', `--limit "${nothing}" matches nothing in the inventory`, {
    hint: meant === undefined ? `use names, ranges, globs or ${kinds}` : `did you mean ${meant}?`,
  });
}

/** The same range with zeros in front, where that is how the nodes are called. */
function padded(pattern: string, known: readonly string[]): string | undefined {
  for (const width of [2, 3, 4]) {
    const wide = pattern.replaceAll(/(?<=\[[\d,-]*)\d+(?=[\d,-]*\])/g, (digits) =>
      digits.padStart(width, '0'),
    );
    const isUsed = alternatives(wide).every((part) => matching(part, known).length > 0);
    if (wide !== pattern && isUsed) return wide;
  }
  return undefined;
}

function matching(pattern: string, known: readonly string[]): readonly string[] {
  const expanded = expandTogether({ name: pattern }, MAX_NODES);
  const desired =
    'fault' in expanded ? [pattern] : expanded.entries.map(({ name }) => name ?? pattern);
  if (!/[*?]/.test(pattern)) {
    const names = new Set(desired);
    return known.filter((name) => names.has(name));
  }
  return known.filter((name) => desired.some((glob) => fitsGlob(glob, name)));
}

/** Whether a pattern (a name, a range or a glob) stands for this name. */
export const fitsPattern = (pattern: string, name: string): boolean =>
  matching(pattern, [name]).length > 0;

const ambiguous = (name: string): OutriggerError =>
  new OutriggerError('USAGE', `--limit "${name}" is ambiguous: it is a node and a group`, {
    hint: 'rename the group in the inventory, or list its nodes',
  });
