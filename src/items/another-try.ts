import { maintenanceMode } from '../pacemaker/cib.ts';
import { connectionState, type CrmMon } from '../pacemaker/crm-mon.ts';
import type { ClusterFacts } from '../plan/facts.ts';
import type { AttributeChange } from '../plan/item.ts';

/** The connection of a remote node or a guest node, with what an operator says of it. */
interface Connection {
  /** The name of the node. */
  readonly id: string;
  readonly isManaged: boolean;
  readonly targetRole: string | undefined;
}

/** A node shall stay that a run had begun to take out. */
export const STAYS: AttributeChange = {
  name: 'removal',
  before: 'begun',
  after: undefined,
  reason: 'left by a run that was to take the node out',
};

/**
 * What the cluster does not do by itself: a start that failed for good waits for a cleanup, and a connection whose
 * daemon was stopped in good order stays down until something changes the CIB (Pacemaker 3.0.0). A connection that an
 * operator stopped or unmanaged is theirs.
 */
export function anotherTry(
  { cib, mon, dcState }: ClusterFacts,
  { id, isManaged, targetRole }: Connection,
): AttributeChange | undefined {
  if (!isManaged || targetRole?.toLowerCase() === 'stopped') return undefined;
  const state = connectionState(mon, id);
  if (state.state === 'truly-in') return undefined;
  const failures = mon.failures.filter(({ operationKey }) =>
    operationKey.startsWith(`${id}_start_`),
  );
  if (failures.length > 0) {
    const before = failures.map(
      ({ node, exitReason, exitStatus }) => `failed on ${node} (${exitReason || exitStatus})`,
    );
    return {
      name: 'start',
      before: [...new Set(before)].sort().join(', '),
      after: 'tried again',
      reason: 'a failed start waits for a cleanup',
    };
  }
  const rests = cib.haveQuorum && !maintenanceMode(cib) && dcState.includes('S_IDLE');
  if (state.why !== 'not-started' || !rests || !hasPlace(mon, id)) return undefined;
  return {
    name: 'connection',
    before: 'stopped',
    after: 'started',
    reason: 'its daemon was stopped, and the cluster does not try again by itself',
  };
}

/** Whether there is a cluster node from which the cluster may connect: without one another try changes nothing. */
const hasPlace = ({ nodes, bans }: CrmMon, id: string): boolean =>
  [...nodes.values()].some(
    ({ name, type, online, standby }) =>
      type === 'member' &&
      online &&
      !standby &&
      !bans.some(({ resource, node }) => resource === id && node === name),
  );
