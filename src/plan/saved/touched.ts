import { touchedObjects } from '../../pacemaker/edits/touched.ts';
import { CLUSTER_UNIT, REMOTE_UNIT } from '../../pacemaker/basics/names.ts';
import type { ItemKind } from '../../playbook/item-kinds.ts';
import type { AuthkeyChoice } from '../../credentials/authkey-choice.ts';
import type { DesiredX509 } from '../../credentials/certificates.ts';
import type { Removals } from '../removal/removals.ts';
import type { Differences } from '../differences.ts';
import type { ClusterFacts, Facts, HostFacts } from '../../model/facts.ts';

/** Something that a plan changes, as it is before: on a host, or in the CIB. It may hold digests of secrets: never shown. */
export interface Touched {
  /** Undefined: it is in the CIB. */
  readonly host: string | undefined;
  readonly object: string;
  readonly state: unknown;
}

/** What a plan is made from and for. */
export interface Touching {
  readonly facts: Facts;
  readonly cluster: ClusterFacts;
  readonly differences: Differences;
  readonly removals: Pick<Removals, 'onHosts' | 'inCib'>;
  /** What hosts of absent nodes reported. */
  readonly removedNodes: { readonly hosts: ReadonlyMap<string, HostFacts> };
  readonly authkey: AuthkeyChoice | undefined;
  readonly x509: DesiredX509 | undefined;
}

/** For items of which the plan shows all that they look at, and for those in the CIB, which is compared as a whole. */
const shown = (): undefined => undefined;

/** What an item looks at on its host, besides what the plan shows of it: a saved plan is refused once that has changed. */
const STATE: Readonly<Record<ItemKind, (host: HostFacts) => unknown>> = {
  package: ({ packages }) => packages,
  authkey: ({ authkey }) => authkey,
  'authkey-removed': ({ authkey }) => authkey,
  certificate: ({ certificates, ownCertificates }) => [certificates, ownCertificates],
  environment: ({ environmentFile, environment, environmentElsewhere }) => [
    environmentFile,
    environment,
    ...(environmentElsewhere === undefined ? [] : [environmentElsewhere]),
  ],
  pacemaker: ({ units }) => units[CLUSTER_UNIT],
  service: ({ units }) => units[REMOTE_UNIT],
  'firewall-port': ({ firewall }) => firewall,
  'certificate-removed': shown,
  'fence-device': shown,
  'connection-resource': shown,
  'guest-node': shown,
  'node-state': shown,
  constraint: shown,
  'node-record': shown,
};

/** Everything that a plan changes, as it is before, by host and in the plan's order; the CIB last. */
export function touchedBy(touching: Touching): readonly Touched[] {
  const { facts, cluster, differences, removals, removedNodes } = touching;
  const hosts = [facts.clusterNodes, facts.remoteNodes, facts.guestNodes, removedNodes.hosts];
  const changes = [...differences.onHosts, ...removals.onHosts];
  const onHosts = changes.map(([{ host, kind }, { attributes, actions }]) => {
    const found = hosts.map((all) => all.get(host)).find((one) => one !== undefined);
    const before = found && STATE[kind](found);
    const desired = desiredContent(touching, host, kind);
    return { host, object: kind, state: [attributes, actions, before, desired] };
  });
  const operations = [...differences.inCib.values(), ...removals.inCib.values()].flatMap(
    (one) => one.operations,
  );
  const inCib = touchedObjects(cluster.cib, operations).map(({ name, element }) => ({
    host: undefined,
    object: name,
    state: element ?? 'absent',
  }));
  return [...onHosts, ...inCib];
}

/** Of files the plan does not show the content: what it shall be, by its digest. What has still to be made has none. */
function desiredContent({ authkey, x509 }: Touching, host: string, kind: ItemKind): unknown {
  if (kind === 'authkey' && authkey?.source.kind !== 'generate') return authkey?.digest;
  if (kind !== 'certificate') return undefined;
  return x509?.nodes.get(host)?.files;
}

/** The credentials of the cluster nodes: secrets that cannot be guessed. */
export const clusterCredentials = ({ clusterNodes }: Facts): readonly unknown[] =>
  [...clusterNodes.values()].map(({ name, authkey, certificates }) => [
    name,
    authkey.digest ?? certificates.key?.digest,
  ]);
