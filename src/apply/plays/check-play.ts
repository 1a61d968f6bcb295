import { readCluster } from '../../probe/read-cluster.ts';
import { isGuardChange } from '../../items/node-state.ts';
import { nodeConnection } from '../../pacemaker/cib/cib.ts';
import { isQuiet } from '../../pacemaker/procedures/edit.ts';
import { restoreEntries } from '../../pacemaker/procedures/withdraw.ts';
import type { Host } from '../../host/host.ts';
import type { ClusterFacts, HostFacts } from '../../model/facts.ts';
import { connectedElsewhere } from '../../plan/problems/problems.ts';
import { runsThere } from '../../plan/problems/already-active.ts';
import { whyNoHandshake } from '../../credentials/tls-priorities.ts';
import { connects, type Check, type Play } from '../../playbook/playbook.ts';
import { nodesOf, type PacemakerRemoteSpec } from '../../inventory/spec.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import { checkCredentials, tryPorts } from '../quiet-restart/checks.ts';
import { writeCib } from '../cluster/cib.ts';
import { conclude, type VerdictContext } from '../run/conclude.ts';
import type { EditContext } from '../run/edit-context.ts';
import type { ProcedureContext, RunContext } from '../run/run-context.ts';
import type { RunHosts } from '../run/run-hosts.ts';
import type { RunInput } from '../run/run-input.ts';
import type { RunProgress } from '../run/run-progress.ts';
import { reportWatching } from '../run/waiting.ts';
import type { Blockers } from '../run/blockers.ts';
import { prove } from '../cluster/prove.ts';
import { finishQuietRestarts } from '../quiet-restart/quiet-restart.ts';
import { undoGuests } from '../cluster/undo-guests.ts';
import { undoJoins } from '../cluster/undo.ts';
import { foldNames } from '../../support/text/fold-names.ts';

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
      check === 'node-online'
        ? await namesToProve(context, play, batch)
        : batch.filter((name) => !context.failed.has(name) && mustBeProven(context, name));
    if (names.length === 0) continue;
    const nodes = nodesOf(context.spec).filter(({ name }) => names.includes(name));
    const blockers = await findBlockers(context, play, check, nodes);
    for (const host of names) {
      const because = blockers.get(host);
      const verdict =
        because === undefined
          ? ({ kind: 'in-sync' } as const)
          : ({ kind: 'failed', because } as const);
      conclude(context, play, { host, item: check }, verdict);
    }
  }
}

/** The plan changes its connection, or releases one that an interrupted run left guarded. */
const mustBeProven = ({ plan }: Pick<RunInput, 'plan'>, name: string): boolean =>
  plan.plays.some(({ changes }) =>
    changes.some(
      ({ host, item, attributes }) =>
        host === name &&
        (connects(item) || (item === 'node-state' && attributes.some(isGuardChange))),
    ),
  );

/**
 * Who has to be online and verified now. What counts for a join is the guard in the CIB, whoever set it and whatever became of the
 * host since: an edit whose answer was lost may have gone in, and an earlier run may have been interrupted after it.
 */
async function namesToProve(
  context: ProcedureContext & VerdictContext & Pick<RunProgress, 'joining'>,
  play: Play,
  batch: readonly string[],
): Promise<readonly string[]> {
  const desired = batch.filter((name) => !context.failed.has(name) && mustBeProven(context, name));
  if (desired.length === 0 && batch.every((name) => !context.failed.has(name))) return [];
  // What an interrupted run left protected is not managed, and would never count as online and verified.
  const lost = await finishQuietRestarts(context, play, 'node-state', desired);
  const cluster = await readCluster(context.queryNode);
  const names: string[] = [];
  for (const name of batch.filter((each) => !lost.has(each))) {
    const isNew = context.joining.has(name);
    const isJoining = nodeConnection(cluster.cib, name)?.joining === true;
    context.joining.delete(name);
    if (!isNew && desired.includes(name) && isOperators(cluster, name)) {
      const because = 'its connection was stopped or unmanaged by an operator';
      conclude(context, play, { host: name, item: 'node-online' }, { kind: 'skipped', because });
    } else if (isJoining && !(context.failed.has(name) && isOperators(cluster, name))) {
      context.joining.add(name);
      names.push(name);
    } else if (desired.includes(name)) names.push(name);
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

async function findBlockers(
  context: RunContext,
  play: Play,
  check: Check,
  nodes: readonly PacemakerRemoteSpec[],
): Promise<Blockers> {
  switch (check) {
    case 'port-reachable':
      return tryPorts(context, play, nodes);
    case 'same-credentials':
      return checkNewcomers(context, nodes);
    case 'node-online':
      return proveOrUndo(context, play, nodes);
  }
}

/** A retry of a connection that exists: it is not taken back when it fails, and its VM stays held. */
function reportHeld(
  { spec, joining, vms }: Pick<RunInput, 'spec'> & Pick<RunProgress, 'joining' | 'vms'>,
  failures: Map<string, string>,
): void {
  for (const { name, resource } of spec.guestNodes) {
    const why = failures.get(name);
    if (why !== undefined && !joining.has(name) && vms.has(name))
      failures.set(
        name,
        `${why}; its VM ${resource} is unmanaged until an apply completes the join`,
      );
  }
}

/** The plan may be an hour old: what it would refuse by now is not connected either. */
async function checkNewcomers(
  context: Pick<RunInput, 'x509' | 'options'> & RunHosts & Pick<EditContext, 'queryNode'>,
  nodes: readonly PacemakerRemoteSpec[],
): Promise<Blockers> {
  const cluster = await readCluster(context.queryNode);
  return checkCredentials(
    context,
    nodes,
    (host) => (connectedElsewhere(host, cluster) ?? runsThere(host, cluster))?.message,
  );
}

/** Their credentials agreed before they were connected; what else a handshake takes is not seen there. */
async function reportPriorities(
  context: Pick<RunInput, 'x509'> & Pick<RunHosts, 'hosts' | 'clusterHosts' | 'probe'>,
  failures: Map<string, string>,
): Promise<void> {
  if (failures.size === 0) return;
  const failed = [...failures.keys()].flatMap((name) => context.hosts.get(name) ?? []);
  const [unreached, found] = await Promise.all([
    factsOf(context, context.clusterHosts),
    factsOf(context, failed),
  ]);
  for (const facts of found) {
    const why = failures.get(facts.name);
    const because = whyNoHandshake([...unreached, facts], context.x509 === undefined);
    if (because !== undefined) failures.set(facts.name, `${why ?? ''}; ${because}`);
  }
}

/** What the hosts that answer report. */
async function factsOf(
  { probe }: Pick<RunHosts, 'probe'>,
  hosts: readonly Host[],
): Promise<readonly HostFacts[]> {
  const reported = await Promise.all(
    hosts.map(async (host) => {
      try {
        return await probe(host);
      } catch (thrown) {
        if (!(thrown instanceof OutriggerError)) throw thrown;
        return undefined;
      }
    }),
  );
  return reported.filter((facts) => facts !== undefined);
}

async function proveOrUndo(
  context: Pick<RunInput, 'spec' | 'x509'> &
    Pick<RunHosts, 'hosts' | 'clusterHosts' | 'probe'> &
    EditContext &
    RunProgress,
  play: Play,
  nodes: readonly PacemakerRemoteSpec[],
): Promise<Blockers> {
  const names = nodes.map(({ name }) => name);
  reportWatching(context, play, `${foldNames(names)} to come online`, PROOF_LIMIT_MS);
  const proof = await prove(context.queryNode, names, PROOF_LIMIT_MS);
  const failures = new Map(
    [...proof].filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  await reportPriorities(context, failures);
  reportHeld(context, failures);
  const joined = [...failures.keys()].filter((name) => context.joining.has(name));
  if (joined.length === 0) return failures;
  const guests = context.spec.guestNodes.filter(({ name }) => joined.includes(name));
  const isGuest = (name: string): boolean => guests.some((guest) => guest.name === name);
  for (const { name } of guests) context.inVain.add(name);
  try {
    const remotes = joined.filter((name) => !isGuest(name));
    if (remotes.length > 0) await undoJoins(context, play, remotes);
    if (guests.length > 0) await undoGuests(context, play, guests);
    await writeCib(context, play, 'undo-restore', ({ cib }) =>
      restoreEntries(cib, { nodeEntries: context.entriesBefore }, joined),
    );
    context.log.write({ type: 'taken-back', nodes: joined });
    for (const name of joined)
      failures.set(name, `${failures.get(name) ?? ''}; the join was rolled back`);
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    for (const name of joined) {
      failures.set(
        name,
        `${failures.get(name) ?? ''}; rolling back the join failed: ${messageOf(thrown)}`,
      );
    }
  }
  return failures;
}
