import {
  connectionDifferences,
  endRemoval,
  guard,
  isBeingRemoved,
  join,
  updateConnections,
} from '../pacemaker/procedures/edit.ts';
import type { CibOperation } from '../pacemaker/procedures/edit.ts';
import type { RemoteConnection } from '../pacemaker/cib/connections.ts';
import type { ClusterFacts } from '../model/facts.ts';
import type { AttributeChange, CibDifference, CibItem } from '../model/item.ts';
import type { RemoteNodeSpec } from '../inventory/spec.ts';
import { retry, STAYS } from './retry.ts';

/** The `ocf:pacemaker:remote` resource that connects the cluster to a remote node. */
export const connectionResourceItem = (desired: RemoteNodeSpec): CibItem => ({
  kind: 'connection-resource',
  host: desired.name,
  compare: (cluster) => {
    const have = cluster.cib.remoteConnections.get(desired.name);
    return have === undefined ? joining(cluster, desired) : updating(cluster, have, desired);
  },
});

function joining({ cib }: ClusterFacts, desired: RemoteNodeSpec): CibDifference {
  const { server, port, reconnectInterval } = desired;
  const attributes: AttributeChange[] = [
    { name: 'server', before: undefined, after: server },
    { name: 'port', before: undefined, after: String(port) },
  ];
  if (reconnectInterval !== undefined) {
    attributes.push({ name: 'reconnect_interval', before: undefined, after: reconnectInterval });
  }
  for (const [name, after] of [...Object.entries(desired.meta), ...operationSettings(desired)]) {
    attributes.push({ name, before: undefined, after });
  }
  return { attributes, operations: join(cib, [desired]), joins: true, cleansUp: false, risks: [] };
}

/** What is declared of operations, each under the name that an update gives it (`start timeout`). */
const operationSettings = ({ operations }: RemoteNodeSpec): readonly [string, string][] =>
  Object.entries(operations).flatMap(([name, operation]) =>
    Object.entries(operation).map(([attribute, after]): [string, string] => [
      `${name} ${attribute}`,
      String(after),
    ]),
  );

function updating(
  cluster: ClusterFacts,
  have: RemoteConnection,
  desired: RemoteNodeSpec,
): CibDifference | undefined {
  const { cib } = cluster;
  const differences = connectionDifferences(have, desired);
  // A run that was to take it out did not finish, and it shall stay after all: started again, guarded.
  const failed = isBeingRemoved(cib, desired.name) ? STAYS : retry(cluster, have);
  if (differences.length === 0 && failed === undefined) return undefined;
  const reconnects = differences.some(({ name }) => name === 'server' || name === 'port');
  const attributes = differences.map(({ name, attribute, before, after }): AttributeChange => ({
    name: attribute === undefined ? name : `${name} ${attribute}`,
    before,
    after,
    ...(name === 'server' || name === 'port' ? { reason: 'the connection is restarted' } : {}),
  }));
  if (failed !== undefined) attributes.push(failed);
  const guarding: readonly CibOperation[] = failed === undefined ? [] : guard(cib, [desired.name]);
  return {
    attributes,
    operations: [
      ...endRemoval(cib, [desired.name]),
      ...updateConnections(cib, [desired]),
      ...guarding,
    ],
    joins: false,
    cleansUp: failed !== undefined,
    risks:
      reconnects && failed === undefined ? [{ code: 'reconnects', subjects: [desired.name] }] : [],
  };
}
