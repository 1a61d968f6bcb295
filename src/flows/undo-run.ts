import { writeCib } from '../apply/cluster/cib.ts';
import type { EditContext } from '../apply/run/edit-context.ts';
import type { RunProgress } from '../apply/run/run-progress.ts';
import { passGates } from '../apply/cluster/gates.ts';
import { leaveCluster } from '../apply/removal/remove-from-cluster.ts';
import type { Lease } from '../apply/lock/lease.ts';
import { recordVm } from '../apply/run/vms.ts';
import type { RunOrigin } from '../records/run-log.ts';
import { undoGuests } from '../apply/cluster/undo-guests.ts';
import { forgetNodes, undoJoins } from '../apply/cluster/undo.ts';
import type { EarlierLook } from '../probe/gather.ts';
import type { FailoverNode } from '../probe/query-node.ts';
import { readCluster } from '../probe/read-cluster.ts';
import type { ConnectHost, Host, QueryNode } from '../host/host.ts';
import type { Cib } from '../pacemaker/cib/cib.ts';
import {
  beginRemoval,
  removeConnection,
  removeConnections,
  type CibOperation,
} from '../pacemaker/procedures/edit.ts';
import { restoreEntries, withdraw } from '../pacemaker/procedures/withdraw.ts';
import type { ClusterFacts, Unreachable } from '../model/facts.ts';
import { forecastRisks } from '../plan/forecast-risks.ts';
import type { Forecast } from '../model/plan.ts';
import { refuseRisks, type Risk } from '../model/risk.ts';
import type { RunEvent, Verdict } from '../model/run-event.ts';
import type { RunRecord } from '../model/run-record.ts';
import { newRisks } from '../plan/saved/saved-plan.ts';
import { otherForecast } from '../plan/saved/since-forecast.ts';
import {
  editRisks,
  isUnproven,
  undoneNode,
  newlyUndone,
  undoPlan,
  type UndoneNode,
  type UndoPlan,
} from '../plan/undo/undo-plan.ts';
import { nodesOf, type NodeLists, type Spec } from '../inventory/spec.ts';
import { forecast } from '../forecast/forecast.ts';
import { refuseChanged } from './plan/plan-again.ts';
import { answeringCluster } from './plan/answering-cluster.ts';
import { closeAll, gatherNodes } from './plan/gather-nodes.ts';
import { underRecord } from './record.ts';

export interface UndoRequest {
  readonly spec: Spec;
  readonly record: RunRecord;
  /** The runs after it. */
  readonly later: readonly RunRecord[];
  /** The CIB as the run found it. */
  readonly found: Cib | undefined;
  readonly connect: ConnectHost;
  readonly signal: AbortSignal;
  /** What was found out a moment ago. */
  readonly earlier?: EarlierLook | undefined;
}

/** What an undo would take back, and what that takes. The caller closes the hosts. */
export interface PreparedUndo {
  readonly request: UndoRequest;
  readonly plan: UndoPlan;
  /** Undefined: nothing leaves that is in. */
  readonly forecast: Forecast | undefined;
  readonly risks: readonly Risk[];
  readonly queryNode: FailoverNode;
  readonly cluster: ClusterFacts;
  readonly hosts: ReadonlyMap<string, Host>;
  /** Who gave no answer. */
  readonly unreachable: ReadonlyMap<string, Unreachable>;
}

const FORKS = 64;

/** The nodes of an inventory that a run has joined, whatever the inventory declares of them by now. */
export function nodesJoined(
  { remoteNodes, guestNodes, absent }: Spec,
  record: RunRecord,
): NodeLists {
  const isJoined = ({ name }: { readonly name: string }): boolean =>
    record.joined.some((node) => node.name === name);
  return {
    remoteNodes: [...remoteNodes, ...absent.remoteNodes].filter(isJoined),
    guestNodes: [...guestNodes, ...absent.guestNodes].filter(isJoined),
  };
}

/** Reads the cluster, and plans what is to be taken back of a run. Rejects with REFUSED where that must not be done. */
export async function prepareUndo(request: UndoRequest): Promise<PreparedUndo> {
  const { spec, record, later, found, connect, signal, earlier } = request;
  const absent = nodesJoined(spec, record);
  const { facts, removedNodes, hosts } = await gatherNodes({
    spec,
    selected: { remoteNodes: [], guestNodes: [], absent },
    connect,
    signal,
    earlier,
    forks: FORKS,
  });
  try {
    const { cluster, queryNode } = answeringCluster(facts, hosts);
    const known = new Set(nodesOf(absent).map(({ name }) => name));
    const unknown = new Set(
      record.joined.map(({ name }) => name).filter((name) => !known.has(name)),
    );
    const notReached = removedNodes.unreachable;
    const plan = undoPlan({ record, later, cluster, found, unreachable: notReached, unknown });
    const proven = plan.leaving.filter((node) => !node.isUnproven);
    const names = proven.map(({ name }) => name);
    const foreseen = await foresee(queryNode, cluster, names);
    const risks = [
      ...editRisks(plan),
      ...forecastRisks({ forecast: foreseen, cluster, removals: { names } }),
    ];
    const unreachable = new Map([...facts.unreachable, ...notReached]);
    return { request, plan, forecast: foreseen, risks, queryNode, cluster, hosts, unreachable };
  } catch (thrown) {
    // The caller has the connections of an earlier look.
    if (earlier === undefined) await closeAll(hosts);
    throw thrown;
  }
}

/** Reads the cluster once more, over the same connections. Rejects with REFUSED when more would be taken back than was shown. */
export async function prepareAgain(shown: PreparedUndo): Promise<PreparedUndo> {
  const { hosts, unreachable, request } = shown;
  const now = await prepareUndo({ ...request, earlier: { hosts, unreachable } });
  shown.queryNode.follow(now.queryNode);
  refuseChanged([
    ...newlyUndone(shown.plan, now.plan).map((what) => `${what}: now also to be undone`),
    ...otherForecast(shown.forecast, now.forecast, now.cluster.cib).unannounced,
    ...newRisks(shown.risks, now.risks),
  ]);
  return now;
}

/** What the cluster does once these nodes are to be empty. */
async function foresee(
  queryNode: QueryNode,
  cluster: ClusterFacts,
  leaving: readonly string[],
): Promise<Forecast | undefined> {
  if (leaving.length === 0) return undefined;
  const final = beginRemoval(cluster.cib, leaving);
  return (await forecast(queryNode, cluster, { final, joining: [], joiningNames: [], leaving }))
    .forecast;
}

const PLAY = {
  name: 'Remove',
  gates: ['quorum', 'no-pending-transition', 'no-maintenance'],
} as const;

type Failed = Extract<Verdict, { readonly kind: 'failed' }> & { readonly hint: string };

/** How an undo ended. */
export interface Undone {
  readonly log: string;
  /** Nodes that were not taken out. */
  readonly failed: ReadonlyMap<string, Failed>;
  /** An OutriggerError, or else a bug. */
  readonly stopped: Error | undefined;
}

/** Takes back what was planned. Throws REFUSED while it holds a risk that nobody allowed. */
export async function undoRun(
  prepared: PreparedUndo,
  {
    lease,
    allowed,
    origin,
    onEvent,
  }: {
    /** The lock of the cluster, which the caller releases. */
    readonly lease: Lease;
    readonly allowed: ReadonlySet<string>;
    readonly origin: RunOrigin;
    readonly onEvent: (event: RunEvent) => void;
  },
): Promise<Undone> {
  const { plan, risks, queryNode, hosts, request } = prepared;
  refuseRisks(risks, allowed);
  const failed = new Map<string, Failed>();
  const { log, stopped } = await underRecord(
    {
      cluster: plan.cluster,
      hosts,
      queryNode,
      lease,
      allowed,
      origin,
      undoes: plan.run,
      entries: [],
      forks: FORKS,
      signal: request.signal,
      onEvent,
      notice: PLAY.name,
      failed: () => new Map([...failed].map(([name, { because }]) => [name, because])),
    },
    async (recorder) => {
      request.signal.throwIfAborted();
      await takeBack({ queryNode, lease, ...recorder, vms: new Map() }, prepared, failed);
    },
  );
  return { log, failed, stopped };
}

type UndoContext = EditContext & Pick<RunProgress, 'vms'>;

/** First the nodes leave; then what the run had added for them goes, and what it had found comes back. */
async function takeBack(
  context: UndoContext,
  { plan, request }: PreparedUndo,
  failed: Map<string, Failed>,
): Promise<void> {
  const { leaving, remembered, listed, restored } = plan;
  const { found } = request;
  await passGates(context, PLAY);
  request.signal.throwIfAborted();
  // While a connection starts, its node looks as if it were in: only now, with the cluster idle, this can be decided.
  const cluster = await readCluster(context.queryNode);
  const unproven = leaving.filter((node) => isUnproven(cluster, node));
  const proven = leaving.filter((node) => !unproven.includes(node));
  await takeBackUnproven(context, cluster, unproven);
  if (proven.length > 0) {
    const editsFor = (now: ClusterFacts, name: string): readonly CibOperation[] | undefined =>
      isAsShown(now, name, request, proven) ? removal(now.cib, name) : undefined;
    const names = proven.map(({ name }) => name);
    const failures = await leaveCluster(context, PLAY, {
      names,
      confirmedOff: new Set(),
      editsFor,
    });
    for (const [name, verdict] of failures) failed.set(name, { ...verdict, hint: NEXT });
  }
  const isOut = ({ name }: { readonly name: string }): boolean => !failed.has(name);
  const out = leaving.filter(isOut);
  const toForget = [...proven.filter(isOut).map(({ name }) => name), ...remembered];
  if (toForget.length > 0) await forgetNodes(context, PLAY, toForget);
  await writeCib(context, PLAY, 'undo-restore', ({ cib }) => [
    ...withdraw(
      cib,
      listed.filter(({ node }) => isOut({ name: node })),
    ),
    ...(found === undefined
      ? []
      : restoreEntries(
          cib,
          found,
          restored.filter((name) => isOut({ name })),
        )),
  ]);
  context.log.write({
    type: 'taken-back',
    nodes: [...out.map(({ name }) => name), ...remembered],
  });
  for (const { name, vm } of leaving) {
    const item = vm === undefined ? 'connection-resource' : 'guest-node';
    const verdict = failed.get(name) ?? { kind: 'changed' as const };
    context.emit({ type: 'verdict', play: PLAY.name, host: name, item, verdict });
  }
}

const NEXT = 'check `crm_mon -1`; run undo again to continue, or apply to let the node join again';

/** Nodes that were never in have a recipe of their own: what failed there would fail, and fence, once more. */
async function takeBackUnproven(
  context: UndoContext,
  cluster: ClusterFacts,
  unproven: readonly UndoneNode[],
): Promise<void> {
  const remotes = unproven.filter(({ vm }) => vm === undefined).map(({ name }) => name);
  if (remotes.length > 0) await undoJoins(context, PLAY, remotes);
  const guests = unproven.flatMap(({ name, vm }) =>
    vm === undefined ? [] : [{ name, resource: vm }],
  );
  if (guests.length === 0) return;
  for (const { name, resource } of guests) context.vms.set(name, recordVm(cluster, resource));
  await undoGuests(context, PLAY, guests);
}

/** A connection with what cannot stay without it; constraints that merely name the node stay. */
const removal = (cib: Cib, name: string): readonly CibOperation[] =>
  cib.remoteConnections.has(name) ? removeConnections(cib, [name]) : removeConnection(cib, name);

/** Whether no node has been edited since the undo was shown. */
function isAsShown(
  cluster: ClusterFacts,
  name: string,
  { record, found }: UndoRequest,
  shown: readonly UndoneNode[],
): boolean {
  const node = record.joined.find((one) => one.name === name);
  const before = shown.find((one) => one.name === name);
  if (node === undefined || before === undefined) return false;
  const now = undoneNode(cluster, node, found);
  return now.edits.every((edit) => before.edits.includes(edit));
}
