import { connectedNames, type Cib } from '../../pacemaker/cib/cib.ts';
import { isFencingOn, isInMaintenance } from '../../pacemaker/cib/cluster-options.ts';
import { isQuiet } from '../../pacemaker/cib/connections.ts';
import type { NodeStatus } from '../../pacemaker/status/cluster-status.ts';
import {
  activeOn,
  connectionNode,
  connectionState,
  type CrmMon,
  type Failure,
  type NotIn,
} from '../../pacemaker/status/crm-mon.ts';
import { isHeld } from '../../pacemaker/procedures/guest.ts';
import { orphansIn, type Orphan } from '../../pacemaker/cib/orphans.ts';
import { quietlyProtected } from '../../pacemaker/procedures/quiet.ts';
import { vmState } from '../../pacemaker/status/vm-state.ts';
import type { ClusterSummary } from '../../model/plan.ts';
import { nodesOf, type PacemakerRemoteSpec, type Spec } from '../../inventory/spec.ts';
import { compareNames } from '../../support/text/fold-names.ts';

/** The state of a cluster as one of its nodes reports it. */
export interface ClusterState {
  readonly mon: CrmMon;
  readonly cib: Cib;
}

/** What an inventory declares of a cluster. */
export type DeclaredNodes = Pick<Spec, 'clusterNodes' | 'remoteNodes' | 'guestNodes' | 'absent'>;

/** Why a node is not in; `not-in-cluster`: it is declared, and the cluster has no connection to it. */
export type WhyNotIn = NotIn | 'not-in-cluster';

/** What the inventory declares of a node: it is to be there, it is to be absent, or nothing. */
export type Declared = 'present' | 'absent' | 'not-declared';

export interface ClusterNodeOverview {
  readonly name: string;
  readonly isDc: boolean;
  /** `online` or `offline` first, then what else holds (`standby`, `maintenance`, `unclean`, `pending`, `shutdown`). */
  readonly states: readonly string[];
}

export interface RemoteOverview {
  readonly name: string;
  /** Undefined: online and verified. */
  readonly notOnline: WhyNotIn | undefined;
  readonly declared: Declared;
  /** The cluster node on which its connection is active. */
  readonly connectedFrom: string | undefined;
  readonly server: string;
  readonly port: number;
  /** `standby`, `maintenance`, as the node is or as its entry has it. */
  readonly states: readonly string[];
  /** What an earlier run left behind: a join guard (`guard`), a marker of a quiet restart (`quiet`). */
  readonly markers: readonly string[];
  /** Resources that run there, besides its connection. */
  readonly resources: readonly string[];
}

export interface GuestOverview extends RemoteOverview {
  /** The resource that is the VM. */
  readonly resource: string;
  /** The cluster has stopped the VM, and nothing has failed. */
  readonly isStopped: boolean;
}

/** What was deleted from the CIB and still runs. */
export interface OrphanOverview extends Pick<Orphan, 'id' | 'agent' | 'on'> {
  /** Of a connection: what runs on its node. */
  readonly resources: readonly string[];
}

export interface ClusterOverview {
  readonly cluster: ClusterSummary;
  readonly clusterNodes: readonly ClusterNodeOverview[];
  /** How many cluster nodes the inventory declares. */
  readonly declaredClusterNodes: number;
  readonly remoteNodes: readonly RemoteOverview[];
  readonly guestNodes: readonly GuestOverview[];
  readonly orphans: readonly OrphanOverview[];
  readonly failures: readonly Failure[];
  /** Resources with a marker of a quiet restart, wherever they run: only outrigger removes it. */
  readonly quiet: readonly string[];
}

/** Everything that `status` shows, each list in natural order: what the cluster has, and what is declared besides. */
export function overviewOf(state: ClusterState, spec: DeclaredNodes): ClusterOverview {
  const { mon, cib } = state;
  const declared = declarations(spec);
  const connected = new Set(connectedNames(cib));
  const missing = ({ name }: PacemakerRemoteSpec): boolean => !connected.has(name);
  return {
    cluster: {
      name: cib.properties.get('cluster-name')?.value ?? '',
      dc: mon.dc?.name,
      pacemaker: mon.dc?.version,
      hasQuorum: cib.haveQuorum,
      fencing: isFencingOn({ cib, mon }),
      maintenance: isInMaintenance({ cib, mon }),
      isBusy: false,
    },
    clusterNodes: cib.clusterNodes.map(({ name }) => clusterNode(name, mon)).sort(byName),
    declaredClusterNodes: spec.clusterNodes.length,
    remoteNodes: [
      ...remoteNodesOf(state, declared),
      ...spec.remoteNodes.filter(missing).map(missingNode),
    ].sort(byName),
    guestNodes: [
      ...guestNodesOf(state, declared),
      ...spec.guestNodes
        .filter(missing)
        .map((guest) => ({ ...missingNode(guest), resource: guest.resource, isStopped: false })),
    ].sort(byName),
    orphans: orphansIn(mon).map((orphan) => orphanOverview(orphan, mon)),
    failures: mon.failures.toSorted(
      (a, b) => compareNames(a.operationKey, b.operationKey) || compareNames(a.node, b.node),
    ),
    quiet: quietlyProtected(cib).toSorted(compareNames),
  };
}

const orphanOverview = ({ id, agent, on, isConnection }: Orphan, mon: CrmMon): OrphanOverview => ({
  id,
  agent,
  on,
  resources: isConnection ? activeOn(mon, id).toSorted(compareNames) : [],
});

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  compareNames(a.name, b.name);

const remoteNodesOf = ({ mon, cib }: ClusterState, declared: DeclaredAs): RemoteOverview[] =>
  [...cib.remoteConnections.values()].map((connection) => ({
    ...remoteNode({ ...connection, name: connection.id }, { mon, cib }),
    declared: declared.get(connection.id) ?? 'not-declared',
    markers: [...(connection.guarded ? ['guard'] : []), ...(connection.quiet ? ['quiet'] : [])],
  }));

const guestNodesOf = ({ mon, cib }: ClusterState, declared: DeclaredAs): GuestOverview[] =>
  cib.guestNodes.map((guest) => ({
    ...remoteNode(guest, { mon, cib }),
    declared: declared.get(guest.name) ?? 'not-declared',
    markers: [
      ...(guest.guarded ? ['guard'] : []),
      ...(isMarked(cib, guest.resource) ? ['quiet'] : []),
    ],
    resource: guest.resource,
    isStopped: vmState(mon, guest, isHeld(cib, guest.resource)).kind === 'stopped',
  }));

type DeclaredAs = ReadonlyMap<string, Declared>;

/** What the inventory declares of each node that it names. */
const declarations = (spec: DeclaredNodes): DeclaredAs =>
  new Map([
    ...nodesOf(spec.absent).map(({ name }) => [name, 'absent'] as const),
    ...nodesOf(spec).map(({ name }) => [name, 'present'] as const),
  ]);

const missingNode = ({ name, server, port }: PacemakerRemoteSpec): RemoteOverview => ({
  name,
  server,
  port,
  notOnline: 'not-in-cluster',
  declared: 'present',
  connectedFrom: undefined,
  states: [],
  markers: [],
  resources: [],
});

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
): Omit<RemoteOverview, 'markers' | 'declared'> {
  const connection = connectionState(mon, name);
  const [node, entry] = [mon.nodes.get(name), cib.nodeEntries.get(name)];
  return {
    name,
    notOnline: connection.state === 'node-online' ? undefined : connection.why,
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
