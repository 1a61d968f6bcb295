import { overviewOf, type ClusterState, type RemoteOverview } from './cluster-overview.ts';
import { jsonText } from './json.ts';

/** A cluster at a glance as a JSON document: keys in a fixed order, `null` where something is absent. */
export function statusAsJson(state: ClusterState): string {
  const { cluster, clusterNodes, remoteNodes, guestNodes, failures, quiet } = overviewOf(state);
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
    quietMarks: quiet,
    failures: failures.map((failure) => ({
      operation: failure.operationKey,
      node: failure.node,
      task: failure.task,
      exitStatus: failure.exitStatus,
      exitReason: failure.exitReason,
      status: failure.status,
    })),
  };
  return jsonText(document, 2);
}

const remoteObject = (node: RemoteOverview) => ({
  name: node.name,
  isIn: node.notIn === undefined,
  notIn: node.notIn ?? null,
  connectedFrom: node.connectedFrom ?? null,
  server: node.server,
  port: node.port,
  states: node.states,
  marks: node.marks,
  resources: node.resources,
});
