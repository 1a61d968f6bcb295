import { setTimeout as sleep } from 'node:timers/promises';
import { readCluster } from '../facts/read-cluster.ts';
import type { Host } from '../host/host.ts';
import { carrierOf, connectedNames, maintenanceMode } from '../pacemaker/cib.ts';
import { attachCluster, detachCluster } from '../pacemaker/cib-edit.ts';
import { activeOn } from '../pacemaker/crm-mon.ts';
import { decisiveOperations } from '../pacemaker/history.ts';
import type { ClusterFacts } from '../plan/facts.ts';
import type { HostItem } from '../plan/item.ts';
import type { Play } from '../playbook/playbook.ts';
import { OutriggerError } from '../support/errors.ts';
import { writeCib } from './cib.ts';
import { tellWaiting, type RunContext } from './context.ts';
import { isIdle } from './gates.ts';
import { watchCluster } from './watch-cluster.ts';

const NOTICE_LIMIT_MS = 60_000;
const RETURN_LIMIT_MS = 180_000;
const INTERVAL_MS = 1000;

/** What is said of a cluster that could not be given its resources back; undefined: it gives no answer. */
export function stillDetached(cluster: ClusterFacts | undefined): string {
  const down = cluster?.cib.clusterNodes
    .map(({ name }) => name)
    .filter((name) => cluster.mon.nodes.get(name)?.online !== true);
  const toDo =
    down?.length === 0
      ? 'Pacemaker runs on every cluster node: mend what is said here'
      : `bring Pacemaker back on ${down?.join(', ') ?? 'that node'} (journalctl -u pacemaker)`;
  return `the cluster stays in maintenance mode, where it leaves every resource alone: ${toDo}, then apply again`;
}

/**
 * Makes the cluster leave every resource alone, so that Pacemaker can be restarted on its nodes (maintenance mode: "detach
 * and reattach" in Pacemaker Administration, upgrading.rst, which excludes clusters with Pacemaker Remote nodes; what
 * their connections need besides is in apply/change-credentials.ts). Corosync goes on, and nobody is fenced: a node that
 * stops Pacemaker takes its leave. Where that is so already nothing is written. Rejects with TIMED_OUT when it does not let go.
 */
export async function detach(context: RunContext, play: Play): Promise<void> {
  await writeCib(context, play, 'detach', ({ cib }) => detachCluster(cib));
  const until = 'the cluster lets go of every resource';
  tellWaiting(context, play, until, NOTICE_LIMIT_MS);
  const { kind } = await watchCluster(context.lead, NOTICE_LIMIT_MS, isLetGo);
  if (kind === 'reached') return;
  const limit = NOTICE_LIMIT_MS / 1000;
  throw new OutriggerError('TIMED_OUT', `waited ${limit} s in vain until ${until}`);
}

/**
 * Gives the resources back to the cluster, and waits until it has nothing to do; what it has to recover may take longer, and
 * keeps nobody from the rest. Rejects with CLUSTER_NOT_READY when somebody has switched maintenance mode on meanwhile,
 * which stays, while `connections` wait to be given back.
 */
export async function attach(
  context: RunContext,
  play: Play,
  connections: readonly string[],
): Promise<void> {
  await writeCib(context, play, 'attach', ({ cib }) => attachCluster(cib));
  tellWaiting(context, play, 'the cluster is idle', NOTICE_LIMIT_MS);
  const { kind, cluster } = await watchCluster(context.lead, NOTICE_LIMIT_MS, isIdle);
  if (kind === 'limit') {
    const message = `maintenance mode has ended, and the cluster is still busy after ${NOTICE_LIMIT_MS / 1000} s: this goes on meanwhile`;
    context.emit({ type: 'notice', play: play.name, message });
  }
  if (connections.length === 0 || !maintenanceMode(cluster.cib)) return;
  throw new OutriggerError(
    'CLUSTER_NOT_READY',
    'somebody has switched maintenance mode on meanwhile, and it stays on: nothing is connected again before it is ended, and `outrigger apply` then goes on',
  );
}

/** Waits until Pacemaker on a cluster node that was restarted is back, and with it the `wanted` cluster nodes are online. */
export async function awaitMember(
  context: RunContext,
  play: Play,
  host: Host,
  wanted: readonly string[],
): Promise<void> {
  tellWaiting(context, play, `${host.name} is back in the cluster`, RETURN_LIMIT_MS);
  const deadline = performance.now() + RETURN_LIMIT_MS;
  for (;;) {
    const cluster = await tryRead(host);
    if (cluster !== undefined && isWhole(cluster, wanted)) return;
    if (performance.now() >= deadline) {
      throw new OutriggerError(
        'TIMED_OUT',
        `${host.name} was not back in the cluster ${RETURN_LIMIT_MS / 1000} s after Pacemaker was restarted there`,
      );
    }
    await sleep(INTERVAL_MS);
  }
}

/** The mark in the CIB goes when all nodes are done; what counts for one node is its daemon. */
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
export const onlineMembers = ({ cib, mon }: ClusterFacts): readonly string[] =>
  cib.clusterNodes.map(({ name }) => name).filter((name) => mon.nodes.get(name)?.online === true);

const isWhole = (cluster: ClusterFacts, wanted: readonly string[]): boolean => {
  const online = onlineMembers(cluster);
  const pending = cluster.cib.clusterNodes.some(
    ({ name }) => cluster.mon.nodes.get(name)?.pending === true,
  );
  return wanted.every((name) => online.includes(name)) && !pending && isIdle(cluster);
};

const isLetGo = (cluster: ClusterFacts): boolean =>
  isIdle(cluster) && cluster.mon.resources.every(({ managed }) => !managed);

/**
 * What was started, stopped or moved on cluster nodes since; a node that comes back finds what runs there by probes. Fence
 * devices do not count: they are started anew with Pacemaker, have no state, and can be used all the time. Nor do
 * connections, which were closed and opened again, and what runs on their nodes, which is compared for each.
 */
export function disturbances(before: ClusterFacts, after: ClusterFacts): readonly string[] {
  const { cib, mon } = before;
  const connections = connectedNames(cib);
  const others = new Set([
    ...cib.fencingDevices,
    ...connections.filter((name) => carrierOf(cib, name) === name),
    ...connections.flatMap((name) => activeOn(mon, name)),
  ]);
  const resources = [...cib.primitives.keys()].filter((id) => !others.has(id));
  const known = decisiveOperations(cib, resources);
  const happened = [...decisiveOperations(after.cib, resources)].filter((one) => !known.has(one));
  const moved = mon.resources
    .filter(({ active, primitive }) => active && resources.includes(primitive))
    .filter(({ id, nodes }) => {
      const now = after.mon.resources.filter((resource) => resource.id === id);
      return nodes.some((node) => now.every((resource) => !resource.nodes.includes(node)));
    })
    .map(({ id }) => `${id} no longer runs where it ran`);
  return [...new Set([...happened, ...moved])];
}
