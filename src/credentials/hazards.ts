import type { Cib } from '../pacemaker/cib/cib.ts';
import { agentOf, valuesWritten } from '../pacemaker/cib/agent.ts';
import type { PlacedPrimitive } from '../pacemaker/cib/connections.ts';
import type { HostFacts } from '../model/facts.ts';

/** Services that a node must not be without while what uses them goes on. */
const HAZARDOUS_UNITS = ['sbd.service', 'dlm.service', 'lvmlockd.service'];
const HAZARDOUS_AGENTS = ['controld', 'lvmlockd', 'clvm'];
const HAZARDOUS_FILE_SYSTEMS = ['gfs2', 'ocfs2'];

/** What runs in this cluster that a cluster node must not leave behind for a moment: units, then resources. */
export function hazardsIn(clusterNodes: readonly HostFacts[], cib: Cib): readonly string[] {
  const units = clusterNodes.flatMap(({ name, units: all }) =>
    HAZARDOUS_UNITS.filter((unit) => all[unit]?.activeState === 'active').map(
      (unit) => `${unit} on ${name}`,
    ),
  );
  const resources = [...cib.primitives.values()]
    .filter((placed) => isHazardous(cib, placed))
    .map(({ id }) => id);
  return [...units, ...resources];
}

const isHazardous = ({ ids }: Cib, { element }: PlacedPrimitive): boolean =>
  HAZARDOUS_AGENTS.includes(agentOf(element, ids).type) ||
  valuesWritten(element, 'fstype', ids).some((value) => HAZARDOUS_FILE_SYSTEMS.includes(value));
