import { isIdle } from '../../pacemaker/status/dc-state.ts';
import { isInMaintenance } from '../../pacemaker/cib/cluster-options.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import type { Gate, Play } from '../../playbook/playbook.ts';
import { OutriggerError } from '../../support/errors.ts';
import type { EditContext } from '../run/edit-context.ts';
import { reportWatching } from '../run/waiting.ts';
import { watchCluster } from './watch-cluster.ts';

// A transition that starts connections takes up to a start timeout (60 s) for each cluster node it tries.
const LIMIT_MS = 180_000;

const OPEN: Readonly<Record<Gate, (cluster: ClusterFacts) => boolean>> = {
  quorum: ({ cib }) => cib.haveQuorum && cib.dcUuid !== undefined,
  'no-pending-transition': isIdle,
  'no-maintenance': (cluster) => !isInMaintenance(cluster),
};

const CLOSED: Readonly<Record<Gate, { because: string; hint: string }>> = {
  quorum: {
    because: 'the cluster has no quorum or no DC',
    hint: 'bring its cluster nodes back online first: without quorum the cluster starts nothing',
  },
  'no-pending-transition': {
    because: 'a transition is still in progress',
    hint: 'check pending actions with `crm_mon -1`, and apply again when the cluster is idle',
  },
  'no-maintenance': {
    because: 'the cluster is in maintenance mode and would not start the new connections',
    hint: 'end maintenance mode, then apply again; nothing was changed in the CIB',
  },
};

/** Waits until every gate of a play is open. Rejects with CLUSTER_NOT_READY when one stays closed. */
export async function passGates(
  context: Pick<EditContext, 'queryNode' | 'emit'>,
  play: Pick<Play, 'name' | 'gates'>,
): Promise<void> {
  if (play.gates.length === 0) return;
  const closedGate = (cluster: ClusterFacts): Gate | undefined =>
    play.gates.find((gate) => !OPEN[gate](cluster));
  let isReported = false;
  const { cluster } = await watchCluster(context.queryNode, LIMIT_MS, (seen) => {
    const closed = closedGate(seen);
    if (closed === undefined || closed === 'no-maintenance') return true;
    if (!isReported) reportWatching(context, play, `gates ${play.gates.join(', ')}`, LIMIT_MS);
    isReported = true;
    return false;
  });
  const closed = closedGate(cluster);
  if (closed === undefined) return;
  const { because, hint } = CLOSED[closed];
  throw new OutriggerError('CLUSTER_NOT_READY', `"${play.name}" was not started: ${because}`, {
    hint,
  });
}
