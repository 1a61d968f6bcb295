import pLimit from 'p-limit';
import { readCluster } from '../../probe/read-cluster.ts';
import { nodeConnection } from '../../pacemaker/cib/cib.ts';
import type { CibOperation } from '../../pacemaker/procedures/edit.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import type { AttributeChange, CibDifference, CibItem, HostItem } from '../../model/item.ts';
import type { Change } from '../../model/plan.ts';
import type { Verdict } from '../../model/run-event.ts';
import { isFailedJoin, stateInClusterOf } from '../../plan/removal/state-in-cluster.ts';
import { clusterOnlyIn } from '../../inventory/spec.ts';
import type { ItemKind } from '../../playbook/item-kinds.ts';
import type { Play } from '../../playbook/playbook.ts';
import { OutriggerError } from '../../support/errors.ts';
import { conclude, type VerdictContext } from '../run/conclude.ts';
import type { EditContext } from '../run/edit-context.ts';
import { failureOf } from '../run/failures.ts';
import { changesOf } from '../run/planned-changes.ts';
import type { ProcedureContext } from '../run/run-context.ts';
import type { RunHosts } from '../run/run-hosts.ts';
import type { RunInput } from '../run/run-input.ts';
import type { RunProgress } from '../run/run-progress.ts';
import { leaveCluster, OVERTAKEN, type LeaveFailures } from './remove-from-cluster.ts';
import { takeStep } from '../run/step.ts';
import { unwritable, type Intended } from '../run/try-files.ts';
import { forgetNodes, undoJoins } from '../cluster/undo.ts';

type Failed = Extract<Verdict, { readonly kind: 'failed' }>;

/**
 * Takes nodes out that shall be absent: first out of the cluster, all at once; then what outrigger brought goes from the hosts that
 * answered; last the cluster forgets them. A node whose host fails stays known until an apply finishes with it.
 */
export async function runRemoval(
  context: ProcedureContext & VerdictContext,
  play: Play,
  batch: readonly string[],
): Promise<void> {
  const ledger = openLedger(context, play);
  const lost = failedJoin(context);
  if (lost !== undefined) {
    const because = `${lost} did not join, so resources of the removed nodes may have no eligible node`;
    ledger.settle({ kind: 'skipped', because });
    return;
  }
  const left = (items?: readonly ItemKind[]): readonly string[] =>
    batch.filter((name) => ledger.itemsOf(name).some((item) => items?.includes(item) ?? true));
  const inCluster = left(IN_CIB);
  for (const [host, because] of await unwritable(context, cleaned(context, inCluster, ledger)))
    ledger.settleFailure(host, { kind: 'failed', because, hint: STAYS_IN });
  for (const host of left(IN_CIB)) {
    const [item = 'node-record'] = ledger.itemsOf(host);
    context.emit({ type: 'action', play: play.name, host, item, action: 'leave' });
  }
  const leaving = left(IN_CIB);
  await attempt(ledger, leaving, () => outOfCluster(context, play, leaving));
  ledger.settle({ kind: 'changed' }, ({ item }) => IN_CIB.includes(item));
  if (context.signal.aborted) ledger.settle({ kind: 'skipped', because: 'interrupted' });
  const limit = pLimit(context.options.forks);
  await Promise.all(left().map((name) => limit(() => cleanHost(context, play, name, ledger))));
  const known = left();
  await attempt(ledger, known, async () => {
    await forgetNodes(context, play, known);
    ledger.settle({ kind: 'changed' });
    return new Map();
  });
}

/** What the plan showed and what has no verdict yet. */
interface Ledger {
  readonly itemsOf: (name: string) => readonly ItemKind[];
  readonly settle: (verdict: Verdict, isAbout?: (change: Change) => boolean) => void;
  /** The first thing of a node has failed, and what would have come after it is left out. */
  readonly settleFailure: (name: string, verdict: Failed) => void;
}

function openLedger(
  context: Pick<RunInput, 'plan' | 'playbook'> & VerdictContext,
  play: Play,
): Ledger {
  const open = new Set(changesOf(context, play));
  const settle: Ledger['settle'] = (verdict, isAbout = () => true) => {
    for (const change of [...open].filter(isAbout)) {
      open.delete(change);
      const { host, item } = change;
      conclude(context, play, { host, item }, verdict);
    }
  };
  return {
    itemsOf: (name) => [...open].filter(({ host }) => host === name).map(({ item }) => item),
    settle,
    settleFailure: (name, verdict) => {
      const first = [...open].find(({ host }) => host === name);
      settle(verdict, (one) => one === first);
      settle({ kind: 'skipped', because: verdict.because }, ({ host }) => host === name);
    },
  };
}

const STAYS_IN = 'it stays in the cluster: fix this, then apply again';

/** What is changed on the hosts of nodes once they have left. */
const cleaned = (
  { hosts, absent }: Pick<RunInput, 'absent'> & Pick<RunHosts, 'hosts'>,
  names: readonly string[],
  { itemsOf }: Ledger,
): readonly Intended[] =>
  names.flatMap((name) => {
    const host = hosts.get(name);
    const items = absent.hostItems.filter(
      (item) => item.host === name && itemsOf(name).includes(item.kind),
    );
    return host === undefined || items.length === 0 ? [] : [{ host, items }];
  });

async function attempt(
  ledger: Ledger,
  names: readonly string[],
  work: () => Promise<LeaveFailures>,
): Promise<void> {
  if (names.length === 0) return;
  try {
    for (const [name, verdict] of await work()) ledger.settleFailure(name, verdict);
  } catch (thrown) {
    const verdict = failureOf(thrown);
    for (const name of names) ledger.settleFailure(name, verdict);
  }
}

const IN_CIB: readonly Change['item'][] = [
  'connection-resource',
  'guest-node',
  'constraint',
  'node-state',
];

/** A node that this run was to bring in, and could not: the plan foresaw the cluster with it. */
const failedJoin = ({
  plan,
  failed,
}: Pick<RunInput, 'plan'> & Pick<RunProgress, 'failed'>): string | undefined =>
  plan.plays
    .flatMap(({ changes }) => changes)
    .find(
      ({ host, item, action }) =>
        action === 'create' &&
        (item === 'connection-resource' || item === 'guest-node') &&
        failed.has(host),
    )?.host;

async function outOfCluster(
  context: Pick<RunInput, 'spec' | 'plan' | 'absent'> & Pick<RunHosts, 'hosts'> & EditContext,
  play: Play,
  names: readonly string[],
): Promise<LeaveFailures> {
  const failures = new Map<string, Failed>();
  const confirmedOff = new Set(
    context.plan.risks.filter(({ code }) => code === 'host-is-off').flatMap(subjectsOf),
  );
  const before = await readCluster(context.queryNode);
  for (const name of names) {
    const why = changedSince(context, before, name, confirmedOff);
    if (why !== undefined) failures.set(name, why);
  }
  const ready = names.filter((name) => !failures.has(name));
  // A join that failed has a recipe of its own: its node was never in.
  const unproven = ready.filter((name) => isFailedJoin(before, name));
  if (unproven.length > 0) await undoJoins(context, play, unproven);
  const leaving = {
    names: ready,
    confirmedOff,
    editsFor: (cluster: ClusterFacts, name: string) => shownEdits(context, cluster, name),
  };
  for (const [name, verdict] of await leaveCluster(context, play, leaving))
    failures.set(name, verdict);
  return failures;
}

/** What goes for a node; undefined: more than the plan showed. */
function shownEdits(
  context: Pick<RunInput, 'absent' | 'plan'>,
  cluster: ClusterFacts,
  name: string,
): readonly CibOperation[] | undefined {
  const differences = context.absent.cibItems
    .filter(({ host }) => host === name)
    .map((item) => ({ item, difference: item.compare(cluster) }));
  return differences.every(({ item, difference }) => isShown(context, item, difference))
    ? differences.flatMap(({ difference }) => difference?.operations ?? [])
    : undefined;
}

const subjectsOf = ({ subjects }: { readonly subjects: readonly string[] }): readonly string[] =>
  subjects;

/** What has become otherwise since the plan was made: nothing is done that it did not show. */
function changedSince(
  context: Pick<RunInput, 'absent' | 'plan' | 'spec'> & Pick<RunHosts, 'hosts'>,
  cluster: ClusterFacts,
  name: string,
  confirmedOff: ReadonlySet<string>,
): Failed | undefined {
  if (shownEdits(context, cluster, name) === undefined) return OVERTAKEN;
  const because = notProvenOut(context, cluster, name, confirmedOff);
  return because === undefined ? undefined : { ...OVERTAKEN, because };
}

function notProvenOut(
  { hosts, spec }: Pick<RunInput, 'spec'> & Pick<RunHosts, 'hosts'>,
  cluster: ClusterFacts,
  name: string,
  confirmedOff: ReadonlySet<string>,
): string | undefined {
  if (hosts.has(name) || confirmedOff.has(name)) return undefined;
  if (clusterOnlyIn(spec.absent).some((node) => node.name === name)) return undefined;
  const stateInCluster = stateInClusterOf(cluster, name);
  return stateInCluster === 'in' || stateInCluster === 'unproven'
    ? 'its host is unreachable, and the cluster no longer reports it fenced or stopped'
    : undefined;
}

function isShown(
  { plan }: Pick<RunInput, 'plan'>,
  { host, kind }: CibItem,
  difference: CibDifference | undefined,
): boolean {
  if (difference === undefined) return true;
  const shown = plan.plays
    .flatMap(({ changes }) => changes)
    .find((change) => change.host === host && change.item === kind && change.action === 'remove');
  const isKnown = ({ name, before }: AttributeChange): boolean =>
    shown?.attributes.some((known) => known.name === name && known.before === before) === true;
  return difference.attributes.every(isKnown);
}

/** Takes from a host what outrigger brought, in the play's order; only while the cluster has no connection to it. */
async function cleanHost(
  context: Pick<RunInput, 'absent'> & RunHosts & EditContext,
  play: Play,
  name: string,
  ledger: Ledger,
): Promise<void> {
  const shown = ledger.itemsOf(name);
  const items = shown.flatMap((kind): readonly HostItem[] =>
    context.absent.hostItems.filter((item) => item.host === name && item.kind === kind),
  );
  const host = context.hosts.get(name);
  if (host === undefined || items.length === 0) return;
  try {
    const { cib } = await readCluster(context.queryNode);
    if (nodeConnection(cib, name) !== undefined)
      throw new OutriggerError('REFUSED', 'the cluster has reconnected to it', { host: name });
    let facts = await context.probe(host);
    for (const item of items) {
      const difference = item.compare(facts);
      if (difference !== undefined)
        facts = await takeStep(context, play, { host, item, difference });
      ledger.settle(
        difference === undefined ? { kind: 'in-sync' } : { kind: 'changed' },
        (one) => one.host === name && one.item === item.kind,
      );
    }
  } catch (thrown) {
    ledger.settleFailure(name, failureOf(thrown));
  }
}
