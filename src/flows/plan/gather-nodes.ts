import type { Host } from '../../host/host.ts';
import {
  clusterOnlyIn,
  hasManagedHost,
  nodesOf,
  ownOnHost,
  type ClusterNodeSpec,
  type Nodes,
  type PacemakerRemoteSpec,
  type Spec,
} from '../../inventory/spec.ts';
import { gather, type Gathered, type GatherOptions, type Target } from '../../probe/gather.ts';

/** Whom to ask, and how. */
export type GatherNodes = Omit<GatherOptions, 'targets' | 'servers' | 'vmsOfGuests'> & {
  /** The whole inventory. */
  readonly spec: Spec;
  /** Which of its remote nodes and guest nodes are read. */
  readonly selected: Nodes;
};

/** Asks every host that a plan is about. The caller closes the hosts. */
export async function gatherNodes({ spec, selected, ...request }: GatherNodes): Promise<Gathered> {
  const gathered = await gather({
    ...request,
    targets: targetsOf(spec, selected),
    servers: new Map(
      nodesOf(selected).map(({ name, server, port }) => [name, { address: server, port }]),
    ),
    vmsOfGuests: new Map(selected.guestNodes.map(({ name, resource }) => [name, resource])),
  });
  const clusterOnly = new Set(clusterOnlyIn(selected).map(({ name }) => name));
  return { ...gathered, facts: { ...gathered.facts, clusterOnly } };
}

/** Ends all connections; never rejects. */
export async function closeAll(hosts: ReadonlyMap<string, Host>): Promise<void> {
  await Promise.allSettled([...hosts.values()].map((host) => host.close()));
}

function targetsOf(spec: Spec, { remoteNodes, guestNodes, absent }: Nodes): readonly Target[] {
  const target = (
    { name, address, connection }: ClusterNodeSpec | PacemakerRemoteSpec,
    role: Target['role'],
  ): Target => ({
    name,
    role,
    connection: { ...connection, address },
    own: ownOnHost(spec.authentication, name),
  });
  const managed = (nodes: readonly PacemakerRemoteSpec[], role: Target['role']) =>
    nodes.filter(hasManagedHost).map((node) => target(node, role));
  return [
    ...spec.clusterNodes.map((node) => target(node, 'clusterNode')),
    ...managed(remoteNodes, 'remoteNode'),
    ...managed(guestNodes, 'guestNode'),
    ...managed(nodesOf(absent), 'removedNode'),
  ];
}
