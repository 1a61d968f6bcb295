import { fitsGlob } from '../support/glob.ts';
import { OutriggerError } from '../support/errors.ts';
import { nearest } from '../support/nearest.ts';
import { expandTogether } from './ranges.ts';
import { MAX_NODES } from './resolve-inventory.ts';
import type { NodeLists, Nodes } from './spec.ts';

interface Named {
  readonly name: string;
  readonly group?: string | undefined;
}

/**
 * The nodes that `--limit` names: names, ranges (`r[1-9]`), globs (`db*`) and groups, separated by commas, or the name
 * of a whole list (`remoteNodes`). Throws USAGE for a pattern that matches nothing, so that a slip does not pass for
 * "nothing to do".
 */
export function select<Node extends Named>(
  lists: Readonly<Record<string, readonly Node[]>>,
  limit: string | undefined,
): readonly Node[] {
  const all = Object.values(lists).flat();
  if (limit === undefined) return all;
  const sets = setsIn(lists);
  const chosen = new Set(limit.split(',').flatMap((pattern) => matches(pattern.trim(), all, sets)));
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

function matches(
  pattern: string,
  nodes: readonly Named[],
  sets: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const known = nodes.map(({ name }) => name);
  const set = sets.get(pattern);
  if (set !== undefined && known.includes(pattern)) throw ambiguous(pattern);
  const found = set ?? matching(pattern, known);
  if (found.length > 0) return found;
  const meant = nearest(pattern, [...known, ...sets.keys()]);
  const kinds = [...sets.keys()].join(' or ');
  throw new OutriggerError('USAGE', `--limit "${pattern}" matches nothing in the inventory`, {
    hint: meant === undefined ? `give names, ranges, globs or ${kinds}` : `did you mean ${meant}?`,
  });
}

function matching(pattern: string, known: readonly string[]): readonly string[] {
  const expanded = expandTogether({ name: pattern }, MAX_NODES);
  const wanted =
    'fault' in expanded ? [pattern] : expanded.entries.map(({ name }) => name ?? pattern);
  if (!/[*?]/.test(pattern)) {
    const names = new Set(wanted);
    return known.filter((name) => names.has(name));
  }
  return known.filter((name) => wanted.some((glob) => fitsGlob(glob, name)));
}

/** Whether a pattern (a name, a range or a glob) stands for this name. */
export const fitsPattern = (pattern: string, name: string): boolean =>
  matching(pattern, [name]).length > 0;

const ambiguous = (name: string): OutriggerError =>
  new OutriggerError('USAGE', `--limit "${name}" is a node and a group: it is not clear which`, {
    hint: 'rename the group in the inventory, or name its nodes one by one',
  });
