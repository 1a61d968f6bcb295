import { authkeyItem } from '../../items/authkey.ts';
import { authkeyRemovedItem } from '../../items/removed/authkey-removed.ts';
import { certificateItem } from '../../items/certificate.ts';
import { certificateRemovedItem } from '../../items/removed/certificate-removed.ts';
import { connectionResourceItem } from '../../items/connection-resource.ts';
import { environmentItem } from '../../items/environment.ts';
import { fenceDeviceItem } from '../../items/fence-device.ts';
import { firewallPortItem } from '../../items/firewall/firewall-port.ts';
import { guestNodeItem } from '../../items/guest-node.ts';
import { nodeStateItem } from '../../items/node-state.ts';
import { ownCertificateItem } from '../../items/own-certificate.ts';
import { packageItem } from '../../items/package.ts';
import { pacemakerItem } from '../../items/pacemaker.ts';
import { serviceItem } from '../../items/service.ts';
import type { AuthkeyChoice } from '../../credentials/authkey-choice.ts';
import type { DesiredCertificates, DesiredX509 } from '../../credentials/certificates.ts';
import type { CredentialChange } from '../../model/credential-change.ts';
import { isLeftBehind, restartsPacemaker } from '../../credentials/credential-change.ts';
import { sourcesTo, type Facts, type HostFacts } from '../../model/facts.ts';
import { devicesFor } from '../fencing.ts';
import type { CibItem, HostItem } from '../../model/item.ts';
import { platformOf } from '../../platform/detect.ts';
import { hasManagedHost, type PacemakerRemoteSpec, type Spec } from '../../inventory/spec.ts';

/** Everything that outrigger manages for one inventory. */
export interface DesiredItems {
  readonly hostItems: readonly HostItem[];
  readonly cibItems: readonly CibItem[];
}

/** Turns an inventory and what the hosts are into items. Hosts of an unknown platform, or that gave no facts, have none. */
export function desiredItems(
  spec: Spec,
  facts: Facts,
  credentials: AuthkeyChoice | DesiredX509,
  change?: CredentialChange,
): DesiredItems {
  const cluster = spec.clusterNodes.flatMap(({ name }) => {
    const host = facts.clusterNodes.get(name);
    if (host === undefined) return [];
    // It has to be ended once: by the first one whose Pacemaker runs.
    const isUnfinished = name === facts.cluster?.readFrom && isLeftBehind(facts.cluster.cib);
    return 'nodes' in credentials
      ? clusterNodeCertificates(host, credentials, isUnfinished)
      : clusterNodeAuthkey(host, credentials, { change, isUnfinished });
  });
  const { remoteNodes, guestNodes } = facts;
  const remotes = spec.remoteNodes.filter((node) => isKnown(node, remoteNodes));
  const guests = spec.guestNodes.filter((node) => isKnown(node, guestNodes));
  const onHosts = [...remotes, ...guests].flatMap((node) => {
    const host = remoteNodes.get(node.name) ?? guestNodes.get(node.name);
    return host === undefined ? [] : itemsOf(node, host, facts, credentials);
  });
  return {
    hostItems: [...cluster, ...onHosts],
    cibItems: [
      ...remotes.flatMap((node) => [
        ...(node.fencing === undefined
          ? []
          : [fenceDeviceItem(node.name, node.fencing, devicesFor(facts, node.name))]),
        connectionResourceItem(node),
        nodeStateItem(node),
      ]),
      ...guests.flatMap((node) => [guestNodeItem(node), nodeStateItem(node)]),
    ],
  };
}

/** Whether a node's host has answered, or need not. */
const isKnown = (node: PacemakerRemoteSpec, answered: ReadonlyMap<string, HostFacts>): boolean =>
  !hasManagedHost(node) || answered.has(node.name);

/** What a cluster node needs to use certificates. */
function clusterNodeCertificates(
  host: HostFacts,
  x509: DesiredX509,
  isUnfinished: boolean,
): readonly HostItem[] {
  const platform = platformOf(host);
  const desired = x509.nodes.get(host.name);
  if (platform === undefined || desired === undefined) return [];
  const { variables: certificates } = desired;
  return [
    certificatesOf(host, desired),
    environmentItem(host.name, { certificates }, platform),
    pacemakerItem(host.name, { certificates, newKey: undefined, isUnfinished }),
    ...(x509.removesAuthkey ? [authkeyRemovedItem(host.name)] : []),
  ];
}

/** What a cluster node needs to use the authkey. */
function clusterNodeAuthkey(
  host: HostFacts,
  authkey: AuthkeyChoice,
  { change, isUnfinished }: { change: CredentialChange | undefined; isUnfinished: boolean },
): readonly HostItem[] {
  const platform = platformOf(host);
  const newKey =
    change?.kind === 'authkey' && restartsPacemaker(change)
      ? { digest: authkey.digest }
      : undefined;
  return [
    authkeyItem(host.name, authkey, authkey.risks),
    ...(platform === undefined
      ? []
      : [environmentItem(host.name, { certificates: 'none' }, platform)]),
    pacemakerItem(host.name, { certificates: 'none', newKey, isUnfinished }),
    certificateRemovedItem(host.name),
  ];
}

/** The files that outrigger brings, or the host's own. */
const certificatesOf = (host: HostFacts, desired: DesiredCertificates): HostItem =>
  host.ownCertificates === undefined
    ? certificateItem(host.name, desired)
    : ownCertificateItem(host.name, desired);

function itemsOf(
  node: PacemakerRemoteSpec,
  host: HostFacts,
  facts: Facts,
  credentials: AuthkeyChoice | DesiredX509,
): readonly HostItem[] {
  const platform = platformOf(host);
  if (platform === undefined) return [];
  const { name, port } = node;
  const openPort = firewallPortItem(name, node, sourcesTo(facts, node.server));
  if (!('nodes' in credentials)) {
    return [
      packageItem(name, platform),
      authkeyItem(name, credentials),
      environmentItem(name, { port, certificates: 'none' }, platform),
      openPort,
      serviceItem(name, port),
      certificateRemovedItem(name),
    ];
  }
  const desired = credentials.nodes.get(name);
  if (desired === undefined) return [];
  const { variables: certificates } = desired;
  return [
    packageItem(name, platform),
    certificatesOf(host, desired),
    environmentItem(name, { port, certificates }, platform),
    openPort,
    serviceItem(name, port, certificates),
    ...(credentials.removesAuthkey ? [authkeyRemovedItem(name)] : []),
  ];
}
