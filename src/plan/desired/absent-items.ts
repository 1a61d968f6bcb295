import {
  connectionGone,
  entryGone,
  recordGone,
  referencesGone,
} from '../../items/removed/removed-from-cluster.ts';
import {
  authkeyGone,
  certificateGone,
  environmentGone,
  firewallClosed,
  serviceGone,
} from '../../items/removed/removed-host.ts';
import type { Facts } from '../../model/facts.ts';
import type { RemovedNode } from '../removal/removed-node.ts';
import type { DesiredItems } from './desired-items.ts';
import { ownOnHost, type AuthenticationSpec } from '../../inventory/spec.ts';

/** What must be gone of nodes that shall be absent: from the cluster, and from the hosts that answered. */
export function absentItems(
  removedNodes: readonly RemovedNode[],
  { clusterNodes }: Pick<Facts, 'clusterNodes'>,
  authentication: AuthenticationSpec,
): DesiredItems {
  const keys = new Set([...clusterNodes.values()].flatMap(({ authkey }) => authkey.digest ?? []));
  return {
    cibItems: removedNodes.flatMap(({ node: { name }, vm }) => [
      connectionGone(name, vm === undefined ? 'connection-resource' : 'guest-node'),
      referencesGone(name),
      entryGone(name),
      recordGone(name),
    ]),
    hostItems: removedNodes
      .filter(({ host }) => host !== undefined)
      .flatMap(({ node: { name, port } }) => [
        serviceGone(name),
        authkeyGone(name, keys),
        certificateGone(name),
        environmentGone(name, { port, own: ownOnHost(authentication, name) }),
        firewallClosed(name, port),
      ]),
  };
}
