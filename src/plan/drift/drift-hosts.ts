import { connectedNames } from '../../pacemaker/cib/cib.ts';
import { connectionNode } from '../../pacemaker/status/crm-mon.ts';
import { nodesOf, type Nodes, type Spec } from '../../inventory/spec.ts';
import { isThatFile, type DesiredX509 } from '../../credentials/certificates.ts';
import type { Drift } from './drift.ts';
import type { ClusterFacts, Facts, HostFacts } from '../../model/facts.ts';
import { vmOf } from '../../pacemaker/status/vm-state.ts';

/** How a host stands; `undeclared`: the cluster has it, and the inventory does not name it. */
export type HostState =
  'in-sync' | 'pending' | 'drifted' | 'unreachable' | 'refused' | 'stopped' | 'undeclared';

/** A host of the cluster, as reports show it. */
export interface DriftHost {
  readonly name: string;
  readonly kind: 'cluster-node' | 'remote-node' | 'guest-node';
  readonly state: HostState;
  /** It shall not be part of the cluster (`state: absent`). */
  readonly isBeingRemoved: boolean;
  /** The cluster node that holds the connection to it. */
  readonly connectedFrom: string | undefined;
  /** The resource that a guest node is the VM of, and where that runs. */
  readonly vm: { readonly resource: string; readonly on: string | undefined } | undefined;
  /** How old its authkey is; undefined: it has none, or did not answer. */
  readonly authkeySeconds: number | undefined;
  /** When its certificate ends; undefined: it has none, or another one. */
  readonly certificateEnds: Date | undefined;
}

export interface HostsInput {
  readonly spec: Spec;
  readonly selected: Nodes;
  readonly facts: Facts;
  readonly cluster: ClusterFacts;
  readonly x509: DesiredX509 | undefined;
  /** Seconds since the epoch, by the clock of this machine. */
  readonly now: number;
}

/** Every host that this is about, and the Pacemaker Remote nodes that the inventory does not name. */
export function hostsIn(drift: Drift, input: HostsInput): readonly DriftHost[] {
  const { spec, selected, cluster } = input;
  const { mon } = cluster;
  const stateOf = statesIn(drift);
  const clusterNodes = spec.clusterNodes.map(({ name }) => ({
    name,
    kind: 'cluster-node' as const,
    connectedFrom: undefined,
    vm: undefined,
    isBeingRemoved: false,
  }));
  const called = new Map(
    [...input.facts.clusterNodes.values()].map(({ name, uname }) => [uname ?? name, name]),
  );
  const from = (name: string): string | undefined => {
    const node = connectionNode(mon, name);
    return node === undefined ? undefined : (called.get(node) ?? node);
  };
  const placed = (name: string, resource?: string, isBeingRemoved = false) => ({
    name,
    isBeingRemoved,
    kind: resource === undefined ? ('remote-node' as const) : ('guest-node' as const),
    connectedFrom: from(name),
    vm: resource === undefined ? undefined : { resource, on: vmOf(mon, resource)?.nodes[0] },
  });
  const declared = [
    ...selected.remoteNodes.map(({ name }) => placed(name)),
    ...selected.guestNodes.map(({ name, resource }) => placed(name, resource)),
    ...selected.absent.remoteNodes.map(({ name }) => placed(name, undefined, true)),
    ...selected.absent.guestNodes.map(({ name, resource }) => placed(name, resource, true)),
  ];
  const known = new Set([...nodesOf(spec), ...nodesOf(spec.absent)].map(({ name }) => name));
  const others = connectedNames(cluster.cib)
    .filter((name) => !known.has(name))
    .map((name) =>
      placed(name, cluster.cib.guestNodes.find((guest) => guest.name === name)?.resource),
    );
  return [
    ...[...clusterNodes, ...declared].map((host) => ({
      ...host,
      state: stateOf(host.name),
      ...credentialsOf(host.name, input),
    })),
    ...others.map((host) => ({
      ...host,
      state: 'undeclared' as const,
      authkeySeconds: undefined,
      certificateEnds: undefined,
    })),
  ];
}

/** A host of which nothing else is reported is in sync only when the drift lists it as such. */
function statesIn(drift: Drift): (host: string) => HostState {
  const states = new Map<string, HostState>();
  for (const host of drift.inSync) states.set(host, 'in-sync');
  for (const { host } of drift.pending) states.set(host, 'pending');
  for (const { host } of [...drift.drifted, ...drift.findings]) states.set(host, 'drifted');
  for (const { host } of drift.stoppedGuests) states.set(host, 'stopped');
  for (const { host, kind } of drift.problems) states.set(host, kind);
  return (host) => states.get(host) ?? 'unreachable';
}

function credentialsOf(
  name: string,
  { facts, x509, now }: HostsInput,
): Pick<DriftHost, 'authkeySeconds' | 'certificateEnds'> {
  const host: HostFacts | undefined =
    facts.clusterNodes.get(name) ?? facts.remoteNodes.get(name) ?? facts.guestNodes.get(name);
  if (host === undefined) return { authkeySeconds: undefined, certificateEnds: undefined };
  const { authkey, certificates, clockAhead } = host;
  const desired = x509?.nodes.get(name)?.files.certificate;
  return {
    authkeySeconds:
      authkey.digest === undefined || authkey.modifiedAt === 0
        ? undefined
        : Math.max(0, Math.round(now + clockAhead - authkey.modifiedAt)),
    certificateEnds: isThatFile(certificates.certificate, desired)
      ? x509?.ends.get(name)
      : undefined,
  };
}
