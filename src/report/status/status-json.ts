import {
  overviewOf,
  type ClusterState,
  type DeclaredNodes,
  type RemoteOverview,
} from './cluster-overview.ts';
import type { OutriggerError } from '../../support/errors.ts';
import { jsonText } from '../text/json.ts';

/** A cluster at a glance as a JSON document: keys in a fixed order, `null` where something is absent. */
export function statusAsJson(
  state: ClusterState,
  spec: DeclaredNodes,
  unreachable: readonly OutriggerError[] = [],
): string {
  const { cluster, clusterNodes, remoteNodes, guestNodes, orphans, failures, quiet } = overviewOf(
    state,
    spec,
  );
  const { name, dc, pacemaker, hasQuorum, fencing, maintenance } = cluster;
  const document = {
    formatVersion: '1.0',
    cluster: {
      name,
      dc: dc ?? null,
      pacemaker: pacemaker ?? null,
      hasQuorum,
      fencing,
      maintenance,
    },
    clusterNodes: clusterNodes.map((node) => ({
      name: node.name,
      isDc: node.isDc,
      states: node.states,
    })),
    remoteNodes: remoteNodes.map(remoteObject),
    guestNodes: guestNodes.map((guest) => ({
      ...remoteObject(guest),
      resource: guest.resource,
      isStopped: guest.isStopped,
    })),
    orphans: orphans.map(({ id, agent, on, resources }) => ({ id, agent, on, resources })),
    temporaryMarkers: quiet,
    failures: failures.map((failure) => ({
      operation: failure.operationKey,
      node: failure.node,
      task: failure.task,
      exitStatus: failure.exitStatus,
      exitReason: failure.exitReason,
      status: failure.status,
    })),
    unreachable: unreachable.map(({ host, code, message, hint }) => ({
      host: host ?? '',
      code,
      message,
      hint: hint ?? null,
    })),
  };
  return jsonText(document, 2);
}

const remoteObject = (node: RemoteOverview) => ({
  name: node.name,
  isOnline: node.notOnline === undefined,
  notOnline: node.notOnline ?? null,
  declared: node.declared,
  connectedFrom: node.connectedFrom ?? null,
  server: node.server,
  port: node.port,
  states: node.states,
  markers: node.markers,
  resources: node.resources,
});
