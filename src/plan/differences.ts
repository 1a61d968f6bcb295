import type { ClusterFacts, Facts } from '../model/facts.ts';
import type { CibDifference, CibItem, HostDifference, HostItem } from '../model/item.ts';
import type { Problem, StoppedGuest } from '../model/plan.ts';
import { findProblems, type Authentication } from './problems/problems.ts';
import { findStoppedGuests } from './problems/stopped-guests.ts';

/** Everything that is not as desired, and the hosts that are left out. */
export interface Differences {
  readonly problems: readonly Problem[];
  readonly stoppedGuests: readonly StoppedGuest[];
  readonly onHosts: ReadonlyMap<HostItem, HostDifference>;
  readonly inCib: ReadonlyMap<CibItem, CibDifference>;
}

/**
 * Compares what is desired with what is. Hosts that gave no answer, that must not be touched, or whose VM the cluster
 * has stopped, have no differences.
 */
export function findDifferences(
  facts: Facts,
  cluster: ClusterFacts,
  desired: { readonly hostItems: readonly HostItem[]; readonly cibItems: readonly CibItem[] },
  authentication?: Authentication,
): Differences {
  const stoppedGuests = findStoppedGuests(facts, cluster);
  const stopped = new Set(stoppedGuests.map(({ host }) => host));
  const problems = withRefusals(
    findProblems(facts, stopped, authentication),
    cluster,
    desired.cibItems,
  );
  const left = new Set([...stopped, ...problems.map(({ host }) => host)]);
  const onHosts = new Map<HostItem, HostDifference>();
  for (const item of desired.hostItems.filter(({ host }) => !left.has(host))) {
    const host = factsOf(facts, item.host);
    const difference = host === undefined ? undefined : item.compare(host);
    if (difference !== undefined) onHosts.set(item, difference);
  }
  const inCib = new Map<CibItem, CibDifference>();
  for (const item of desired.cibItems.filter(({ host }) => !left.has(host))) {
    const difference = item.compare(cluster);
    if (difference !== undefined) inCib.set(item, difference);
  }
  return { problems, stoppedGuests, onHosts, inCib };
}

/** What is wrong with a host itself counts before what it requires of the CIB. */
function withRefusals(
  problems: readonly Problem[],
  cluster: ClusterFacts,
  items: readonly CibItem[],
): readonly Problem[] {
  const known = new Set(problems.map(({ host }) => host));
  const refused = items.flatMap((item): Problem[] => {
    const reason = known.has(item.host) ? undefined : item.refuse?.(cluster);
    return reason === undefined ? [] : [{ host: item.host, kind: 'refused', ...reason }];
  });
  return [...problems, ...refused].sort((one, other) => (one.host < other.host ? -1 : 1));
}
const factsOf = ({ clusterNodes, remoteNodes, guestNodes }: Facts, name: string) =>
  remoteNodes.get(name) ?? guestNodes.get(name) ?? clusterNodes.get(name);
