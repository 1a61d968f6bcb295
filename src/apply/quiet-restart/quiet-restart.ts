import { readCluster } from '../../probe/read-cluster.ts';
import type { Host } from '../../host/host.ts';
import { nodeConnection } from '../../pacemaker/cib/cib.ts';
import { isQuietUnfinished, quietlyProtected } from '../../pacemaker/procedures/edit.ts';
import { activeOn } from '../../pacemaker/status/crm-mon.ts';
import { decisiveOperations } from '../../pacemaker/cib/history.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import { foreseenIn, type IsForeseen } from '../../plan/foreseen.ts';
import type { HostItem } from '../../model/item.ts';
import type { ItemKind } from '../../playbook/item-kinds.ts';
import type { Play } from '../../playbook/playbook.ts';
import type { Verdict } from '../../model/run-event.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import { FIRST, moveBlockers, restartBlockers, type Untouched } from './before-restart.ts';
import { conclude, type VerdictContext } from '../run/conclude.ts';
import { failureOf } from '../run/failures.ts';
import type { ProcedureContext } from '../run/run-context.ts';
import type { RunHosts } from '../run/run-hosts.ts';
import type { RunInput } from '../run/run-input.ts';
import { disturbance, recordVm } from '../run/vms.ts';
import { daemonUseOf } from './markers.ts';
import { movesOf, protectNodes, release, STILL_PROTECTED } from './quiet-protection.ts';
import { takeStep, type StepContext } from '../run/step.ts';
import { unwritable } from '../run/try-files.ts';

/** A daemon that the cluster is connected to and that has to be restarted, by one of these steps or by its package. */
export interface PendingRestart {
  readonly host: Host;
  /** What is left to do on the host, from that which restarts the daemon on; not empty. */
  readonly items: readonly HostItem[];
}

/**
 * Restarts daemons that the cluster is connected to, so that every resource stays where it is and keeps running. What
 * protects the resources depends on fencing: with fencing an unmanaged connection is enough, because the cluster
 * waits; without it the cluster would start the resources elsewhere while they still run, so that each of them is
 * unmanaged as well (seen on 3.0.0, both ways). For a guest node its VM and every resource on it are, fencing or
 * not, and while the connection is made again the VM is still unmanaged: a failure would restart it. So it is done when the connection gets another server or port: to the
 * cluster that is a stop and a start of the connection. A host whose daemon does not come back stays protected; the
 * next apply goes on from there.
 */
export async function quietRestart(
  context: ProcedureContext & VerdictContext,
  play: Play,
  restarts: readonly PendingRestart[],
): Promise<void> {
  const left = new Set(restarts.map(({ host }) => host.name));
  const itemsOf = new Map(restarts.map(({ host, items }) => [host.name, items]));
  const lastOf = (host: string): ItemKind => itemsOf.get(host)?.at(-1)?.kind ?? 'service';
  const settle: Settle = (host, verdict, item = lastOf(host)) => {
    if (left.delete(host)) conclude(context, play, { host, item }, verdict);
  };
  const firstOf = (host: string): ItemKind => itemsOf.get(host)?.[0]?.kind ?? 'service';
  const broken = new Map<string, Restarted>();
  // What is still to be done for their nodes belongs to the steps that failed.
  const settleBroken = (): void => {
    for (const [host, { verdict, item }] of broken) settle(host, verdict, item);
  };
  let isProtected = false;
  try {
    const before = await readCluster(context.queryNode);
    const connected = await withoutProtection(context, play, { restarts, before, settle });
    const names = connected.map(({ host }) => host.name);
    if (names.length === 0) return;
    await protectNodes(context, play, { names, item: firstOf });
    isProtected = true;
    const down = new Set<string>();
    await Promise.all(
      connected.map(async (restart) => {
        const restarted = await restartOne(context, play, restart);
        if (restarted.verdict.kind === 'failed') broken.set(restart.host.name, restarted);
        if (!restarted.isBack) down.add(restart.host.name);
      }),
    );
    // Also where none of them came back: then only the pins go.
    const restarted = names.filter((name) => !down.has(name));
    const isNewKey = quietlyProtected(before.cib).length > 0; // by an interrupted run
    const item = (host: string): ItemKind => broken.get(host)?.item ?? lastOf(host);
    const problems = await release(context, play, { names: restarted, item, isNewKey }, before);
    settleBroken();
    for (const [host, because] of problems) {
      settle(host, {
        kind: 'failed',
        because: `after its restart ${because}`,
        hint: STILL_PROTECTED,
      });
    }
    const after = await readCluster(context.queryNode);
    for (const host of restarted)
      settle(host, comparePlacement(before, after, host, foreseenIn(context.plan)));
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    settleBroken();
    const verdict = failedBy(thrown, isProtected);
    for (const host of [...left]) settle(host, verdict);
  }
}

type Settle = (host: string, verdict: Parameters<typeof conclude>[3], item?: ItemKind) => void;

/** Deals with those that need no protection, or cannot be released after one. Returns the others. */
async function withoutProtection(
  context: ProcedureContext & VerdictContext,
  play: Play,
  about: {
    readonly restarts: readonly PendingRestart[];
    readonly before: ClusterFacts;
    readonly settle: Settle;
  },
): Promise<readonly PendingRestart[]> {
  const { restarts, before, settle } = about;
  const names = restarts.filter(opensNoPort).map(({ host }) => host.name);
  const untouched = new Map([
    ...(await restartBlockers(context, play, before, names)),
    ...(await writeBlockers(context, restarts)),
  ]);
  const connected: PendingRestart[] = [];
  for (const restart of restarts) {
    const { name } = restart.host;
    const daemonUse = daemonUseOf(before, name);
    const blocker = untouched.get(name);
    // Its preparations may have been made.
    const [first] = restart.items;
    if (context.signal.aborted)
      settle(name, { kind: 'skipped', because: 'interrupted' }, first?.kind);
    else if (daemonUse === 'unmanaged') settle(name, UNMANAGED, first?.kind);
    else if (blocker !== undefined) settle(name, leftAsItIs('restarted', blocker), first?.kind);
    else if (daemonUse === 'none') {
      const { verdict, item } = await restartOne(context, play, restart);
      settle(name, verdict, item);
    } else connected.push(restart);
  }
  return connected;
}

/** What cannot be written after the step that takes the protection. */
async function writeBlockers(
  context: Pick<RunInput, 'options'> & RunHosts,
  restarts: readonly PendingRestart[],
): Promise<ReadonlyMap<string, Untouched>> {
  const writing = restarts.filter(({ items }) => items.some(({ kind }) => WRITES.includes(kind)));
  const found = await unwritable(context, writing);
  return new Map([...found].map(([name, because]) => [name, { because, hint: FIRST }]));
}

const WRITES: readonly ItemKind[] = ['authkey', 'certificate', 'environment'];

/** Whether its port is open already, as far as it is for the run to open it. */
const opensNoPort = ({ items }: PendingRestart): boolean =>
  items.every(({ kind }) => kind !== 'firewall-port');

const leftAsItIs = (
  what: string,
  { because, hint }: Untouched,
): Extract<Verdict, { readonly kind: 'failed' }> => ({
  kind: 'failed',
  because: `not ${what}: ${because}`,
  hint,
});

const failedBy = (
  thrown: OutriggerError,
  isProtected: boolean,
): Extract<Verdict, { readonly kind: 'failed' }> => {
  const hints = [thrown.hint, isProtected ? STILL_PROTECTED : undefined];
  const hint = hints.filter((each) => each !== undefined).join('; ');
  return { kind: 'failed', because: messageOf(thrown), hint: hint === '' ? undefined : hint };
};

// It would stay away: the cluster does not connect again to what it does not manage.
const UNMANAGED = {
  kind: 'failed',
  because: 'not restarted: its connection is unmanaged, or the cluster is in maintenance mode',
  hint: 'the cluster would not reconnect: make the connection managed (is-managed, maintenance), then apply again',
} as const;

/**
 * Brings connections to another server or port where no daemon has to be restarted for it: to the cluster that is a
 * stop and a start of the connection, during which it could start the node's resources elsewhere. Returns the nodes that
 * it was about, with their verdicts reported.
 */
export async function quietMove(
  context: ProcedureContext & VerdictContext,
  play: Play,
  item: ItemKind,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const before = await readCluster(context.queryNode);
  const moved = names.filter(
    (name) =>
      daemonUseOf(before, name) === 'connected' && movesOf(context, before, name).length > 0,
  );
  if (moved.length === 0) return new Set();
  let isProtected = false;
  try {
    const untouched = await moveBlockers(context, play, before, moved);
    for (const [host, blocker] of untouched)
      conclude(context, play, { host, item }, leftAsItIs('moved', blocker));
    const names = moved.filter((name) => !untouched.has(name));
    if (names.length === 0) return new Set(moved);
    await protectNodes(context, play, { names, item });
    isProtected = true;
    const problems = await release(context, play, { names, item }, before);
    const after = await readCluster(context.queryNode);
    for (const host of names) {
      const why = problems.get(host);
      const because = `at its new address ${why ?? ''}`;
      const failed = { kind: 'failed', because, hint: STILL_PROTECTED } as const;
      const verdict =
        why === undefined
          ? comparePlacement(before, after, host, foreseenIn(context.plan))
          : failed;
      conclude(context, play, { host, item }, verdict);
    }
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    const verdict = failedBy(thrown, isProtected);
    for (const host of moved.filter((name) => !context.failed.has(name)))
      conclude(context, play, { host, item }, verdict);
  }
  return new Set(moved);
}

/**
 * Releases what an earlier run protected and did not release: the daemons are right by now. Returns the nodes that do
 * not come back, with their verdicts reported.
 */
export async function finishQuietRestarts(
  context: ProcedureContext & VerdictContext,
  play: Play,
  item: ItemKind,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const cluster = await readCluster(context.queryNode);
  const unfinished = names.filter((name) => isQuietUnfinished(cluster.cib, cluster.mon, name));
  if (unfinished.length === 0) return new Set();
  const problems = await release(
    context,
    play,
    { names: unfinished, item, isNewKey: true },
    undefined,
  );
  for (const [host, why] of problems) {
    const because = `to complete a restart without disruption: ${why}`;
    conclude(context, play, { host, item }, { kind: 'failed', because, hint: STILL_PROTECTED });
  }
  return new Set(problems.keys());
}

interface Restarted {
  /** That of the last step. */
  readonly item: ItemKind | undefined;
  readonly verdict: Verdict;
  /** The daemon is as it should be, whatever the verdict. */
  readonly isBack: boolean;
}

/** Takes the steps of a host, up to the first that fails; the last verdict is not reported yet. */
async function restartOne(
  context: Pick<RunInput, 'hostItems'> & StepContext & VerdictContext,
  play: Play,
  { host, items }: PendingRestart,
): Promise<Restarted> {
  let item: ItemKind | undefined;
  let verdict: Verdict = { kind: 'in-sync' };
  try {
    let facts = await context.probe(host);
    for (const step of items) {
      if (item !== undefined) conclude(context, play, { host: host.name, item }, verdict);
      item = step.kind;
      const difference = step.compare(facts);
      verdict = { kind: difference === undefined ? 'in-sync' : 'changed' };
      if (difference !== undefined)
        facts = await takeStep(context, play, { host, item: step, difference });
    }
    // Its package may have restarted the daemon.
    return { item, verdict: { kind: 'changed' }, isBack: true };
  } catch (thrown) {
    const failed = failureOf(thrown);
    return { item, verdict: failed, isBack: item === 'package' && (await isSound(context, host)) };
  }
}

/** Whether the daemon is as it should be, although a step failed: a package manager may give up before it changes anything. */
async function isSound(
  context: Pick<RunInput, 'hostItems'> & Pick<RunHosts, 'probe'>,
  host: Host,
): Promise<boolean> {
  const service = context.hostItems.find(
    ({ kind, host: name }) => kind === 'service' && name === host.name,
  );
  try {
    const facts = await context.probe(host);
    return service !== undefined && service.compare(facts) === undefined;
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    return false;
  }
}

/**
 * Nothing may have moved or been started again, but for what the plan has foreseen: what ran there before runs there now,
 * and has done so all the time.
 */
export function comparePlacement(
  before: ClusterFacts,
  after: ClusterFacts,
  host: string,
  isForeseen: IsForeseen,
): Parameters<typeof conclude>[3] {
  const was = activeOn(before.mon, host).filter((id) => !isForeseen(id, host));
  const is = activeOn(after.mon, host);
  const gone = was.filter((id) => !is.includes(id));
  if (gone.length > 0) {
    return { kind: 'failed', because: `after its restart ${gone.join(', ')} no longer runs there` };
  }
  const known = decisiveOperations(before.cib, was);
  const happened = [...decisiveOperations(after.cib, was, isForeseen)].filter(
    (one) => !known.has(one),
  );
  const vm = nodeConnection(before.cib, host);
  const disturbed =
    vm?.isGuest === true ? disturbance(recordVm(before, vm.managedResource), after) : undefined;
  if (disturbed !== undefined)
    return { kind: 'failed', because: `its restart disrupted resources: ${disturbed}` };
  return happened.length === 0
    ? { kind: 'changed' }
    : { kind: 'failed', because: `its restart disrupted resources: ${happened.join(', ')}` };
}
