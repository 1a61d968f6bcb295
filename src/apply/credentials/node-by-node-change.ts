import pLimit from 'p-limit';
import { readCluster } from '../../probe/read-cluster.ts';
import {
  endApart,
  endStandby,
  isApart,
  isInOurStandby,
  isQuiet,
  keepApart,
  putIntoStandby,
  stopMigration,
  type CibOperation,
} from '../../pacemaker/procedures/edit.ts';
import { activeOn, connectionNode } from '../../pacemaker/status/crm-mon.ts';
import type { CredentialChange } from '../../model/credential-change.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import { foreseenIn, type IsForeseen } from '../../plan/foreseen.ts';
import type { HostItem } from '../../model/item.ts';
import { eligible, firstToChange } from '../../credentials/node-by-node-change.ts';
import type { Play } from '../../playbook/playbook.ts';
import { messageOf, OutriggerError, restated } from '../../support/errors.ts';
import { writeCib } from '../cluster/cib.ts';
import type { EditContext } from '../run/edit-context.ts';
import { failureOf, type Failures } from '../run/failures.ts';
import type { ProcedureContext } from '../run/run-context.ts';
import type { RunHosts } from '../run/run-hosts.ts';
import type { RunInput } from '../run/run-input.ts';
import { reportWatching } from '../run/waiting.ts';
import { awaitClusterNode, onlineClusterNodes, withoutMark } from './maintenance-mode.ts';
import { isIdle } from '../../pacemaker/status/dc-state.ts';
import { passGates } from '../cluster/gates.ts';
import { protectNodes, release, STILL_PROTECTED } from '../quiet-restart/quiet-protection.ts';
import { comparePlacement } from '../quiet-restart/quiet-restart.ts';
import { converge, type StepContext } from '../run/step.ts';
import { watchCluster } from '../cluster/watch-cluster.ts';

// What has to stop on a cluster node may be VMs and file systems.
const LEAVE_LIMIT_MS = 600_000;
const MOVE_LIMIT_MS = 180_000;

/** The message for a change that stopped on its way. */
const STILL_PINNED =
  'connections stay pinned to cluster nodes with matching credentials, and the cluster keeps running: fix this, then apply again; to go back, declare the previous credentials and apply';

/**
 * Changes cluster nodes one by one where Pacemaker must not be restarted under what they run: each is in standby
 * meanwhile. No connection is ever tried between two kinds of credentials, which would fence its node: each is pinned to
 * cluster nodes of its own kind, and is never migrated live. The first cluster node changes without connections; then the connected
 * nodes go over to it, with all that runs there unmanaged; then the other cluster nodes change. Nothing is put back by
 * itself: at each step the cluster can go on as it is, and the next apply finds in it how far this one came.
 */
export async function changeNodeByNode(
  context: ProcedureContext,
  play: Play,
  change: CredentialChange,
): Promise<Failures> {
  const before = await readCluster(context.queryNode);
  try {
    return await changeAll(context, play, { change, before });
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    const hints = [thrown.hint, STILL_PINNED].filter((hint) => hint !== undefined);
    throw restated(thrown, messageOf(thrown), { hint: hints.join('; ') });
  }
}

interface Window {
  readonly change: CredentialChange;
  readonly before: ClusterFacts;
  /** What else goes into the CIB when a cluster node works again. */
  readonly joins?: (cluster: ClusterFacts) => readonly CibOperation[];
}

async function changeAll(context: ProcedureContext, play: Play, window: Window): Promise<Failures> {
  const { change, before } = window;
  const { nodes } = change;
  const clusterNodes = context.clusterHosts.map(({ name }) => name);
  const done = await changedAlready(context, change);
  const left = (): readonly string[] => clusterNodes.filter((name) => !done.has(name));
  const returning = clusterNodes.filter(
    (name) => done.has(name) && isInOurStandby(before.cib, name),
  );
  if (returning.length > 0)
    await edit(context, play, 'node-by-node-end-standby', () => returning.flatMap(endStandby));
  if (eligible(before, clusterNodes).every((name) => !done.has(name))) {
    const first = firstOf(before, clusterNodes);
    await leave(
      context,
      play,
      first,
      apart(nodes, [first, ...clusterNodes.filter((one) => done.has(one))]),
    );
    await changeClusterNode(context, play, first, window);
    done.add(first);
  }
  const toDo = nodes.filter((name) => !done.has(name) || isQuiet(before.cib, name));
  // One goes first: what is wrong with it is likely to be wrong with all.
  for (const names of [toDo.slice(0, 1), toDo.slice(1)])
    if (names.length > 0) await changeNodes(context, play, { change, names, apartFrom: left() });
  for (const name of left()) {
    const others = left().filter((one) => one !== name);
    // Connections may come to the cluster node that has changed, too.
    const joins = ({ cib }: ClusterFacts): readonly CibOperation[] =>
      keepApart(cib, apart(nodes, others));
    await changeClusterNode(context, play, name, { ...window, joins });
    done.add(name);
  }
  await edit(context, play, 'node-by-node-end', ({ cib }) => endApart(cib));
  // An interrupted run may have left resources of cluster nodes on connected ones: what belongs there was compared above.
  if (isApart(before.cib)) return new Map();
  return disturbed(before, await readCluster(context.queryNode), nodes, foreseenIn(context.plan));
}

function firstOf(cluster: ClusterFacts, clusterNodes: readonly string[]): string {
  const first = firstToChange(cluster, clusterNodes);
  if (first !== undefined) return first;
  throw new OutriggerError('CLUSTER_NOT_READY', 'no cluster node is eligible to change first', {
    hint: 'it must be online, not in standby, and must not run connections that cannot be migrated',
  });
}

function disturbed(
  before: ClusterFacts,
  after: ClusterFacts,
  names: readonly string[],
  isForeseen: IsForeseen,
): Failures {
  const failures: Failures = new Map();
  for (const name of names) {
    const verdict = comparePlacement(before, after, name, isForeseen);
    if (verdict.kind === 'failed') failures.set(name, verdict);
  }
  return failures;
}

const apart = (
  connections: readonly string[],
  clusterNodes: readonly string[],
): ReadonlyMap<string, readonly string[]> =>
  new Map(connections.map((name) => [name, clusterNodes]));

/** The hosts whose daemons have taken the new credentials up. */
async function changedAlready(
  context: Pick<RunInput, 'options' | 'hostItems'> & RunHosts,
  change: CredentialChange,
): Promise<Set<string>> {
  const limit = pLimit(context.options.forks);
  const hosts = [
    ...context.clusterHosts,
    ...change.nodes.flatMap((name) => context.hosts.get(name) ?? []),
  ];
  const found = await Promise.all(
    hosts.map((host) =>
      limit(async () => {
        const facts = await context.probe(host);
        const isChanged = itemsOf(context, host.name, change).every(
          (item) => item.compare(facts) === undefined,
        );
        return isChanged ? [host.name] : [];
      }),
    ),
  );
  return new Set(found.flat());
}

const itemsOf = (
  context: Pick<RunInput, 'hostItems'>,
  host: string,
  { items }: CredentialChange,
): readonly HostItem[] =>
  items.flatMap((kind) =>
    context.hostItems
      .filter((item) => item.host === host && item.kind === kind)
      .map((item) => (kind === 'pacemaker' ? withoutMark(item) : item)),
  );

/**
 * Connections leave the cluster node that changes first, live, while all are of one kind; from then on they are not
 * migrated any more.
 */
async function leave(
  context: EditContext,
  play: Play,
  first: string,
  banned: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const connections = [...banned.keys()];
  await writeCib(context, play, 'node-by-node-move-connections', ({ cib }) =>
    keepApart(cib, banned),
  );
  await waitUntil(context, play, {
    waitingFor: `connections to move away from ${first}`,
    limitMs: MOVE_LIMIT_MS,
    isReached: (cluster) =>
      isIdle(cluster) &&
      connections.every((name) => {
        const on = connectionNode(cluster.mon, name);
        return on === undefined ? isQuiet(cluster.cib, name) : on !== first;
      }),
  });
  await writeCib(context, play, 'node-by-node-stop-migration', ({ cib }) =>
    stopMigration(cib, connections),
  );
}

/** Stands a cluster node by, brings it to the desired state, which restarts Pacemaker there, and lets it work again. */
async function changeClusterNode(
  context: Pick<RunInput, 'hostItems'> & RunHosts & EditContext,
  play: Play,
  name: string,
  { change, before, joins }: Window,
): Promise<void> {
  const host = context.hosts.get(name);
  if (host === undefined)
    throw new OutriggerError('HOST_UNREACHABLE', 'did not respond', { host: name });
  await passGates(context, play);
  await standBy(context, play, name);
  await converge(context, play, host, () => itemsOf(context, name, change));
  await awaitClusterNode(context, play, host, onlineClusterNodes(before));
  await edit(context, play, 'node-by-node-end-standby', (cluster) => [
    ...endStandby(name),
    ...(joins?.(cluster) ?? []),
  ]);
}

/** Everything leaves a cluster node. Rejects, with the standby taken back, when something stays. */
async function standBy(context: EditContext, play: Play, name: string): Promise<void> {
  await writeCib(context, play, 'node-by-node-standby', ({ cib }) => putIntoStandby(cib, name));
  const hasLeft = (cluster: ClusterFacts): boolean =>
    isIdle(cluster) &&
    cluster.mon.nodes.get(name)?.standby === true &&
    activeOn(cluster.mon, name).length === 0;
  reportWatching(context, play, `all resources to leave ${name}`, LEAVE_LIMIT_MS);
  const { why, cluster } = await watchCluster(context.queryNode, LEAVE_LIMIT_MS, hasLeft);
  if (why === undefined) return;
  await writeCib(context, play, 'node-by-node-end-standby', () => endStandby(name));
  throw new OutriggerError(
    'TIMED_OUT',
    `${activeOn(cluster.mon, name).join(', ')} did not stop or move away (${why}); Pacemaker was not restarted there`,
    { host: name },
  );
}

/** The connected nodes that change now, and the cluster nodes which have not. */
interface Going {
  readonly change: CredentialChange;
  readonly names: readonly string[];
  readonly apartFrom: readonly string[];
}

/**
 * Connected nodes go over to the cluster nodes that have changed, while the cluster leaves alone what runs on them. Rejects
 * with what is wrong with the first one that fails; it stays protected.
 */
async function changeNodes(
  context: ProcedureContext,
  play: Play,
  { change, names, apartFrom }: Going,
): Promise<void> {
  const before = await readCluster(context.queryNode);
  // Only among those that have changed: they alone are tried, and compared.
  const clusterHosts = context.clusterHosts.filter(({ name }) => !apartFrom.includes(name));
  const among = { ...context, clusterHosts };
  await protectNodes(context, play, { names, item: 'service', everything: true });
  const limit = pLimit(context.options.forks);
  const problems = new Map<string, string>();
  await Promise.all(
    names.map((name) =>
      limit(async () => {
        const because = await changeNode(context, play, name, change);
        if (because !== undefined) problems.set(name, because);
      }),
    ),
  );
  const ready = names.filter((name) => !problems.has(name));
  if (ready.length > 0) {
    // Before they are released: from then on they are where they are understood.
    await writeCib(context, play, 'node-by-node-switch', ({ cib }) => [
      ...keepApart(cib, apart(ready, apartFrom)),
      ...stopMigration(cib, ready),
    ]);
    const isNewKey = change.kind === 'authkey';
    const handled = { names: ready, item: 'service', isNewKey } as const;
    const left = await release(among, play, handled, before);
    for (const [name, because] of left) problems.set(name, because);
  }
  for (const [host, because] of problems)
    throw new OutriggerError('NOT_CONVERGED', `with its new credentials ${because}`, {
      host,
      hint: STILL_PROTECTED,
    });
  const after = await readCluster(context.queryNode);
  for (const [host, { because, hint }] of disturbed(before, after, ready, foreseenIn(context.plan)))
    throw new OutriggerError('NOT_CONVERGED', because, {
      host,
      hint,
    });
}

/** Gives why a connected node could not be changed. */
async function changeNode(
  context: Pick<RunInput, 'hostItems'> & StepContext & RunHosts,
  play: Play,
  name: string,
  change: CredentialChange,
): Promise<string | undefined> {
  const host = context.hosts.get(name);
  if (host === undefined) return 'it does not respond';
  try {
    await converge(context, play, host, () => itemsOf(context, name, change));
    return undefined;
  } catch (thrown) {
    return failureOf(thrown).because;
  }
}

/** Edits the CIB, and waits until the cluster has done what follows from it. */
async function edit(
  context: EditContext,
  play: Play,
  purpose: string,
  edits: (cluster: ClusterFacts) => readonly CibOperation[],
): Promise<void> {
  await writeCib(context, play, purpose, edits);
  let idle = 0;
  await waitUntil(context, play, {
    waitingFor: 'the cluster to become idle',
    limitMs: LEAVE_LIMIT_MS,
    // Right after an edit the DC may not have begun yet.
    isReached: (cluster) => {
      idle = isIdle(cluster) ? idle + 1 : 0;
      return idle >= 2;
    },
  });
}

async function waitUntil(
  context: EditContext,
  play: Play,
  {
    waitingFor,
    limitMs,
    isReached,
  }: {
    readonly waitingFor: string;
    readonly limitMs: number;
    readonly isReached: (cluster: ClusterFacts) => boolean;
  },
): Promise<void> {
  reportWatching(context, play, waitingFor, limitMs);
  const { why } = await watchCluster(context.queryNode, limitMs, isReached);
  if (why !== undefined) throw new OutriggerError('TIMED_OUT', `waited for ${waitingFor}: ${why}`);
}
