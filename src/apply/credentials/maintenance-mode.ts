import { setTimeout as sleep } from 'node:timers/promises';
import { readCluster } from '../../probe/read-cluster.ts';
import type { Host } from '../../host/host.ts';
import { managedResourceOf, connectedNames } from '../../pacemaker/cib/cib.ts';
import { isInMaintenance } from '../../pacemaker/cib/cluster-options.ts';
import { endMaintenance, beginMaintenance } from '../../pacemaker/procedures/edit.ts';
import { activeOn } from '../../pacemaker/status/crm-mon.ts';
import { decisiveOperations } from '../../pacemaker/cib/history.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import type { IsForeseen } from '../../plan/foreseen.ts';
import type { HostItem } from '../../model/item.ts';
import type { Play } from '../../playbook/playbook.ts';
import { OutriggerError } from '../../support/errors.ts';
import { writeCib } from '../cluster/cib.ts';
import type { EditContext } from '../run/edit-context.ts';
import { reportWaiting, reportWatching } from '../run/waiting.ts';
import { isIdle } from '../../pacemaker/status/dc-state.ts';
import { watchCluster } from '../cluster/watch-cluster.ts';

const NOTICE_LIMIT_MS = 60_000;
const RETURN_LIMIT_MS = 180_000;
const INTERVAL_MS = 1000;

/** The message for a cluster that remains in maintenance mode; undefined: it gives no answer. */
export function stillInMaintenance(cluster: ClusterFacts | undefined): string {
  const down = cluster?.cib.clusterNodes
    .map(({ name }) => name)
    .filter((name) => cluster.mon.nodes.get(name)?.online !== true);
  const toDo =
    down?.length === 0
      ? 'Pacemaker runs on every cluster node: fix the problem above'
      : `start Pacemaker on ${down?.join(', ') ?? 'that node'} (journalctl -u pacemaker)`;
  return `the cluster stays in maintenance mode, in which all resources are unmanaged: ${toDo}, then apply again`;
}

/**
 * Makes the cluster leave every resource alone, so that Pacemaker can be restarted on its nodes (maintenance mode: "detach
 * and reattach" in Pacemaker Administration, upgrading.rst, which excludes clusters with Pacemaker Remote nodes; what
 * their connections need besides is in apply/credentials/change-credentials.ts). Corosync keeps running, and no node is fenced: a node that
 * stops Pacemaker takes its leave. Where that is so already nothing is written. Rejects with TIMED_OUT when it does not let go.
 */
export async function enterMaintenance(context: EditContext, play: Play): Promise<void> {
  await writeCib(context, play, 'enter-maintenance', ({ cib }) => beginMaintenance(cib));
  const what = 'all resources to become unmanaged';
  reportWatching(context, play, what, NOTICE_LIMIT_MS);
  const { why } = await watchCluster(context.queryNode, NOTICE_LIMIT_MS, isReleased);
  if (why !== undefined) throw new OutriggerError('TIMED_OUT', `waited for ${what}: ${why}`);
}

/**
 * Returns the resources to the management of the cluster, and waits until it has nothing to do; what it has to recover may take longer, and
 * does not block the rest. Rejects with CLUSTER_NOT_READY when somebody has switched maintenance mode on meanwhile,
 * which stays, while `connections` wait to be released.
 */
export async function leaveMaintenance(
  context: EditContext,
  play: Play,
  connections: readonly string[],
): Promise<void> {
  await writeCib(context, play, 'leave-maintenance', ({ cib }) => endMaintenance(cib));
  reportWatching(context, play, 'the cluster to become idle', NOTICE_LIMIT_MS);
  const { why, cluster } = await watchCluster(context.queryNode, NOTICE_LIMIT_MS, isIdle);
  if (why !== undefined) {
    const message = `maintenance mode has ended, but a transition is still in progress (${why}): the run continues`;
    context.emit({ type: 'notice', play: play.name, message });
  }
  if (connections.length === 0 || !isInMaintenance(cluster)) return;
  throw new OutriggerError(
    'CLUSTER_NOT_READY',
    'another user has enabled maintenance mode in the meantime, and it stays on: no connection is restored until it ends; then run `outrigger apply` to continue',
  );
}

/** Waits until Pacemaker on a cluster node that was restarted is back, and with it the `wanted` cluster nodes are online. */
export async function awaitClusterNode(
  context: Pick<EditContext, 'emit'>,
  play: Play,
  host: Host,
  desired: readonly string[],
): Promise<void> {
  reportWaiting(context, play, `${host.name} to rejoin the cluster`, RETURN_LIMIT_MS);
  const deadline = performance.now() + RETURN_LIMIT_MS;
  for (;;) {
    const cluster = await tryRead(host);
    if (cluster !== undefined && isWhole(cluster, desired)) return;
    if (performance.now() >= deadline) {
      throw new OutriggerError(
        'TIMED_OUT',
        `${host.name} did not rejoin the cluster within ${RETURN_LIMIT_MS / 1000} s after Pacemaker was restarted there`,
      );
    }
    await sleep(INTERVAL_MS);
  }
}

/** The marker in the CIB is removed when all nodes are done; what counts for one node is its daemon. */
export const withoutMark = (item: HostItem): HostItem => ({
  ...item,
  compare: (facts) => {
    const found = item.compare(facts);
    return found?.needsRestart === true ? found : undefined;
  },
});

/** Pacemaker on a node that has just been restarted gives no answer for a while. */
async function tryRead(host: Host): Promise<ClusterFacts | undefined> {
  try {
    return await readCluster(host);
  } catch (thrown) {
    if (thrown instanceof OutriggerError && thrown.code !== 'HOST_UNREACHABLE') return undefined;
    throw thrown;
  }
}

/** The cluster nodes on which Pacemaker runs. */
export const onlineClusterNodes = ({ cib, mon }: ClusterFacts): readonly string[] =>
  cib.clusterNodes.map(({ name }) => name).filter((name) => mon.nodes.get(name)?.online === true);

const isWhole = (cluster: ClusterFacts, desired: readonly string[]): boolean => {
  const online = onlineClusterNodes(cluster);
  const pending = cluster.cib.clusterNodes.some(
    ({ name }) => cluster.mon.nodes.get(name)?.pending === true,
  );
  return desired.every((name) => online.includes(name)) && !pending && isIdle(cluster);
};

const isReleased = (cluster: ClusterFacts): boolean =>
  isIdle(cluster) && cluster.mon.resources.every(({ managed }) => !managed);

/**
 * What was started, stopped or moved on cluster nodes since; a node that comes back finds what runs there by probes. Fence
 * devices do not count: they are started anew with Pacemaker, have no state, and can be used all the time. Nor do
 * connections, which were closed and opened again, and what runs on their nodes, which is compared for each. What the plan
 * has foreseen is no disturbance.
 */
export function disturbances(
  before: ClusterFacts,
  after: ClusterFacts,
  isForeseen: IsForeseen,
): readonly string[] {
  const { cib, mon } = before;
  const connections = connectedNames(cib);
  const others = new Set([
    ...cib.fencingDevices,
    ...connections.filter((name) => managedResourceOf(cib, name) === name),
    ...connections.flatMap((name) => activeOn(mon, name)),
  ]);
  const resources = [...cib.primitives.keys()].filter((id) => !others.has(id));
  const known = decisiveOperations(cib, resources);
  const happened = [...decisiveOperations(after.cib, resources, isForeseen)].filter(
    (one) => !known.has(one),
  );
  const moved = mon.resources
    .filter(({ active, primitive }) => active && resources.includes(primitive))
    .filter(({ id, nodes }) => {
      const now = after.mon.resources.filter((resource) => resource.id === id);
      return nodes.some(
        (node) => !isForeseen(id, node) && now.every((resource) => !resource.nodes.includes(node)),
      );
    })
    .map(({ id }) => `${id} no longer runs on the same node`);
  return [...new Set([...happened, ...moved])];
}
