import { fencingEnabled, maintenanceMode, type Cib } from '../pacemaker/cib.ts';
import { isQuiet } from '../pacemaker/cib-connections.ts';
import type { NodeStatus } from '../pacemaker/cluster-status.ts';
import {
  activeOn,
  connectionNode,
  connectionState,
  type CrmMon,
  type Failure,
  type NotIn,
} from '../pacemaker/crm-mon.ts';
import { isHeld } from '../pacemaker/cib-guest.ts';
import { quietlyProtected } from '../pacemaker/cib-quiet.ts';
import { machineState } from '../plan/machine.ts';
import type { ClusterSummary } from '../plan/plan.ts';
import { compareNames } from './fold-names.ts';

/** The state of a cluster as one of its nodes tells it. */
export interface ClusterState {
  readonly mon: CrmMon;
  readonly cib: Cib;
}

export interface ClusterNodeOverview {
  readonly name: string;
  readonly isDc: boolean;
  /** `online` or `offline` first, then what else holds (`standby`, `maintenance`, `unclean`, `pending`, `shutdown`). */
  readonly states: readonly string[];
}

export interface RemoteOverview {
  readonly name: string;
  /** Undefined: truly in. */
  readonly notIn: NotIn | undefined;
  /** The cluster node on which its connection is active. */
  readonly connectedFrom: string | undefined;
  readonly server: string;
  readonly port: number;
  /** `standby`, `maintenance`, as the node is or as its entry says. */
  readonly states: readonly string[];
  /** What an earlier run left behind: a join guard (`guard`), a quiet mark (`quiet`). */
  readonly marks: readonly string[];
  /** Resources that run there, besides its connection. */
  readonly resources: readonly string[];
}

export interface GuestOverview extends RemoteOverview {
  /** The resource that is the machine. */
  readonly resource: string;
  /** The cluster has stopped the machine, and nothing has failed. */
  readonly isStopped: boolean;
}

export interface ClusterOverview {
  readonly cluster: ClusterSummary;
  readonly clusterNodes: readonly ClusterNodeOverview[];
  readonly remoteNodes: readonly RemoteOverview[];
  readonly guestNodes: readonly GuestOverview[];
  readonly failures: readonly Failure[];
  /** Resources with a quiet mark, wherever they run: nobody but outrigger takes it off. */
  readonly quiet: readonly string[];
}

/** Everything that `status` shows, each list in natural order. */
export function overviewOf({ mon, cib }: ClusterState): ClusterOverview {
  const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
    compareNames(a.name, b.name);
  return {
    cluster: {
      name: cib.properties.get('cluster-name')?.value ?? '',
      dc: mon.dc?.name,
      pacemaker: mon.dc?.version,
      hasQuorum: cib.haveQuorum,
      fencing: fencingEnabled(cib),
      maintenance: maintenanceMode(cib),
      isBusy: false,
    },
    clusterNodes: cib.clusterNodes.map(({ name }) => clusterNode(name, mon)).sort(byName),
    remoteNodes: [...cib.remoteConnections.values()]
      .map((connection) => ({
        ...remoteNode({ ...connection, name: connection.id }, { mon, cib }),
        marks: [...(connection.guarded ? ['guard'] : []), ...(connection.quiet ? ['quiet'] : [])],
      }))
      .sort(byName),
    guestNodes: cib.guestNodes
      .map((guest) => ({
        ...remoteNode(guest, { mon, cib }),
        marks: [
          ...(guest.guarded ? ['guard'] : []),
          ...(isMarked(cib, guest.resource) ? ['quiet'] : []),
        ],
        resource: guest.resource,
        isStopped: machineState(mon, guest, isHeld(cib, guest.resource)).kind === 'stopped',
      }))
      .sort(byName),
    failures: mon.failures.toSorted(
      (a, b) => compareNames(a.operationKey, b.operationKey) || compareNames(a.node, b.node),
    ),
    quiet: quietlyProtected(cib).toSorted(compareNames),
  };
}

const isMarked = ({ primitives }: Cib, resource: string): boolean => {
  const primitive = primitives.get(resource);
  return primitive !== undefined && isQuiet(primitive.element);
};

function clusterNode(name: string, mon: CrmMon): ClusterNodeOverview {
  const node = mon.nodes.get(name);
  return {
    name,
    isDc: node?.isDc === true,
    states:
      node === undefined ? ['unknown'] : [node.online ? 'online' : 'offline', ...statesOf(node)],
  };
}

const statesOf = (node: NodeStatus): readonly string[] =>
  (['standby', 'maintenance', 'unclean', 'pending', 'shutdown'] as const).filter(
    (state) => node[state],
  );

type RemoteHome = Pick<RemoteOverview, 'name' | 'server' | 'port'>;

function remoteNode(
  { name, server, port }: RemoteHome,
  { mon, cib }: ClusterState,
): Omit<RemoteOverview, 'marks'> {
  const connection = connectionState(mon, name);
  const [node, entry] = [mon.nodes.get(name), cib.nodeEntries.get(name)];
  return {
    name,
    notIn: connection.state === 'truly-in' ? undefined : connection.why,
    connectedFrom: connectionNode(mon, name),
    server,
    port,
    states: (['standby', 'maintenance'] as const).filter(
      (state) => node?.[state] === true || entry?.[state] === true,
    ),
    resources: activeOn(mon, name)
      .filter((resource) => resource !== name)
      .toSorted(compareNames),
  };
}
