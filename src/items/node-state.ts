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

/** Whether a change takes our guard off a start that did not come to an end: only a node that is truly in may lose it. */
export const isGuardChange = ({ name }: AttributeChange): boolean =>
  name === JOIN_GUARD || name === START_GUARD;

/**
 * What the cluster may do with a node that is in: standby and maintenance as declared, permanent node attributes, and
 * nothing left over from a join or a quiet restart.
 */
export const nodeStateItem = (want: PacemakerRemoteSpec): CibItem => ({
  kind: 'node-state',
  host: want.name,
  compare: (cluster) => {
    const wanted = [
      { name: want.name, state: stateFor(cluster, want), attributes: want.attributes },
    ];
    const attributes = changes(cluster, want);
    const operations = release(cluster.cib, wanted);
    if (attributes.length === 0 && operations.length === 0) return undefined;
    return { attributes, operations, joins: false, cleansUp: false, risks: [] };
  },
});

/** A state that is not declared is the operator's, except for the standby in which a node joins. */
function stateFor({ cib }: ClusterFacts, want: PacemakerRemoteSpec): PacemakerRemoteSpec['state'] {
  const connection = nodeConnection(cib, want.name);
  const isJoining = connection === undefined || connection.joining;
  return want.state ?? (isJoining ? 'online' : undefined);
}

function changes(cluster: ClusterFacts, want: PacemakerRemoteSpec): readonly AttributeChange[] {
  const { cib } = cluster;
  const connection = nodeConnection(cib, want.name);
  if (connection === undefined) {
    // Its entry may be there from before, with attributes of its own.
    const attributes = attributeDifferences(cib.nodeEntries.get(want.name), want);
    return [{ name: 'state', before: undefined, after: want.state ?? 'online' }, ...attributes];
  }
  const found: AttributeChange[] = nodeDifferences(cib.nodeEntries.get(want.name), {
    ...want,
    state: stateFor(cluster, want),
  }).map(({ name, before, after }) => ({ name, before, after }));
  if (connection.guarded) {
    found.push({
      name: connection.joining ? JOIN_GUARD : START_GUARD,
      before: 'on',
      after: undefined,
      reason: `left by an interrupted ${connection.joining ? 'join' : 'retry'}`,
    });
  }
  if (isQuietUnfinished(cib, cluster.mon, want.name)) {
    found.push({
      name: 'restart protection',
      before: 'unfinished',
      after: 'finished',
      reason: 'left by an interrupted run',
    });
  }
  return found;
}
