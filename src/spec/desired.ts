import { authkeyItem } from '../items/authkey.ts';
import { connectionResourceItem } from '../items/connection-resource.ts';
import { environmentItem } from '../items/environment.ts';
import { fenceDeviceItem } from '../items/fence-device.ts';
import { firewallPortItem } from '../items/firewall-port.ts';
import { guestNodeItem } from '../items/guest-node.ts';
import { nodeStateItem } from '../items/node-state.ts';
import { packageItem } from '../items/package.ts';
import { serviceItem } from '../items/service.ts';
import type { AuthkeyChoice } from '../plan/authkey-choice.ts';
import type { Facts, HostFacts } from '../plan/facts.ts';
import { devicesFor } from '../plan/fencing.ts';
import type { CibItem, HostItem } from '../plan/item.ts';
import { platformOf } from '../platform/detect.ts';
import type { PacemakerRemoteSpec, Spec } from './spec.ts';

/** Everything that outrigger keeps in shape for one inventory. */
export interface Desired {
  readonly hostItems: readonly HostItem[];
  readonly cibItems: readonly CibItem[];
}

/** Turns an inventory and what the hosts are into items. Hosts of an unknown platform, or that gave no facts, have none. */
export function desire(spec: Spec, facts: Facts, authkey: AuthkeyChoice): Desired {
  const cluster = spec.clusterNodes
    .filter(({ name }) => facts.clusterNodes.has(name))
    .map(({ name }) => authkeyItem(name, authkey, authkey.risks));
  const { remoteNodes, guestNodes } = facts;
  const remotes = spec.remoteNodes.filter(({ name }) => remoteNodes.has(name));
  const guests = spec.guestNodes.filter(({ name }) => guestNodes.has(name));
  const onHosts = [...remotes, ...guests].flatMap((node) => {
    const host = remoteNodes.get(node.name) ?? guestNodes.get(node.name);
    return host === undefined ? [] : itemsOf(node, host, facts, authkey);
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

function itemsOf(
  node: PacemakerRemoteSpec,
  host: HostFacts,
  facts: Facts,
  authkey: AuthkeyChoice,
): readonly HostItem[] {
  const platform = platformOf(host);
  if (platform === undefined) return [];
  return [
    packageItem(node.name, platform),
    authkeyItem(node.name, authkey),
    environmentItem(node.name, node.port, platform),
    firewallPortItem(node.name, node, sourcesFor(node, facts)),
    serviceItem(node.name, node.port),
  ];
}

/** The addresses from which the cluster nodes connect to a node. */
function sourcesFor({ server }: PacemakerRemoteSpec, facts: Facts): readonly string[] {
  const sources = [...facts.clusterNodes.values()].flatMap(
    ({ routes }) => routes.find((route) => route.server === server)?.source ?? [],
  );
  return [...new Set(sources)].sort();
}
