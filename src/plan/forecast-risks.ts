import { connectedNames } from '../pacemaker/cib/cib.ts';
import type { Placed } from '../pacemaker/status/simulate.ts';
import type { ClusterFacts } from '../model/facts.ts';
import type { Forecast } from '../model/plan.ts';
import type { Risk } from '../model/risk.ts';
import type { Removals } from './removal/removals.ts';

/** The connection of a node that leaves, or what runs there: that it stops is what is desired, unless it has no other home. */
const endsWith = (leaving: readonly string[], { resource, on }: Placed): boolean =>
  leaving.includes(resource) || leaving.includes(on);

/**
 * A fencing device has no state that a move could lose, and a connection that another cluster node takes over disturbs
 * nothing on its node: the forecast shows both, but they need no `--allow`.
 */
export function forecastRisks({
  forecast,
  cluster,
  removals,
}: {
  readonly forecast: Forecast | undefined;
  readonly cluster: ClusterFacts;
  readonly removals?: Pick<Removals, 'names'> | undefined;
}): readonly Risk[] {
  if (forecast === undefined) return [];
  const { fencingDevices } = cluster.cib;
  const connections = connectedNames(cluster.cib);
  const leaving = removals?.names ?? [];
  const { effects, fencedOnFailure, withoutEligibleNode } = forecast;
  const counts = ({ resource }: { readonly resource: string }): boolean =>
    !fencingDevices.includes(resource);
  // A reload leaves a resource running; that a connection is stopped and started has a name of its own: `reconnects`.
  const others = effects.others
    .filter((other) => counts(other) && other.action !== 'reload')
    .filter(({ resource }) => !connections.includes(resource))
    .map(({ resource, action }) => `${resource} (${action})`);
  const fenced = [...new Set([...effects.fences, ...fencedOnFailure])];
  const risks: Risk[] = [
    {
      code: 'moves-resources',
      subjects: effects.moves
        .filter((move) => counts(move) && !connections.includes(move.resource))
        .map(({ resource }) => resource),
    },
    {
      code: 'stops-resources',
      subjects: [
        ...effects.stops
          .filter((stop) => counts(stop) && !endsWith(leaving, stop))
          .map(({ resource }) => resource),
        ...others,
      ],
    },
    {
      code: 'no-eligible-node',
      subjects: withoutEligibleNode.map(({ resource, on }) => `${resource} on ${on}`),
    },
    { code: 'fences-nodes', subjects: fenced },
  ];
  return risks.filter(({ subjects }) => subjects.length > 0);
}
