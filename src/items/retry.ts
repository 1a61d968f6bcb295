import { isInMaintenance } from '../pacemaker/cib/cluster-options.ts';
import { connectionState } from '../pacemaker/status/crm-mon.ts';
import type { ClusterFacts } from '../model/facts.ts';
import type { AttributeChange } from '../model/item.ts';
import { shownHindrance } from './why-not-started.ts';
import { isIdle } from '../pacemaker/status/dc-state.ts';
import { failuresOf } from '../pacemaker/status/failures.ts';

/** The connection of a remote node or a guest node, with what an operator has set for it. */
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
  reason: 'left by an interrupted removal',
};

/**
 * What the cluster does not do by itself: a start that failed for good waits for a cleanup, and a connection whose
 * daemon was stopped in good order stays down until something changes the CIB (Pacemaker 3.0.0). A connection that an
 * operator stopped or unmanaged is theirs, and where something else is shown to hinder it, a retry changes nothing.
 */
export function retry(
  { cib, mon, dcState }: ClusterFacts,
  { id, isManaged, targetRole }: Connection,
): AttributeChange | undefined {
  if (!isManaged || targetRole?.toLowerCase() === 'stopped') return undefined;
  const state = connectionState(mon, id);
  if (state.state === 'node-online') return undefined;
  const failures = failuresOf(mon, [id]).filter(({ task }) => task === 'start');
  if (failures.length > 0) {
    const before = failures.map(
      ({ node, exitReason, exitStatus }) => `failed on ${node} (${exitReason || exitStatus})`,
    );
    return {
      name: 'start',
      before: [...new Set(before)].sort().join(', '),
      after: 'retried',
      reason: 'a failed start needs a cleanup',
    };
  }
  const rests = !isInMaintenance({ cib, mon }) && isIdle({ dcState });
  if (state.why !== 'not-started' || !rests) return undefined;
  if (shownHindrance({ cib, mon }, id) !== undefined) return undefined;
  return {
    name: 'connection',
    before: 'stopped',
    after: 'started',
    reason: 'usually its daemon was stopped: the cluster does not retry by itself',
  };
}
