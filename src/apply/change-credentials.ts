import pLimit from 'p-limit';
import { readCluster } from '../facts/read-cluster.ts';
import type { Host } from '../host/host.ts';
import { isApart, isClusterDetached, quietlyProtected } from '../pacemaker/cib-edit.ts';
import { isConversion, type CredentialChange } from '../plan/credential-change.ts';
import type { ClusterFacts } from '../plan/facts.ts';
import type { HostItem } from '../plan/item.ts';
import type { Verdict } from '../plan/run-event.ts';
import type { ItemKind, Play } from '../playbook/playbook.ts';
import { nodesOf } from '../spec/spec.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import { unreached, UNREACHED } from './before-restart.ts';
import { checkCertificates } from './check-certificates.ts';
import { clusterHosts, whoAnswers } from './cluster-hosts.ts';
import { changesOf, conclude, failureOf, type Failures, type RunContext } from './context.ts';
import {
  attach,
  awaitMember,
  detach,
  disturbances,
  onlineMembers,
  stillDetached,
  withoutMark,
} from './detached.ts';
import { changeOneByOne } from './pinned-change.ts';
import { putBack, readCredentialsInUse, type CredentialsInUse } from './put-back.ts';
import { protectNodes, release, STILL_PROTECTED } from './quiet-protection.ts';
import { comparePlacement } from './quiet-restart.ts';
import { bringIntoShape } from './step.ts';

/**
 * Changes what cluster nodes and connected nodes are connected with. First the cluster lets go of the connections, of all
 * that runs on their nodes and, where Pacemaker has to be restarted, of every resource. Then the nodes change, all at
 * once; what they use is proven while nothing is connected to them; then the cluster nodes, one after the other. Then
 * the connections are given back, and last what runs on the nodes. What fails in a conversion before every cluster node
 * has changed is put back. Another key or another authority only goes forward: what is left of it stays protected, and
 * the next apply goes on. It is one step: an interrupt waits for its end.
 */
export async function changeCredentials(context: RunContext, play: Play): Promise<void> {
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
  const lost = [...clusterHosts(context).map(({ name }) => name), ...change.nodes].find(
    (name) =>
      context.failed.has(name) && (change.kind !== 'authkey' || !change.nodes.includes(name)),
  );
  if (lost !== undefined) {
    settle({ kind: 'skipped', because: `${lost} failed, and all have to change together` });
    return;
  }
  try {
    await refuseUnreached(context, play, change);
    const failures =
      change.pinned === undefined
        ? await changeTogether(context, play, change)
        : await changeOneByOne(context, play, change);
    for (const [host, verdict] of failures) {
      const isShown = [...open.values()].some((one) => one.host === host);
      if (isShown) settle(verdict, (name) => name === host);
      // A run that died had changed it already.
      else conclude(context, play, { host, item: 'service' }, verdict);
    }
    settle({ kind: 'changed' });
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    const verdict = failureOf(thrown);
    for (const name of change.nodes)
      if (!context.failed.has(name)) context.failed.set(name, verdict.because);
    settle(verdict);
  }
}

/** What cannot be given back afterwards is better not begun; what a run that died has begun is ended. */
async function refuseUnreached(
  context: RunContext,
  play: Play,
  change: CredentialChange,
): Promise<void> {
  const cluster = await readCluster(context.lead);
  const { cib } = cluster;
  if (isClusterDetached(cib) || isApart(cib) || quietlyProtected(cib).length > 0) return;
  const names = change.nodes.filter((name) => !context.failed.has(name));
  for (const [host, because] of await unreached(context, play, cluster, names))
    throw new OutriggerError('CLUSTER_NOT_READY', `not begun: ${host}: ${because}`, {
      host,
      hint: UNREACHED,
    });
}

async function changeTogether(
  context: RunContext,
  play: Play,
  change: CredentialChange,
): Promise<Failures> {
  const before = await readCluster(context.lead);
  const inUse = isConversion(change) ? await readCredentialsInUse(context, change) : undefined;
  const names = [...change.nodes, ...change.absent];
  if (names.length > 0)
    await protectNodes(context, play, { names, item: 'service', everything: true });
  const failures: Failures = new Map();
  const window = { change, before, inUse, failures };
  try {
    await takeUp(context, play, window);
    if (change.isDetached) await attach(context, play, change.nodes);
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    throw await stillHeld(context, change, thrown);
  }
  const ready = change.nodes.filter((name) => !failures.has(name));
  if (ready.length > 0) {
    const problems = await release(
      context,
      play,
      { names: ready, item: 'service', isNewKey: true },
      before,
    );
    for (const [host, why] of problems)
      failures.set(host, {
        kind: 'failed',
        because: `with its new credentials ${why}`,
        hint: STILL_PROTECTED,
      });
  }
  const after = await readCluster(context.lead);
  const happened = disturbances(before, after);
  if (happened.length > 0)
    throw new OutriggerError('NOT_CONVERGED', `it was not quiet: ${happened.join(', ')}`);
  for (const name of ready.filter((each) => !failures.has(each))) {
    const verdict = comparePlacement(before, after, name);
    if (verdict.kind === 'failed') failures.set(name, verdict);
  }
  return failures;
}

/** What is still protected, and what to do about it; nothing of that where all has been put back. */
async function stillHeld(
  context: RunContext,
  { isDetached: wasDetached }: CredentialChange,
  thrown: OutriggerError,
): Promise<OutriggerError> {
  const cluster = (await whoAnswers(context))?.cluster;
  const hint = whatIsHeld(cluster, wasDetached, thrown.hint);
  return new OutriggerError(thrown.code, messageOf(thrown), {
    ...(thrown.host === undefined ? {} : { host: thrown.host }),
    ...(hint === undefined ? {} : { hint }),
  });
}

function whatIsHeld(
  cluster: ClusterFacts | undefined,
  wasDetached: boolean,
  toDo: string | undefined,
): string | undefined {
  if (cluster === undefined) return wasDetached ? stillDetached(undefined) : STILL_PROTECTED;
  if (isClusterDetached(cluster.cib)) return stillDetached(cluster);
  const isHeld = quietlyProtected(cluster.cib).length > 0;
  return [toDo, isHeld && STILL_PROTECTED].filter(Boolean).join('; ') || undefined;
}

interface Window {
  readonly change: CredentialChange;
  readonly before: ClusterFacts;
  readonly inUse: CredentialsInUse | undefined;
  /** Collects the nodes that failed where the others go on without them. */
  readonly failures: Failures;
}

/** Files, environment and daemons, in the order in which a failure costs least; a conversion that fails is put back. */
async function takeUp(context: RunContext, play: Play, window: Window): Promise<void> {
  const { change, before, inUse } = window;
  try {
    if (change.isDetached) await detach(context, play);
    for (const host of clusterHosts(context))
      await changeHost(context, play, host, only(change, ['authkey', 'certificate']));
    await takeUpOnNodes(context, play, window);
    if (isConversion(change)) await proveNodes(context, window);
    for (const host of clusterHosts(context)) {
      // Somebody may have ended maintenance mode meanwhile: what runs there would be stopped.
      if (change.isDetached) await detach(context, play);
      const kinds = only(change, ['environment', 'pacemaker']);
      const isRestarted = await changeHost(context, play, host, kinds);
      if (isRestarted) await awaitMember(context, play, host, onlineMembers(before));
    }
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError) || inUse === undefined) throw thrown;
    await putBack(context, play, { change, before, inUse }, thrown);
    throw new OutriggerError(thrown.code, `${messageOf(thrown)}; everything was put back`, {
      ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
    });
  }
}

/** The connected nodes, all at once. */
async function takeUpOnNodes(
  context: RunContext,
  play: Play,
  { change, failures }: Window,
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
            ? await tryHost(context, play, host, kinds)
            : ({ kind: 'failed', because: because ?? 'gave no answer' } as const);
        if (verdict !== undefined) failures.set(name, { ...verdict, hint: STILL_PROTECTED });
      }),
    ),
  );
}

const only = ({ items }: CredentialChange, kinds: readonly ItemKind[]): readonly ItemKind[] =>
  kinds.filter((kind) => items.includes(kind));

async function tryHost(
  context: RunContext,
  play: Play,
  host: Host,
  kinds: readonly ItemKind[],
): Promise<Extract<Verdict, { readonly kind: 'failed' }> | undefined> {
  try {
    await changeHost(context, play, host, kinds);
    return undefined;
  } catch (thrown) {
    return failureOf(thrown);
  }
}

/** Brings these items of a host into shape; gives whether one of them restarted Pacemaker. */
async function changeHost(
  context: RunContext,
  play: Play,
  host: Host,
  kinds: readonly ItemKind[],
): Promise<boolean> {
  if (kinds.length === 0) return false;
  const changed = await bringIntoShape(context, play, host, () =>
    kinds.flatMap((kind) => itemOf(context, host.name, kind)),
  );
  return changed.some(({ kind }) => kind === 'pacemaker');
}

const itemOf = (context: RunContext, host: string, kind: ItemKind): readonly HostItem[] =>
  context.hostItems
    .filter((item) => item.host === host && item.kind === kind)
    .map((item) => (kind === 'pacemaker' ? withoutMark(item) : item));

/**
 * In a conversion nobody is left behind, and the nodes are proven before Pacemaker is restarted anywhere: with certificates
 * by a handshake from every cluster node.
 */
async function proveNodes(
  context: RunContext,
  { change: { nodes: names }, failures }: Window,
): Promise<void> {
  const [failed] = failures;
  if (failed !== undefined) {
    const [host, { because }] = failed;
    throw new OutriggerError('NOT_CONVERGED', because, { host });
  }
  if (context.x509 === undefined) return;
  const nodes = nodesOf(context.spec).filter(({ name }) => names.includes(name));
  const objections = await checkCertificates(context, nodes, context.x509, { early: true });
  for (const [host, because] of objections)
    throw new OutriggerError('NOT_CONVERGED', because, { host });
}
