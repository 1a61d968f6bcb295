import pLimit from 'p-limit';
import { readCluster } from '../../probe/read-cluster.ts';
import type { Host } from '../../host/host.ts';
import { isApart, isHeldInMaintenance, quietlyProtected } from '../../pacemaker/procedures/edit.ts';
import { connectionState } from '../../pacemaker/status/crm-mon.ts';
import type { CredentialChange } from '../../model/credential-change.ts';
import { isConversion } from '../../credentials/credential-change.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import { foreseenIn } from '../../plan/foreseen.ts';
import type { HostItem } from '../../model/item.ts';
import type { Verdict } from '../../model/run-event.ts';
import type { ItemKind } from '../../playbook/item-kinds.ts';
import type { Play } from '../../playbook/playbook.ts';
import { nodesOf } from '../../inventory/spec.ts';
import { messageOf, OutriggerError, restated } from '../../support/errors.ts';
import { unreached, UNREACHED } from '../quiet-restart/before-restart.ts';
import { checkCertificates } from '../quiet-restart/check-certificates.ts';
import { conclude, type VerdictContext } from '../run/conclude.ts';
import { failureOf, type Failures } from '../run/failures.ts';
import { changesOf } from '../run/planned-changes.ts';
import type { ProcedureContext } from '../run/run-context.ts';
import type { RunHosts } from '../run/run-hosts.ts';
import type { RunInput } from '../run/run-input.ts';
import type { RunProgress } from '../run/run-progress.ts';
import {
  leaveMaintenance,
  awaitClusterNode,
  enterMaintenance,
  disturbances,
  onlineClusterNodes,
  withoutMark,
} from './maintenance-mode.ts';
import { changeNodeByNode } from './node-by-node-change.ts';
import { followChanges, releaseManagement } from './release-management.ts';
import { stillHeld } from './still-unmanaged.ts';
import { rollBack, readCredentialsInUse, type CredentialsInUse } from './roll-back.ts';
import { protectNodes, release, STILL_PROTECTED } from '../quiet-restart/quiet-protection.ts';
import { comparePlacement } from '../quiet-restart/quiet-restart.ts';
import { converge, type StepContext } from '../run/step.ts';
import { unwritable } from '../run/try-files.ts';

/**
 * Changes what cluster nodes and connected nodes are connected with. First the cluster stops managing the connections, of all
 * that runs on their nodes and, where Pacemaker has to be restarted, of every resource. Then the nodes change, all at
 * once; what they use is proven while nothing is connected to them; then the cluster nodes, one after the other. Then
 * the connections are released, and last what runs on the nodes. What fails in a conversion before every cluster node
 * has changed is put back. Another key or another authority only goes forward: what is left of it stays protected, and
 * the next apply goes on. It is one step: an interrupt waits for its end.
 */
export async function changeCredentials(
  context: ProcedureContext & VerdictContext,
  play: Play,
): Promise<void> {
  const change = context.plan.credentialChange;
  if (change === undefined) return;
  const open = new Map(changesOf(context, play).map((one) => [`${one.host} ${one.item}`, one]));
  const settle = (verdict: Verdict, isAbout: (host: string) => boolean = () => true): void => {
    for (const [key, { host, item }] of [...open]) {
      if (!isAbout(host)) continue;
      open.delete(key);
      conclude(context, play, { host, item }, verdict);
    }
  };
  const lost = [...context.clusterHosts.map(({ name }) => name), ...change.nodes].find(
    (name) =>
      context.failed.has(name) && (change.kind !== 'authkey' || !change.nodes.includes(name)),
  );
  if (lost !== undefined) {
    settle({ kind: 'skipped', because: `${lost} failed, and all hosts must change together` });
    return;
  }
  try {
    await refuseUnready(context, play, change);
    const failures =
      change.nodeByNode === undefined
        ? await changeTogether(context, play, change)
        : await changeNodeByNode(context, play, change);
    for (const [host, verdict] of failures) {
      const isShown = [...open.values()].some((one) => one.host === host);
      if (isShown) settle(verdict, (name) => name === host);
      // An interrupted run had changed it already.
      else conclude(context, play, { host, item: 'service' }, verdict);
    }
    settle({ kind: 'changed' });
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    const own = failureOf(thrown);
    const of = thrown.host === undefined ? '' : `${thrown.host}: `;
    const verdict = { ...own, because: `${of}${own.because}` };
    for (const name of change.nodes)
      if (!context.failed.has(name)) context.failed.set(name, verdict.because);
    settle(own, (host) => host === thrown.host);
    settle(verdict);
  }
}

/** What an interrupted run has begun is ended: one host that is out of order keeps no other one protected. */
async function refuseUnready(
  context: ProcedureContext & VerdictContext,
  play: Play,
  change: CredentialChange,
): Promise<void> {
  const cluster = await readCluster(context.queryNode);
  const { cib } = cluster;
  if (isHeldInMaintenance(cib) || isApart(cib) || quietlyProtected(cib).length > 0) return;
  await refuseUnreached(context, play, change, cluster);
  await refuseUnwritable(context, change);
}

/** What cannot be released afterwards is better not begun. */
async function refuseUnreached(
  context: Parameters<typeof unreached>[0] & Pick<RunProgress, 'failed'>,
  play: Play,
  change: CredentialChange,
  cluster: ClusterFacts,
): Promise<void> {
  const names = change.nodes.filter((name) => !context.failed.has(name));
  for (const [host, because] of await unreached(context, play, cluster, names))
    throw new OutriggerError('CLUSTER_NOT_READY', `not started: ${host}: ${because}`, {
      hint: UNREACHED,
    });
}

/** What cannot be written is found before anything is protected for it; no host has changed then. */
async function refuseUnwritable(
  context: Pick<RunInput, 'hostItems' | 'options'> & RunHosts & Pick<RunProgress, 'failed'>,
  change: CredentialChange,
): Promise<void> {
  const nodes = change.nodes.filter((name) => !context.failed.has(name));
  const hosts = [
    ...context.clusterHosts,
    ...nodes.flatMap((name) => context.hosts.get(name) ?? []),
  ];
  const found = await unwritable(
    context,
    hosts.map((host) => ({
      host,
      items: change.items.flatMap((kind) => itemOf(context, host.name, kind)),
    })),
  );
  if (found.size === 0) return;
  const reasons = [...found].map(([host, because]) => `${host}: ${because}`).sort();
  throw new OutriggerError('CLUSTER_NOT_READY', `nothing was changed: ${reasons.join('; ')}`, {
    hint: 'all hosts change together: fix this, then run the command again',
  });
}

const NONE: ReadonlySet<string> = new Set();

async function changeTogether(
  context: ProcedureContext & VerdictContext,
  play: Play,
  change: CredentialChange,
): Promise<Failures> {
  const before = await readCluster(context.queryNode);
  const inUse = isConversion(change) ? await readCredentialsInUse(context, change) : undefined;
  const names = [...change.nodes, ...change.absent];
  const handled = { names, item: 'service', everything: true } as const;
  const marked = names.length === 0 ? NONE : await protectNodes(context, play, handled);
  const failures: Failures = new Map();
  const restarted = new Set<string>();
  const begun = followChanges(context);
  const window = { change, before, inUse, failures, restarted };
  try {
    await activate(begun.context, play, window);
    if (change.inMaintenanceMode) await leaveMaintenance(context, play, change.nodes);
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    if (isUntouched(window, begun)) await releaseManagement(context, play, change, marked);
    throw await stillHeld(context, change, thrown);
  }
  const ready = change.nodes.filter((name) => !failures.has(name));
  if (ready.length > 0) {
    const problems = await release(
      context,
      play,
      { names: ready, item: 'service', isNewKey: isConnectedAnew(before, ready, restarted) },
      before,
    );
    for (const [host, why] of problems)
      failures.set(host, {
        kind: 'failed',
        because: `with its new credentials ${why}`,
        hint: STILL_PROTECTED,
      });
  }
  const after = await readCluster(context.queryNode);
  const isForeseen = foreseenIn(context.plan);
  const happened = disturbances(before, after, isForeseen);
  if (happened.length > 0)
    throw new OutriggerError(
      'NOT_CONVERGED',
      `the restart disrupted resources: ${happened.join(', ')}`,
    );
  for (const name of ready.filter((each) => !failures.has(each))) {
    const verdict = comparePlacement(before, after, name, isForeseen);
    if (verdict.kind === 'failed') failures.set(name, verdict);
  }
  return failures;
}

interface Window {
  readonly change: CredentialChange;
  readonly before: ClusterFacts;
  readonly inUse: CredentialsInUse | undefined;
  /** Collects the nodes that failed where the others go on without them. */
  readonly failures: Failures;
  /** Collects the hosts on which a daemon was started anew. */
  readonly restarted: Set<string>;
}

/** Whether all hosts are as they were; a conversion has been rolled back already, and nothing is left to release. */
const isUntouched = (
  { inUse }: Window,
  { hasChanged }: Pick<ReturnType<typeof followChanges>, 'hasChanged'>,
): boolean => inUse === undefined && !hasChanged();

/** Whether one of these is connected to once more: what a controller remembers of a key counts for nothing else. */
const isConnectedAnew = (
  before: ClusterFacts,
  names: readonly string[],
  restarted: ReadonlySet<string>,
): boolean =>
  restarted.size > 0 ||
  quietlyProtected(before.cib).length > 0 || // by an interrupted run
  names.some((name) => connectionState(before.mon, name).state !== 'node-online');

/** Files, environment and daemons, in the order in which a failure costs least; a conversion that fails is put back. */
async function activate(
  context: ProcedureContext & Pick<RunProgress, 'failed'>,
  play: Play,
  window: Window,
): Promise<void> {
  const { change, before, inUse, restarted } = window;
  try {
    if (change.inMaintenanceMode) await enterMaintenance(context, play);
    for (const host of context.clusterHosts)
      await changeHost(context, play, host, only(change, ['authkey', 'certificate']));
    await activateOnNodes(context, play, window);
    if (isConversion(change)) await proveNodes(context, window);
    for (const host of context.clusterHosts) {
      // Somebody may have ended maintenance mode meanwhile: what runs there would be stopped.
      if (change.inMaintenanceMode) await enterMaintenance(context, play);
      const kinds = only(change, ['environment', 'pacemaker']);
      if (!(await changeHost(context, play, host, kinds))) continue;
      restarted.add(host.name);
      await awaitClusterNode(context, play, host, onlineClusterNodes(before));
    }
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError) || inUse === undefined) throw thrown;
    await rollBack(context, play, { change, before, inUse }, thrown);
    throw restated(thrown, `${messageOf(thrown)}; all changes were rolled back`);
  }
}

/** The connected nodes, all at once. */
async function activateOnNodes(
  context: Pick<RunInput, 'hostItems' | 'options'> &
    RunHosts &
    StepContext &
    Pick<RunProgress, 'failed'>,
  play: Play,
  { change, failures, restarted }: Window,
): Promise<void> {
  const limit = pLimit(context.options.forks);
  const kinds = only(change, ['authkey', 'certificate', 'environment', 'service']);
  await Promise.all(
    change.nodes.map((name) =>
      limit(async () => {
        const because = context.failed.get(name);
        const host = context.hosts.get(name);
        const verdict =
          because === undefined && host !== undefined
            ? await tryHost(context, play, { host, kinds, restarted })
            : ({ kind: 'failed', because: because ?? 'did not respond' } as const);
        if (verdict !== undefined) failures.set(name, { ...verdict, hint: STILL_PROTECTED });
      }),
    ),
  );
}

const only = ({ items }: CredentialChange, kinds: readonly ItemKind[]): readonly ItemKind[] =>
  kinds.filter((kind) => items.includes(kind));

async function tryHost(
  context: Pick<RunInput, 'hostItems'> & RunHosts & StepContext,
  play: Play,
  {
    host,
    kinds,
    restarted,
  }: Pick<Window, 'restarted'> & {
    readonly host: Host;
    readonly kinds: readonly ItemKind[];
  },
): Promise<Extract<Verdict, { readonly kind: 'failed' }> | undefined> {
  try {
    if (await changeHost(context, play, host, kinds)) restarted.add(host.name);
    return undefined;
  } catch (thrown) {
    return failureOf(thrown);
  }
}

/** Brings these items of a host to the desired state; returns whether one of them restarted its daemon. */
async function changeHost(
  context: Pick<RunInput, 'hostItems'> & RunHosts & StepContext,
  play: Play,
  host: Host,
  kinds: readonly ItemKind[],
): Promise<boolean> {
  if (kinds.length === 0) return false;
  const changed = await converge(context, play, host, () =>
    kinds.flatMap((kind) => itemOf(context, host.name, kind)),
  );
  return changed.some(({ kind }) => kind === 'pacemaker' || kind === 'service');
}

const itemOf = (
  context: Pick<RunInput, 'hostItems'>,
  host: string,
  kind: ItemKind,
): readonly HostItem[] =>
  context.hostItems
    .filter((item) => item.host === host && item.kind === kind)
    .map((item) => (kind === 'pacemaker' ? withoutMark(item) : item));

/**
 * In a conversion no node is left behind, and the nodes are verified before Pacemaker is restarted anywhere: with certificates
 * by a handshake from every cluster node.
 */
async function proveNodes(
  context: Pick<RunInput, 'spec' | 'x509' | 'options'> & RunHosts,
  { change: { nodes: names }, failures }: Window,
): Promise<void> {
  const [failed] = failures;
  if (failed !== undefined) {
    const [host, { because }] = failed;
    throw new OutriggerError('NOT_CONVERGED', because, { host });
  }
  if (context.x509 === undefined) return;
  const nodes = nodesOf(context.spec).filter(({ name }) => names.includes(name));
  const blockers = await checkCertificates(context, nodes, context.x509, { early: true });
  for (const [host, because] of blockers)
    throw new OutriggerError('NOT_CONVERGED', because, { host });
}
