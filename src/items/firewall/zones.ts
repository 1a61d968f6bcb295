import type { FirewallState, FirewallZone } from '../../model/firewall.ts';
import { normalAddress } from '../../support/values/address.ts';
import { isAt, isInSet, some, type Connection, type Match } from './matching.ts';

/** A zone that a connection may belong to. */
export interface PossibleZone {
  readonly zone: FirewallZone;
  /** `maybe`: by a hardware address, or by a set whose entries are not known. */
  readonly match: 'yes' | 'maybe';
  /** What binds the connection to it; undefined: the interface, or that it is the default zone. */
  readonly boundBy: string | undefined;
}

/**
 * The zones that a connection may belong to, in the order in which firewalld looks: by priority, those bound to its source
 * before that of the interface, then by name; the default zone last, for what is left. The last of them is certain, unless
 * nothing is known. (`_policy_dispatch_sort_key` in firewall/core/nftables.py of firewalld 2.3.1; 1.3.4 has no priorities, and
 * the same order otherwise: `_set_rule_sort_zone_source`, `%%ZONE_SOURCE%%`.)
 */
export function zonesFor(state: FirewallState, connection: Connection): readonly PossibleZone[] {
  const found: PossibleZone[] = [];
  for (const possible of candidates(state, connection)) {
    found.push(possible);
    if (possible.match === 'yes') break;
  }
  return found;
}

function candidates(state: FirewallState, connection: Connection): readonly PossibleZone[] {
  const { zones, zoneOf } = state;
  const own = zoneOf[normalAddress(connection.server)];
  const bySource = zones.flatMap((zone): readonly (PossibleZone & { order: number })[] => {
    const { match, by } = bindingOf(state, zone, connection.source);
    return match === 'no' ? [] : [{ zone, match, boundBy: by, order: 1 }];
  });
  const byInterface = zones
    .filter(({ name }) => name === own)
    .map((zone) => ({ zone, match: 'yes' as const, boundBy: undefined, order: 2 }));
  const ordered = [...bySource, ...byInterface].sort(
    (one, other) =>
      (one.zone.priority ?? 0) - (other.zone.priority ?? 0) ||
      one.order - other.order ||
      (one.zone.name < other.zone.name ? -1 : 1),
  );
  const fallback = zones
    .filter(({ isDefault }) => isDefault)
    .map((zone) => ({ zone, match: 'yes' as const, boundBy: undefined }));
  return [...ordered, ...fallback];
}

function bindingOf(
  state: FirewallState,
  { sources }: FirewallZone,
  source: string,
): { readonly match: Match; readonly by: string } {
  let found: { match: Match; by: string } = { match: 'no', by: '' };
  for (const bounds of sources) {
    const set = /^ipset:(.*)$/.exec(bounds)?.[1];
    const match = set === undefined ? isAt(bounds, source) : isInSet(state, set, source);
    if (match === 'yes') return { match, by: bounds };
    if (match === 'maybe') found = { match: some(found.match, match), by: bounds };
  }
  return found;
}
