import type { Cib } from './cib.ts';
import { isFencingOn, isInMaintenance, isOptionOn } from './cluster-options.ts';
import type { CrmMon } from '../status/crm-mon.ts';
import { REMOTE_AGENT_TEXT } from '../basics/names.ts';
import { nodeKey } from '../basics/node-names.ts';
import { oncePer } from '../../support/values/once-per.ts';
import { groupBy } from '../../support/text/group-by.ts';

/** A resource that was deleted from the CIB and still runs (crm_mon: ORPHANED, since 3.0.2 `removed`). */
export interface Orphan {
  readonly id: string;
  readonly agent: string;
  /** The nodes on which it is active. */
  readonly on: readonly string[];
  /** It is the connection to the node of that name. */
  readonly isConnection: boolean;
}

/** All orphans that are active, sorted: one that is stopped is a record in the status section and nothing more. */
export function orphansIn({ resources }: Pick<CrmMon, 'resources'>): readonly Orphan[] {
  const active = resources.filter((resource) => resource.orphaned && resource.active);
  return [...groupBy(active, ({ primitive }) => primitive)]
    .map(([id, instances]) => {
      const agent = instances.at(-1)?.agent ?? '';
      return {
        id,
        agent,
        on: [...new Set(instances.flatMap(({ nodes }) => nodes))].sort(),
        isConnection: agent === REMOTE_AGENT_TEXT,
      };
    })
    .sort((one, other) => (one.id < other.id ? -1 : 1));
}

const orphanedConnections = oncePer(
  (mon: Pick<CrmMon, 'resources'>): ReadonlyMap<string, Orphan> => {
    const found = new Map<string, Orphan>();
    for (const orphan of orphansIn(mon).filter(({ isConnection }) => isConnection))
      if (!found.has(nodeKey(orphan.id))) found.set(nodeKey(orphan.id), orphan);
    return found;
  },
);

/** The connection to a node, in any spelling of its name, that was deleted and still runs. */
export const orphanedConnection = (
  mon: Pick<CrmMon, 'resources'>,
  name: string,
): Orphan | undefined => orphanedConnections(mon).get(nodeKey(name));

/** Pacemaker 3.0.2 has renamed the option and takes both names (lib/common/options.c). */
const STOPS_ORPHANS = ['stop-removed-resources', 'stop-orphan-resources'] as const;

/**
 * What ends an orphan: the cluster stops it, unless it may not (lib/pengine/unpack.c: without `stop-orphan-resources` an orphan
 * is unmanaged; lib/pacemaker/pcmk_sched_primitive.c: so is everything while fencing is on without a fence device).
 * `crm_node --remove` and `crm_resource --cleanup` change nothing (3.0.0), and `--refresh` is worse: the connection goes on, and
 * nothing shows it any more.
 */
export function endOfOrphans(cluster: {
  readonly cib: Cib;
  readonly mon: Pick<CrmMon, 'options'>;
}): string {
  if (!isOptionOn(cluster, 'stop-orphan-resources')) {
    const off = STOPS_ORPHANS.find((name) => cluster.cib.properties.has(name)) ?? STOPS_ORPHANS[1];
    return `the cluster does not stop it because ${off} is false: run \`crm_attribute --type crm_config --name ${off} --delete\` on a cluster node (true is the default), and the cluster stops it after moving or stopping the resources of its node`;
  }
  if (isInMaintenance(cluster)) return 'the cluster stops it when maintenance mode ends';
  if (isFencingOn(cluster) && cluster.cib.fencingDevices.length === 0)
    return 'the cluster stops nothing while fencing is on without a fence device: configure one, or disable fencing';
  return 'the cluster stops it automatically, unless it is unmanaged or could not be stopped: check `crm_mon -1`';
}
