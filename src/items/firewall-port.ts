import { DEFAULT_PORT } from '../pacemaker/names.ts';
import type { FirewallFacts, FirewallZone, ZoneRules } from '../plan/facts.ts';
import type { AttributeChange, HostItem } from '../plan/item.ts';
import { isWithin, normalAddress } from '../spec/address.ts';
import type { PacemakerRemoteSpec } from '../spec/spec.ts';

// firewalld's own service definition: 2224, 3121, 5403, 9929, 21064 and more (config/services/high-availability.xml).
const HIGH_AVAILABILITY_SERVICE = 'high-availability';

/** The firewall lets the cluster nodes reach the daemon: now and after a reload, and nobody else through our rule. */
export const firewallPortItem = (
  host: string,
  { server, port }: Pick<PacemakerRemoteSpec, 'server' | 'port'>,
  sources: readonly string[],
): HostItem => ({
  kind: 'firewall-port',
  host,
  compare: ({ firewall }) => {
    if (firewall.kind === 'none') return undefined;
    const closed = sources.flatMap((source) =>
      zonesFor(firewall, server, source)
        .filter(
          (zone) => !accepts(zone.runtime, port, source) || !accepts(zone.permanent, port, source),
        )
        .map((zone) => ({ zone, source })),
    );
    if (closed.length === 0) return undefined;
    return {
      attributes: closed.map(({ zone, source }) => describe(zone, port, source)),
      actions: closed.map(({ zone, source }) => ({
        kind: 'script',
        script: 'open-firewalld',
        params: [zone.name, ruleFor(port, source)],
        timeoutMs: 60_000,
      })),
      needsRestart: false,
      risks: [],
    };
  },
});

type Firewalld = Extract<FirewallFacts, { kind: 'firewalld' }>;

/**
 * A zone bound to the source address wins over the zone of the interface (firewalld.zones(5)): of the one that has the
 * address where the cluster connects, where that is known.
 */
function zonesFor(
  { zones, zoneOf }: Firewalld,
  server: string,
  source: string,
): readonly FirewallZone[] {
  const bound = zones.filter((zone) => zone.sources.some((bounds) => isWithin(bounds, source)));
  if (bound.length > 0) return bound;
  const own = zones.filter(({ name }) => name === zoneOf[normalAddress(server)]);
  if (own.length > 0) return own;
  const fallback = zones.filter((zone) => zone.isDefault);
  return fallback.length > 0 ? fallback : zones.filter((zone) => zone.sources.length === 0);
}

function accepts(rules: ZoneRules, port: number, source: string): boolean {
  return (
    rules.target === 'ACCEPT' ||
    rules.ports.some((entry) => covers(entry, port)) ||
    (port === DEFAULT_PORT && rules.services.includes(HIGH_AVAILABILITY_SERVICE)) ||
    rules.richRules.includes(ruleFor(port, source))
  );
}

/** `3121/tcp` or `3000-4000/tcp` */
function covers(entry: string, port: number): boolean {
  const [range = '', protocol = ''] = entry.split('/');
  const [first = '', last = first] = range.split('-');
  return protocol === 'tcp' && Number(first) <= port && port <= Number(last);
}

/** The rule that opens a port for one cluster node. */
export const ruleFor = (port: number, source: string): string =>
  `rule family="${source.includes(':') ? 'ipv6' : 'ipv4'}" source address="${source}" port port="${port}" protocol="tcp" accept`;

function describe(zone: FirewallZone, port: number, source: string): AttributeChange {
  const now = accepts(zone.runtime, port, source);
  return {
    name: `${zone.name} ${port}/tcp from ${source}`,
    before: now ? 'open until the next reload' : 'closed',
    after: 'open',
  };
}
