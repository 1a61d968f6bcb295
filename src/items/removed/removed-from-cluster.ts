import { nodeConnection, type Cib } from '../../pacemaker/cib/cib.ts';
import {
  referencesOf,
  removeConnection,
  removeEntry,
  removeReferences,
  type CibOperation,
} from '../../pacemaker/procedures/edit.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import { REMEMBERED } from '../../model/finding.ts';
import type { AttributeChange, CibDifference, CibItem } from '../../model/item.ts';

const gone = (name: string, before: string, reason?: string): AttributeChange => ({
  name,
  before,
  after: undefined,
  ...(reason === undefined ? {} : { reason }),
});

const differenceOf = (
  attributes: readonly AttributeChange[],
  operations: readonly CibOperation[],
): CibDifference | undefined =>
  attributes.length === 0
    ? undefined
    : { attributes, operations, joins: false, cleansUp: false, risks: [] };

/** The cluster has no connection to a node that leaves. */
export const connectionGone = (
  host: string,
  kind: 'connection-resource' | 'guest-node',
): CibItem => ({
  kind,
  host,
  compare: ({ cib }) => {
    const isGuest = nodeConnection(cib, host)?.isGuest;
    return isGuest === (kind === 'guest-node')
      ? differenceOf(connectionAttributes(cib, host), removeConnection(cib, host))
      : undefined;
  },
});

function connectionAttributes(cib: Cib, host: string): readonly AttributeChange[] {
  const remote = cib.remoteConnections.get(host);
  if (remote !== undefined) {
    const stops = 'its resources are stopped or moved first';
    return [gone('server', remote.server, stops), gone('port', String(remote.port))];
  }
  const guest = cib.guestNodes.find(({ name }) => name === host);
  if (guest === undefined) return [];
  return [
    gone('VM', guest.resource, 'the VM keeps running'),
    ...[...guest.settings].map(([name, { value }]) => gone(name, value)),
  ];
}

/** Nothing in the CIB refers to a node that leaves, or to its connection. */
export const referencesGone = (host: string): CibItem => ({
  kind: 'constraint',
  host,
  compare: ({ cib }) =>
    differenceOf(
      referencesOf(cib, host)
        .filter(({ targets }) => targets.length > 0)
        .map(({ id, what }) => gone(id, what)),
      removeReferences(cib, host),
    ),
});

/** The CIB has no entry of a node that leaves, nor permanent attributes in it. */
export const entryGone = (host: string): CibItem => ({
  kind: 'node-state',
  host,
  compare: ({ cib }) => differenceOf(entryAttributes(cib, host), removeEntry(cib, host)),
});

function entryAttributes({ nodeEntries }: Cib, host: string): readonly AttributeChange[] {
  const entry = nodeEntries.get(host);
  if (entry?.type !== 'remote') return [];
  const reported = [...entry.attributes, ...entry.utilization].map(([name, { value }]) =>
    gone(name, value),
  );
  return reported.length > 0 ? reported : [gone('entry', 'there')];
}

/** The cluster remembers nothing of a node that has left: no state, no attributes, no place in any daemon's cache. */
export const recordGone = (host: string): CibItem => ({
  kind: 'node-record',
  host,
  compare: (cluster) =>
    differenceOf(
      isRemembered(cluster, host) ? [gone(REMEMBERED.attribute, REMEMBERED.value)] : [],
      [],
    ),
});

/** Whether the cluster would still know a node once its connection is gone. */
const isRemembered = ({ cib, mon }: ClusterFacts, name: string): boolean =>
  cib.seen.has(name) || mon.nodes.has(name) || nodeConnection(cib, name) !== undefined;
