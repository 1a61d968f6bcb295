import type { Host } from '../host/host.ts';
import { nodeConnection, readCib } from '../pacemaker/cib.ts';
import {
  applyOperations,
  beginLeaving,
  holdMachines,
  protect,
  removeReferences,
  type CibOperation,
} from '../pacemaker/cib-edit.ts';
import { activeOn, connectionState } from '../pacemaker/crm-mon.ts';
import type { Departures } from '../plan/departures.ts';
import type { Differences } from '../plan/differences.ts';
import type { ClusterFacts } from '../plan/facts.ts';
import { isMoved, type CibDifference, type CibItem } from '../plan/item.ts';
import type { Forecast } from '../plan/plan.ts';
import { connects } from '../playbook/playbook.ts';
import type { Desired } from '../spec/desired.ts';
import { forecast, type Intention } from './forecast.ts';

/** What the cluster would do about a plan; nothing to do in the CIB: nothing to ask the scheduler. */
export async function forecastFor(
  lead: Host,
  cluster: ClusterFacts,
  {
    desired,
    differences: { inCib },
    departures,
  }: {
    readonly desired: Desired;
    readonly differences: Differences;
    readonly departures: Departures;
  },
): Promise<Forecast | undefined> {
  if (inCib.size + departures.inCib.size === 0) return undefined;
  const leaving = [...new Set([...departures.inCib.keys()].map(({ host }) => host))];
  const connections = [...inCib].filter(([{ kind }]) => connects(kind));
  // The fence devices come first, and the scheduler tells that they are restarted for it.
  const fencing = [...inCib].filter(([item]) => item.kind === 'fence-device');
  const joining = [...fencing, ...connections].flatMap(([, { operations }]) => operations);
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
        connectionState(cluster.mon, host).state !== 'truly-in',
    );
  const intention: Intention = {
    joining,
    joiningNames: [...new Set([...starting, ...unproven])],
    final: [
      ...joining,
      ...released,
      ...heldMeanwhile(cluster, connections),
      ...beginLeaving(cluster.cib, leaving),
      ...leaving.flatMap((name) => removeReferences(cluster.cib, name)),
    ],
    leaving,
  };
  return forecast(lead, cluster, intention);
}

/** A guest node gets another address while its machine and all that runs on it are held: see apply/quiet-restart.ts. */
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
  return [...holdMachines(cib, guests), ...protect(cib, [...new Set(running)])];
}
