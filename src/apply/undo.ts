import { readCluster } from '../facts/read-cluster.ts';
import { protect, removeConnections } from '../pacemaker/cib-edit.ts';
import { OutriggerError } from '../support/errors.ts';
import { writeCib } from './cib.ts';
import { tellWaiting, type EditContext, type PlayName } from './context.ts';
import { runScript } from './scripts.ts';
import { watchCluster } from './watch-cluster.ts';

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
  const { lead } = context;
  const inCib = (present: ReadonlyMap<string, unknown>): string[] =>
    names.filter((name) => present.has(name));

  await writeCib(context, play, 'undo-unmanage', ({ cib }) =>
    protect(cib, inCib(cib.remoteConnections)),
  );
  tellWaiting(context, play, 'the cluster lets go of the failed joins', LIMIT_MS);
  const unmanaged = await watchCluster(lead, LIMIT_MS, ({ mon }) =>
    names.every((name) => mon.resources.every(({ id, managed }) => id !== name || !managed)),
  );
  if (unmanaged.kind === 'limit')
    throw notInTime('the cluster did not let go of the failed connections');
  await forgetFailures(context, play, names);

  await writeCib(context, play, 'undo-delete', ({ cib }) =>
    removeConnections(cib, inCib(cib.remoteConnections)),
  );
  tellWaiting(context, play, 'the failed joins are gone', LIMIT_MS);
  const gone = await watchCluster(lead, LIMIT_MS, ({ mon }) =>
    names.every((name) => mon.resources.every(({ id }) => id !== name)),
  );
  if (gone.kind === 'limit') throw notInTime('the deleted connections are still there');
  await forgetNodes(context, play, names);
}

/**
 * Makes the cluster forget nodes whose connection is gone. The controllers may still have something to write of such a
 * node, and its node_state is back then (seen once, on 3.0.0 with a guest node): so it is looked for afterwards.
 */
export async function forgetNodes(
  context: EditContext,
  play: PlayName,
  names: readonly string[],
): Promise<void> {
  const timeoutMs = timeLimit(names);
  tellWaiting(context, play, `${names.length} node(s) forgotten`, timeoutMs);
  const deadline = performance.now() + LIMIT_MS;
  for (let left = names; ;) {
    await context.lease.confirm();
    await runScript(context.lead, 'forget-nodes', { params: left, timeoutMs });
    const { cib } = await readCluster(context.lead);
    left = names.filter((name) => cib.seen.has(name));
    if (left.length === 0) return;
    if (performance.now() >= deadline)
      throw notInTime(`the cluster did not forget ${left.join(', ')}`);
  }
}

/** Makes the cluster forget the failures of these connections. */
export async function forgetFailures(
  context: EditContext,
  play: PlayName,
  names: readonly string[],
): Promise<void> {
  const timeoutMs = timeLimit(names);
  tellWaiting(context, play, `the failures of ${names.length} connection(s) forgotten`, timeoutMs);
  await context.lease.confirm();
  await runScript(context.lead, 'cleanup', { params: names, timeoutMs });
}

// The scripts take one name after the other.
const timeLimit = (names: readonly string[]): number => 60_000 + 5_000 * names.length;

export const notInTime = (what: string): OutriggerError =>
  new OutriggerError('TIMED_OUT', `${what} within ${LIMIT_MS / 1000} s`, {
    hint: 'look at the cluster with `crm_mon -1`; the next apply goes on from there',
  });
