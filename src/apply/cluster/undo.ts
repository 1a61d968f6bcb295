import { readCluster } from '../../probe/read-cluster.ts';
import { connectedNames } from '../../pacemaker/cib/cib.ts';
import { protect, removeConnections } from '../../pacemaker/procedures/edit.ts';
import { liveTwinOf } from '../../pacemaker/cib/twins.ts';
import { mixedUp } from '../../plan/problems/cib-conflicts.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import { OutriggerError } from '../../support/errors.ts';
import { writeCib } from './cib.ts';
import type { EditContext, PlayName } from '../run/edit-context.ts';
import { reportWaiting, reportWatching } from '../run/waiting.ts';
import { runScript } from '../../host/run-script.ts';
import { watchCluster } from './watch-cluster.ts';
import { foldNames } from '../../support/text/fold-names.ts';

const LIMIT_MS = 60_000;

/**
 * Takes back joins that failed, without fencing: unmanage the connections, forget their failures, delete them, wait
 * until they are gone, forget the nodes. Every shorter way that was tried fenced the node (Pacemaker 3.0.0, fencing
 * enabled). This one fenced none of 41 never-seen nodes there: 38 whose key was rejected, most of them two at a time,
 * and 3 whose path was cut after the checks.
 */
export async function undoJoins(
  context: EditContext,
  play: PlayName,
  names: readonly string[],
): Promise<void> {
  const { queryNode } = context;
  const inCib = (present: ReadonlyMap<string, unknown>): string[] =>
    names.filter((name) => present.has(name));

  await writeCib(context, play, 'undo-unmanage', ({ cib }) =>
    protect(cib, inCib(cib.remoteConnections)),
  );
  reportWatching(context, play, 'the failed connections to become unmanaged', LIMIT_MS);
  const unmanaged = await watchCluster(queryNode, LIMIT_MS, ({ mon }) =>
    names.every((name) => mon.resources.every(({ id, managed }) => id !== name || !managed)),
  );
  if (unmanaged.why !== undefined)
    throw notInTime('the failed connections did not become unmanaged', unmanaged.why);
  await forgetFailures(context, play, names);

  await writeCib(context, play, 'undo-delete', ({ cib }) =>
    removeConnections(cib, inCib(cib.remoteConnections)),
  );
  reportWatching(context, play, 'the failed connections to disappear', LIMIT_MS);
  const gone = await watchCluster(queryNode, LIMIT_MS, ({ mon }) =>
    names.every((name) => mon.resources.every(({ id }) => id !== name)),
  );
  if (gone.why !== undefined) throw notInTime('the deleted connections still exist', gone.why);
  await forgetNodes(context, play, names);
}

/**
 * Makes the cluster forget nodes whose connection is gone. The controllers may still have something to write of such a
 * node, and its node_state is back then (seen once, on 3.0.0 with a guest node): so it is looked for afterwards. A node
 * that is connected would be fenced, and a cluster node would lose its membership: so the cluster is looked at right before.
 * Rejects with REFUSED then, without a name forgotten.
 */
export async function forgetNodes(
  context: EditContext,
  play: PlayName,
  names: readonly string[],
): Promise<void> {
  const timeoutMs = timeLimit(names);
  reportWaiting(
    context,
    play,
    `the cluster to remove its records of ${foldNames(names)}`,
    timeoutMs,
  );
  const deadline = performance.now() + LIMIT_MS;
  for (let left = names; ;) {
    refuseLiving(await readCluster(context.queryNode), left);
    await context.lease.confirm();
    await runScript(context.queryNode, 'forget-nodes', { params: left, timeoutMs });
    const { cib } = await readCluster(context.queryNode);
    left = names.filter((name) => cib.seen.has(name));
    if (left.length === 0) return;
    if (performance.now() >= deadline)
      throw notInTime(
        `the cluster did not remove its records of ${left.join(', ')}`,
        `not done after ${LIMIT_MS / 1000} s`,
      );
  }
}

function refuseLiving(cluster: ClusterFacts, names: readonly string[]): void {
  for (const name of names) {
    const why = isLiving(cluster, name) ? 'the cluster still has it' : twinOfLiving(cluster, name);
    if (why === undefined) continue;
    throw new OutriggerError('REFUSED', `the cluster's record of ${name} is kept: ${why}`, {
      hint: 'check `crm_mon -1`, and do not run `crm_node --remove` for a connected node: it would be fenced',
    });
  }
}

const isLiving = ({ cib, mon }: ClusterFacts, name: string): boolean =>
  [...connectedNames(cib), ...cib.clusterNodes.map((node) => node.name)].includes(name) ||
  mon.resources.some(({ id }) => id === name);

function twinOfLiving(cluster: ClusterFacts, name: string): string | undefined {
  const twin = liveTwinOf(cluster, name);
  return twin && `${mixedUp(name, twin)}, whose record would be removed too`;
}

/** Makes the cluster forget the failures of these connections. */
export async function forgetFailures(
  context: EditContext,
  play: PlayName,
  names: readonly string[],
): Promise<void> {
  const timeoutMs = timeLimit(names);
  reportWaiting(
    context,
    play,
    `the failures of the connections of ${foldNames(names)} to be cleaned up`,
    timeoutMs,
  );
  await context.lease.confirm();
  await runScript(context.queryNode, 'cleanup', { params: names, timeoutMs });
}

// The scripts take one name after the other.
const timeLimit = (names: readonly string[]): number => 60_000 + 5_000 * names.length;

/** `why`: why it was not waited for any longer. */
export const notInTime = (what: string, why: string): OutriggerError =>
  new OutriggerError('TIMED_OUT', `${what}: ${why}`, {
    hint: 'check the cluster with `crm_mon -1`; the next apply continues from there',
  });
