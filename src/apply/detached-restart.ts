import { setTimeout as sleep } from 'node:timers/promises';
import { readCluster } from '../facts/read-cluster.ts';
import type { Host } from '../host/host.ts';
import { attachCluster, detachCluster, isClusterDetached } from '../pacemaker/cib-edit.ts';
import { decisiveOperations } from '../pacemaker/history.ts';
import type { ClusterFacts } from '../plan/facts.ts';
import type { HostDifference, HostItem } from '../plan/item.ts';
import type { Play } from '../playbook/playbook.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import { writeCib } from './cib.ts';
import { conclude, tellWaiting, type RunContext } from './context.ts';
import { isIdle } from './gates.ts';
import { takeStep } from './step.ts';
import { watchCluster } from './watch-cluster.ts';

/** A cluster node whose Pacemaker has to be restarted. */
export interface MemberRestart {
  readonly host: Host;
  readonly item: HostItem;
  readonly difference: HostDifference;
}

const NOTICE_LIMIT_MS = 60_000;
const RETURN_LIMIT_MS = 180_000;
const INTERVAL_MS = 1000;

const STILL_DETACHED =
  'the cluster stays in maintenance mode, where it leaves every resource alone: bring Pacemaker back on that node (journalctl -u pacemaker), then apply again';

/**
 * Restarts Pacemaker on cluster nodes one after the other while the cluster leaves every resource alone (maintenance mode:
 * upstream's "detach and reattach", Pacemaker Administration, upgrading.rst). Only for a cluster without Pacemaker Remote
 * nodes, as upstream says; the plan refuses others. Corosync goes on, and nobody is fenced: a node that stops Pacemaker
 * takes its leave. Afterwards nothing may have been started, stopped or moved. Whatever fails, no further node is
 * restarted, and the cluster stays detached.
 */
export async function detachedRestart(
  context: RunContext,
  play: Play,
  restarts: readonly MemberRestart[],
): Promise<void> {
  const left = new Map(restarts.map((restart) => [restart.host.name, restart]));
  const settle = (host: string, verdict: Parameters<typeof conclude>[3]): void => {
    if (left.delete(host)) conclude(context, play, { host, item: 'pacemaker' }, verdict);
  };
  let isDetached = false;
  try {
    const before = await readCluster(context.lead);
    isDetached = isClusterDetached(before.cib);
    await writeCib(context, play, 'detach', ({ cib }) => detachCluster(cib));
    isDetached = true;
    await waitFor(context, play, 'the cluster lets go of every resource', isLetGo);
    for (const { host, item, difference } of restarts) {
      if (context.signal.aborted) {
        settle(host.name, { kind: 'skipped', because: 'interrupted' });
        continue;
      }
      await restartMember(context, play, { host, item, difference }, before);
    }
    await writeCib(context, play, 'attach', ({ cib }) => attachCluster(cib));
    isDetached = false;
    await waitFor(context, play, 'the cluster is idle', isIdle);
    const happened = disturbances(before, await readCluster(context.lead));
    for (const host of [...left.keys()]) {
      settle(
        host,
        happened.length === 0
          ? { kind: 'changed' }
          : { kind: 'failed', because: `the restart was not quiet: ${happened.join(', ')}` },
      );
    }
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    const hint = isDetached ? STILL_DETACHED : thrown.hint;
    for (const host of [...left.keys()])
      settle(host, { kind: 'failed', because: messageOf(thrown), hint });
  }
}

async function restartMember(
  context: RunContext,
  play: Play,
  { host, item, difference }: MemberRestart,
  before: ClusterFacts,
): Promise<void> {
  if (difference.actions.length === 0) return;
  await takeStep(host, withoutMark(item), difference, {
    probe: context.probe,
    loadAuthkey: context.loadAuthkey,
    loadCertificate: context.loadCertificate,
    onAction: (action) => {
      context.emit({ type: 'action', play: play.name, host: host.name, item: item.kind, action });
    },
  });
  tellWaiting(context, play, `${host.name} is back in the cluster`, RETURN_LIMIT_MS);
  const wanted = onlineMembers(before);
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
const withoutMark = (item: HostItem): HostItem => ({
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

const onlineMembers = ({ cib, mon }: ClusterFacts): readonly string[] =>
  cib.clusterNodes.map(({ name }) => name).filter((name) => mon.nodes.get(name)?.online === true);

const isWhole = (cluster: ClusterFacts, wanted: readonly string[]): boolean => {
  const online = onlineMembers(cluster);
  const pending = [...cluster.mon.nodes.values()].some((node) => node.pending);
  return wanted.every((name) => online.includes(name)) && !pending && isIdle(cluster);
};

const isLetGo = (cluster: ClusterFacts): boolean =>
  isIdle(cluster) && cluster.mon.resources.every(({ managed }) => !managed);

async function waitFor(
  context: RunContext,
  play: Play,
  until: string,
  isReached: (cluster: ClusterFacts) => boolean,
): Promise<void> {
  tellWaiting(context, play, until, NOTICE_LIMIT_MS);
  const { kind } = await watchCluster(context.lead, NOTICE_LIMIT_MS, isReached);
  if (kind === 'reached') return;
  throw new OutriggerError(
    'TIMED_OUT',
    `waited ${NOTICE_LIMIT_MS / 1000} s in vain until ${until}`,
  );
}

/**
 * What was started, stopped or moved since; a node that comes back finds what runs there by probes. Fence devices do not
 * count: they are started anew with Pacemaker, have no state, and can be used all the time.
 */
function disturbances(before: ClusterFacts, after: ClusterFacts): readonly string[] {
  const { primitives, fencingDevices } = before.cib;
  const resources = [...primitives.keys()].filter((id) => !fencingDevices.includes(id));
  const known = decisiveOperations(before.cib, resources);
  const happened = [...decisiveOperations(after.cib, resources)].filter((one) => !known.has(one));
  const moved = before.mon.resources
    .filter(({ active, primitive }) => active && resources.includes(primitive))
    .filter(({ id, nodes }) => {
      const now = after.mon.resources.filter((resource) => resource.id === id);
      return nodes.some((node) => now.every((resource) => !resource.nodes.includes(node)));
    })
    .map(({ id }) => `${id} no longer runs where it ran`);
  return [...new Set([...happened, ...moved])];
}
