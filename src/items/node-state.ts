import { nodeConnection } from '../pacemaker/cib/cib.ts';
import {
  attributeDifferences,
  isQuietUnfinished,
  nodeDifferences,
  release,
} from '../pacemaker/procedures/edit.ts';
import type { ClusterFacts } from '../model/facts.ts';
import type { AttributeChange, CibItem } from '../model/item.ts';
import type { PacemakerRemoteSpec } from '../inventory/spec.ts';

const JOIN_GUARD = 'join guard';
const START_GUARD = 'start guard';

/** Whether a change takes our guard off a start that did not come to an end: only a node that is online and verified may lose it. */
export const isGuardChange = ({ name }: AttributeChange): boolean =>
  name === JOIN_GUARD || name === START_GUARD;

/**
 * What the cluster may do with a node that is in: standby and maintenance as declared, permanent node attributes, and
 * nothing left over from a join or a quiet restart.
 */
export const nodeStateItem = (desired: PacemakerRemoteSpec): CibItem => ({
  kind: 'node-state',
  host: desired.name,
  compare: (cluster) => {
    const desiredAll = [
      { name: desired.name, state: stateFor(cluster, desired), attributes: desired.attributes },
    ];
    const attributes = changes(cluster, desired);
    const operations = release(cluster.cib, desiredAll);
    if (attributes.length === 0 && operations.length === 0) return undefined;
    return { attributes, operations, joins: false, cleansUp: false, risks: [] };
  },
});

/** A state that is not declared is the operator's, except for the standby in which a node joins. */
function stateFor(
  { cib }: ClusterFacts,
  desired: PacemakerRemoteSpec,
): PacemakerRemoteSpec['state'] {
  const connection = nodeConnection(cib, desired.name);
  const isJoining = connection === undefined || connection.joining;
  return desired.state ?? (isJoining ? 'online' : undefined);
}

function changes(cluster: ClusterFacts, desired: PacemakerRemoteSpec): readonly AttributeChange[] {
  const { cib } = cluster;
  const connection = nodeConnection(cib, desired.name);
  if (connection === undefined) {
    // Its entry may be there from before, with attributes of its own.
    const attributes = attributeDifferences(cib.nodeEntries.get(desired.name), desired);
    return [{ name: 'state', before: undefined, after: desired.state ?? 'online' }, ...attributes];
  }
  const found: AttributeChange[] = nodeDifferences(cib.nodeEntries.get(desired.name), {
    ...desired,
    state: stateFor(cluster, desired),
  }).map(({ name, before, after }) => ({ name, before, after }));
  if (connection.guarded) {
    found.push({
      name: connection.joining ? JOIN_GUARD : START_GUARD,
      before: 'on',
      after: undefined,
      reason: `left by an interrupted ${connection.joining ? 'join' : 'retry'}`,
    });
  }
  if (isQuietUnfinished(cib, cluster.mon, desired.name)) {
    found.push({
      name: 'restart protection',
      before: 'unfinished',
      after: 'finished',
      reason: 'left by an interrupted run',
    });
  }
  return found;
}
