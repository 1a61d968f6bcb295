import type { Facts } from '../../model/facts.ts';

/** The numbers of an upstream version, without epoch and build: `1:3.0.0-2` is 3, 0, 0; undefined: it has none. */
const numbersOf = (version: string | undefined): readonly number[] | undefined =>
  /^(?:\d+:)?(\d+(?:\.\d+)+)/
    .exec(version ?? '')?.[1]
    ?.split('.')
    .map(Number);

function compareNumbers(one: readonly number[], other: readonly number[]): number {
  const length = Math.max(one.length, other.length);
  for (let index = 0; index < length; index += 1) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The oldest Pacemaker of a cluster node that is older than this version, by so many of their numbers; undefined: none is. */
export function olderClusterNode(
  version: string | undefined,
  { clusterNodes }: Facts,
  count = Infinity,
): string | undefined {
  const own = numbersOf(version)?.slice(0, count);
  if (own === undefined) return undefined;
  const [oldest] = [...clusterNodes.values()]
    .flatMap(({ packages }) => {
      const numbers = numbersOf(packages['pacemaker']);
      return numbers === undefined ? [] : [{ version: packages['pacemaker'], numbers }];
    })
    .sort((a, b) => compareNumbers(a.numbers, b.numbers));
  const isOlder = oldest !== undefined && compareNumbers(oldest.numbers.slice(0, count), own) < 0;
  return isOlder ? oldest.version : undefined;
}
