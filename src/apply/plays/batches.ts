import type { BatchSize, Play } from '../../playbook/playbook.ts';

/** A size as a number of hosts: a share is rounded up, and nothing is smaller than one. */
export function hostsIn(size: BatchSize, total: number): number {
  const count =
    typeof size === 'number' ? size : Math.ceil((total * Number.parseFloat(size)) / 100);
  return Math.max(1, count);
}

/** How many a share of the hosts may be: each connection that starts is probed for every resource of the cluster. */
const MOST_BY_SHARE = 50;

/**
 * Cuts names into batches; the last size is repeated until nothing is left. A share is never more than 50 names; a number is
 * taken as it is. No sizes: one batch.
 */
export function batchesOf(
  names: readonly string[],
  sizes: readonly BatchSize[],
): readonly (readonly string[])[] {
  const batches: (readonly string[])[] = [];
  let rest = names;
  for (let index = 0; rest.length > 0; index += 1) {
    const size = sizes[Math.min(index, sizes.length - 1)];
    const count = size === undefined ? rest.length : batchSize(size, names.length);
    batches.push(rest.slice(0, count));
    rest = rest.slice(count);
  }
  return batches;
}

const batchSize = (size: BatchSize, total: number): number =>
  typeof size === 'number' ? hostsIn(size, total) : Math.min(hostsIn(size, total), MOST_BY_SHARE);

/** Neighbouring plays for the same nodes with the same batches, which are taken together batch by batch. */
export function groupPlays(plays: readonly Play[]): readonly (readonly Play[])[] {
  const groups: Play[][] = [];
  for (const play of plays) {
    const last = groups.at(-1)?.at(-1);
    if (last !== undefined && last.batch.length > 0 && goesWith(last, play))
      groups.at(-1)?.push(play);
    else groups.push([play]);
  }
  return groups;
}

/** Plays for guest nodes have batches of one, however that is written. */
const goesWith = (one: Play, other: Play): boolean =>
  one.for === other.for && (one.for === 'guestNodes' || one.batch.join() === other.batch.join());
