import { readCluster } from '../facts/read-cluster.ts';
import { isGuardChange } from '../items/node-state.ts';
import { nodeConnection } from '../pacemaker/cib.ts';
import { isQuiet } from '../pacemaker/cib-edit.ts';
import type { ClusterFacts } from '../plan/facts.ts';
import { connectedElsewhere } from '../plan/problems.ts';
import { runsThere } from '../plan/runs-there.ts';
import { connects, type Check, type Play } from '../playbook/playbook.ts';
import { nodesOf, type PacemakerRemoteSpec } from '../spec/spec.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import { checkCredentials, tryPorts } from './checks.ts';
import { conclude, tellWaiting, type RunContext } from './context.ts';
import type { Objections } from './objections.ts';
import { prove } from './prove.ts';
import { finishQuietRestarts } from './quiet-restart.ts';
import { undoGuests } from './undo-guests.ts';
import { undoJoins } from './undo.ts';

// Start timeout (60 s) on each of two cluster nodes, and what the cluster needs to notice.
const PROOF_LIMIT_MS = 150_000;

/** Proves something about the nodes of a batch whose connection is about to change or has just changed. */
export async function runCheckPlay(
  context: RunContext,
  play: Play,
  batch: readonly string[],
): Promise<void> {
  for (const check of play.checks) {
    const names =
      check === 'truly-in'
        ? await namesToProve(context, play, batch)
        : batch.filter((name) => !context.failed.has(name) && mustBeProven(context, name));
    if (names.length === 0) continue;
    const nodes = nodesOf(context.spec).filter(({ name }) => names.includes(name));
    const objections = await findObjections(context, play, check, nodes);
    for (const host of names) {
      const because = objections.get(host);
      const verdict =
        because === undefined
          ? ({ kind: 'in-sync' } as const)
          : ({ kind: 'failed', because } as const);
      conclude(context, play, { host, item: check }, verdict);
    }
  }
}

/** The plan changes its connection, or gives back one that an interrupted run left guarded. */
const mustBeProven = ({ plan }: RunContext, name: string): boolean =>
  plan.plays.some(({ changes }) =>
    changes.some(
      ({ host, item, attributes }) =>
        host === name &&
        (connects(item) || (item === 'node-state' && attributes.some(isGuardChange))),
    ),
  );

/**
 * Who has to be truly in now. What counts for a join is the guard in the CIB, whoever set it and whatever became of the
 * host since: an edit whose answer was lost may have gone in, and an earlier run may have died after it.
 */
async function namesToProve(
  context: RunContext,
  play: Play,
  batch: readonly string[],
): Promise<readonly string[]> {
  const wanted = batch.filter((name) => !context.failed.has(name) && mustBeProven(context, name));
  if (wanted.length === 0 && batch.every((name) => !context.failed.has(name))) return [];
  // What a run that died left protected is not managed, and would never count as truly in.
  const lost = await finishQuietRestarts(context, play, 'node-state', wanted);
  const cluster = await readCluster(context.lead);
  const names: string[] = [];
  for (const name of batch.filter((each) => !lost.has(each))) {
    const isNew = context.joining.has(name);
    const isJoining = nodeConnection(cluster.cib, name)?.joining === true;
    context.joining.delete(name);
    if (!isNew && wanted.includes(name) && isOperators(cluster, name)) {
      const because = 'its connection is stopped or unmanaged on purpose';
      conclude(context, play, { host: name, item: 'truly-in' }, { kind: 'skipped', because });
    } else if (isJoining && !(context.failed.has(name) && isOperators(cluster, name))) {
      context.joining.add(name);
      names.push(name);
    } else if (wanted.includes(name)) names.push(name);
  }
  return names;
}

/** An operator keeps it from being in: nothing can be proven of it, and no failure of it is ours. */
function isOperators({ cib, mon }: ClusterFacts, name: string): boolean {
  const connection = nodeConnection(cib, name);
  if (connection === undefined || isQuiet(cib, name)) return false;
  const shown = mon.resources.find(({ id }) => id === name);
  const isLeftAlone =
    shown !== undefined && !shown.blocked && (!shown.managed || shown.maintenance);
  const isStopped = connection.targetRole?.toLowerCase() === 'stopped';
  return !connection.isManaged || isStopped || isLeftAlone;
}

async function findObjections(
  context: RunContext,
  play: Play,
  check: Check,
  nodes: readonly PacemakerRemoteSpec[],
): Promise<Objections> {
  switch (check) {
    case 'port-reachable':
      return tryPorts(context, play, nodes);
    case 'same-credentials':
      return checkNewcomers(context, nodes);
    case 'truly-in':
      return proveOrUndo(context, play, nodes);
  }
}

/** Another try of a connection that exists: it is not taken back when it fails, and its machine stays held. */
function tellHeld({ spec, joining, machines }: RunContext, failures: Map<string, string>): void {
  for (const { name, resource } of spec.guestNodes) {
    const why = failures.get(name);
    if (why !== undefined && !joining.has(name) && machines.has(name))
      failures.set(name, `${why}; its machine ${resource} is left alone until an apply gets it in`);
  }
}

/** The plan may be an hour old: what it would refuse by now is not connected either. */
async function checkNewcomers(
  context: RunContext,
  nodes: readonly PacemakerRemoteSpec[],
): Promise<Objections> {
  const cluster = await readCluster(context.lead);
  return checkCredentials(
    context,
    nodes,
    (host) => (connectedElsewhere(host, cluster) ?? runsThere(host, cluster))?.message,
  );
}

async function proveOrUndo(
  context: RunContext,
  play: Play,
  nodes: readonly PacemakerRemoteSpec[],
): Promise<Objections> {
  const names = nodes.map(({ name }) => name);
  tellWaiting(context, play, `${names.length} node(s) truly in`, PROOF_LIMIT_MS);
  const proof = await prove(context.lead, names, PROOF_LIMIT_MS);
  const failures = new Map(
    [...proof].filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  tellHeld(context, failures);
  const joined = [...failures.keys()].filter((name) => context.joining.has(name));
  if (joined.length === 0) return failures;
  const guests = context.spec.guestNodes.filter(({ name }) => joined.includes(name));
  const isGuest = (name: string): boolean => guests.some((guest) => guest.name === name);
  for (const { name } of guests) context.inVain.add(name);
  try {
    const remotes = joined.filter((name) => !isGuest(name));
    if (remotes.length > 0) await undoJoins(context, play, remotes);
    if (guests.length > 0) await undoGuests(context, play, guests);
    context.log.write({ type: 'taken-back', nodes: joined });
    for (const name of joined)
      failures.set(name, `${failures.get(name) ?? ''}; the join was undone`);
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    for (const name of joined) {
      failures.set(
        name,
        `${failures.get(name) ?? ''}; undoing the join failed: ${messageOf(thrown)}`,
      );
    }
  }
  return failures;
}
