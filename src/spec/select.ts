import { OutriggerError } from '../support/errors.ts';
import { nearest } from '../support/nearest.ts';
import { expandTogether } from './ranges.ts';
import { MAX_NODES } from './resolve-inventory.ts';
import type { Nodes } from './spec.ts';

interface Named {
  readonly name: string;
}

/**
 * The nodes that `--limit` names: names, ranges (`r[1-9]`) and globs (`db*`), separated by commas, or the name of a
 * whole list (`remoteNodes`). Throws USAGE for a pattern that matches nothing, so that a slip does not pass for
 * "nothing to do".
 */
export function select<Node extends Named>(
  lists: Readonly<Record<string, readonly Node[]>>,
  limit: string | undefined,
): readonly Node[] {
  const all = Object.values(lists).flat();
  if (limit === undefined) return all;
  const chosen = new Set(limit.split(',').flatMap((pattern) => matches(pattern.trim(), lists)));
  return all.filter(({ name }) => chosen.has(name));
}

/** The remote nodes and guest nodes that `--limit` names; both kinds, or the one that it names. */
export function selectNodes({ remoteNodes, guestNodes }: Nodes, limit: string | undefined): Nodes {
  const chosen = new Set<Named>(select<Named>({ remoteNodes, guestNodes }, limit));
  return {
    remoteNodes: remoteNodes.filter((node) => chosen.has(node)),
    guestNodes: guestNodes.filter((node) => chosen.has(node)),
  };
}

function matches(
  pattern: string,
  lists: Readonly<Record<string, readonly Named[]>>,
): readonly string[] {
  if (Object.hasOwn(lists, pattern)) return (lists[pattern] ?? []).map(({ name }) => name);
  const known = Object.values(lists).flatMap((nodes) => nodes.map(({ name }) => name));
  const wanted = expand(pattern).map(matcher);
  const found = known.filter((name) => wanted.some((matched) => matched.test(name)));
  if (found.length > 0) return found;
  const meant = nearest(pattern, [...known, ...Object.keys(lists)]);
  const kinds = Object.keys(lists).join(' or ');
  throw new OutriggerError('USAGE', `--limit "${pattern}" matches nothing in the inventory`, {
    hint: meant === undefined ? `give names, ranges, globs or ${kinds}` : `did you mean ${meant}?`,
  });
}

function expand(pattern: string): readonly string[] {
  const expanded = expandTogether({ name: pattern }, MAX_NODES);
  return 'fault' in expanded ? [pattern] : expanded.entries.map(({ name }) => name ?? pattern);
}

const matcher = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
