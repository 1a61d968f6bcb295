import type { QueryNode } from '../host/host.ts';
import { nodeConnection, readCib } from '../pacemaker/cib/cib.ts';
import { isInMaintenance } from '../pacemaker/cib/cluster-options.ts';
import {
  applyOperations,
  beginRemoval,
  forgetHistory,
  holdVms,
  protect,
  removeReferences,
  type CibOperation,
} from '../pacemaker/procedures/edit.ts';
import { activeOn, connectionState } from '../pacemaker/status/crm-mon.ts';
import { failuresOf } from '../pacemaker/status/failures.ts';
import type { CredentialChange } from '../model/credential-change.ts';
import type { Removals } from '../plan/removal/removals.ts';
import type { Differences } from '../plan/differences.ts';
import type { ClusterFacts } from '../model/facts.ts';
import { withoutNotStarted } from '../plan/not-started.ts';
import { isRestless } from '../plan/restless.ts';
import { hindrances } from '../items/why-not-started.ts';
import { isMoved, type CibDifference, type CibItem } from '../model/item.ts';
import { connects } from '../playbook/playbook.ts';
import type { DesiredItems } from '../plan/desired/desired-items.ts';
import { forecast, type Foreseen, type Intention } from './forecast.ts';

/** Where the scheduler is not asked. */
const NOTHING_TO_ASK = { forecast: undefined, remarks: [], notStarted: [] } as const;

/** What the cluster would do about a plan, and what is left of that plan. */
export type ForeseenPlan = (Foreseen | typeof NOTHING_TO_ASK) &
  Pick<Planned, 'differences'> & {
    /** Nodes in the cluster whose connections are not touched, because the scheduler would not start them. */
    readonly leftAsIs: readonly string[];
  };

/** What a plan is about. */
interface Planned {
  readonly desired: DesiredItems;
  readonly differences: Differences;
  readonly removals: Removals;
}

/**
 * What the cluster would do about a plan. Connections that it would not start are left out of what is planned, unless their
 * nodes change their credentials with all others; in maintenance mode it starts nothing, and apply waits for its end.
 */
export async function foresee(
  queryNode: QueryNode,
  cluster: ClusterFacts,
  {
    change,
    isRequested,
    ...planned
  }: Planned & {
    readonly change: CredentialChange | undefined;
    /** Who only compares has no use for it. */
    readonly isRequested: boolean;
  },
): Promise<ForeseenPlan> {
  const { differences } = planned;
  const leftAsIs: readonly string[] = [];
  if (!isRequested) return { ...NOTHING_TO_ASK, differences, leftAsIs };
  const foreseen = await forecastFor(queryNode, cluster, planned);
  const left = [...new Set([...foreseen.notStarted, ...editedInVain(differences, cluster)])].filter(
    (name) => change?.nodes.includes(name) !== true,
  );
  if (left.length === 0 || isInMaintenance(cluster)) return { ...foreseen, differences, leftAsIs };
  const others = withoutNotStarted(differences, cluster, left);
  return { ...(await forecastFor(queryNode, cluster, { ...planned, ...others })), ...others };
}

/** Whose connection would be edited, and then waited for, although something is shown to hinder its start. */
const editedInVain = ({ inCib }: Differences, cluster: ClusterFacts): readonly string[] => {
  const edited = [...inCib].filter(([{ kind }, { joins }]) => connects(kind) && !joins);
  return [
    ...hindrances(
      cluster,
      edited.map(([{ host }]) => host),
    ).keys(),
  ];
};

/** Nothing to do in the CIB: nothing to ask the scheduler. */
export async function forecastFor(
  queryNode: QueryNode,
  cluster: ClusterFacts,
  { desired, differences: { inCib, onHosts }, removals }: Planned,
): Promise<Foreseen | typeof NOTHING_TO_ASK> {
  // Whatever is done on hosts, the lock or a protection is an edit of the CIB.
  const wakes = onHosts.size > 0 && isRestless(cluster);
  if (inCib.size + removals.inCib.size === 0 && !wakes) return NOTHING_TO_ASK;
  const leaving = [...new Set([...removals.inCib.keys()].map(({ host }) => host))];
  const connections = [...inCib].filter(([{ kind }]) => connects(kind));
  // The fence devices come first, and the scheduler tells that they are restarted for it.
  const fencing = [...inCib].filter(([item]) => item.kind === 'fence-device');
  const joining = [
    ...[...fencing, ...connections].flatMap(([, { operations }]) => operations),
    ...cleanedUp(cluster, connections),
  ];
  const connected = applyOperations(cluster.cibText, joining);
  const intended: ClusterFacts = { ...cluster, cibText: connected, cib: readCib(connected) };
  const released = desired.cibItems
    .filter(
      (item) =>
        item.kind === 'node-state' && [...inCib.keys()].some(({ host }) => host === item.host),
    )
    .flatMap((item) => item.compare(intended)?.operations ?? []);
  const starting = connections
    .filter(([, { joins, cleansUp }]) => joins || cleansUp)
    .map(([{ host }]) => host);
  // An interrupted run left them: their start is under way, and may still fail.
  const unproven = [...inCib.keys()]
    .map(({ host }) => host)
    .filter(
      (host) =>
        nodeConnection(cluster.cib, host)?.guarded === true &&
        connectionState(cluster.mon, host).state !== 'node-online',
    );
  const intention: Intention = {
    joining,
    joiningNames: [...new Set([...starting, ...unproven])],
    final: [
      ...joining,
      ...released,
      ...heldMeanwhile(cluster, connections),
      ...beginRemoval(cluster.cib, leaving),
      ...leaving.flatMap((name) => removeReferences(cluster.cib, name)),
    ],
    leaving,
  };
  return forecast(queryNode, cluster, intention);
}

/** What the cluster remembers of connections that are tried again is forgotten before: see apply/plays/cib-play.ts. */
const cleanedUp = (
  { cib, mon }: ClusterFacts,
  connections: readonly (readonly [CibItem, CibDifference])[],
): readonly CibOperation[] =>
  forgetHistory(
    cib,
    connections
      .filter(([, { cleansUp }]) => cleansUp)
      .map(([{ host }]) => host)
      .filter(
        (name) =>
          failuresOf(mon, [name]).length > 0 ||
          mon.failCounts.some(({ resource }) => resource === name),
      ),
  );

/** A guest node gets another address while its VM and all that runs on it are held: see apply/quiet-restart/quiet-restart.ts. */
function heldMeanwhile(
  { cib, mon }: ClusterFacts,
  connections: readonly (readonly [CibItem, CibDifference])[],
): readonly CibOperation[] {
  const guests = cib.guestNodes
    .map(({ name }) => name)
    .filter((name) =>
      connections.some(([{ host }, difference]) => host === name && isMoved(difference)),
    );
  const running = guests.flatMap((name) => activeOn(mon, name));
  return [...holdVms(cib, guests), ...protect(cib, [...new Set(running)])];
}
