import { connectedNames, type Cib } from '../cib/cib.ts';
import {
  checkedId,
  checkedNodeId,
  deletion,
  merge,
  type CibOperation,
} from '../edits/operations.ts';
import { placed } from '../edits/place.ts';
import { markBlock } from './quiet.ts';
import { nvpair } from '../edits/connection-element.ts';
import { booleanOf } from '../basics/durations.ts';
import { APART_PREFIX } from '../basics/names.ts';
import { settings } from '../basics/nvpairs.ts';
import { element, type XmlElement } from '../basics/xml.ts';

const DEFAULTS_ID = `${APART_PREFIX}defaults`;
const BAN_PREFIX = `${APART_PREFIX}ban-`;
const META_PREFIX = `${APART_PREFIX}meta-`;
const STANDBY_PREFIX = `${APART_PREFIX}standby-`;

const isOurs = (id: string): boolean => id.startsWith(APART_PREFIX);

/** One constraint for all the cluster nodes: `-INFINITY` outweighs whatever else draws the connection there. */
const banElement = (connection: string, clusterNodes: readonly string[]): XmlElement => {
  const id = checkedId(`${BAN_PREFIX}${connection}`);
  const expressions = clusterNodes.map((value, index) =>
    element('expression', {
      id: `${id}-${index}`,
      attribute: '#uname',
      operation: 'eq',
      value,
    }),
  );
  return element('rsc_location', { id, rsc: checkedId(connection) }, [
    element('rule', { id: `${id}-rule`, score: '-INFINITY', 'boolean-op': 'or' }, expressions),
  ]);
};

/**
 * Keeps connections away from cluster nodes that do not hold the same credentials; those from before are replaced. Whatever
 * runs stays where it is besides: a cluster node that comes and goes changes what the others carry, and with Pacemaker's
 * default resource-stickiness of 0 that alone moves bystanders.
 */
export function keepApart(
  cib: Cib,
  banned: ReadonlyMap<string, readonly string[]>,
): readonly CibOperation[] {
  const replaced = [...banned.keys()].filter((name) => isKeptApart(cib, name));
  return [
    ...deletion(replaced.map((name) => ({ element: 'rsc_location', id: `${BAN_PREFIX}${name}` }))),
    ...merge({
      constraints: [...banned]
        .filter(([, clusterNodes]) => clusterNodes.length > 0)
        .map(([name, members]) => banElement(name, members)),
      rsc_defaults: [markBlock(DEFAULTS_ID, { 'resource-stickiness': 'INFINITY' })],
    }),
  ];
}

/**
 * Connections are no longer migrated live: to a cluster node of the other kind that would fail, and fence the node. A step of its
 * own, once the connections are where they may be: with it they would be stopped to get there.
 */
export const stopMigration = (cib: Cib, connections: readonly string[]): readonly CibOperation[] =>
  merge({
    resources: connections.flatMap((name) => {
      const connection = cib.remoteConnections.get(name);
      const mark = markBlock(`${META_PREFIX}${name}`, { 'allow-migrate': 'false' });
      return connection === undefined ? [] : [placed(connection, [mark])];
    }),
  });

/** Puts a cluster node into standby by a block of its own, which counts before what an operator has set. */
export function putIntoStandby(cib: Cib, clusterNode: string): readonly CibOperation[] {
  const entry = cib.nodeEntries.get(clusterNode);
  if (entry === undefined) return [];
  const id = checkedId(`${STANDBY_PREFIX}${clusterNode}`);
  return merge({
    nodes: [
      element('node', { id: checkedNodeId(entry.id), uname: clusterNode }, [
        element('instance_attributes', { id, score: 'INFINITY' }, [
          nvpair(`${id}-standby`, 'standby', 'on'),
        ]),
      ]),
    ],
  });
}

/** Takes a cluster node out of our standby; an operator's own stays. */
export const endStandby = (clusterNode: string): readonly CibOperation[] =>
  deletion([{ element: 'instance_attributes', id: `${STANDBY_PREFIX}${clusterNode}` }]);

/** Takes all of it away, also what an interrupted run left. */
export const endApart = (cib: Cib): readonly CibOperation[] =>
  deletion(
    [...cib.ids]
      .filter(([id, { name }]) => isOurs(id) && WHOLE.includes(name))
      .map(([id, { name }]) => ({ element: name, id })),
  );

const WHOLE: readonly string[] = ['rsc_location', 'meta_attributes', 'instance_attributes'];

/** Whether cluster nodes and connections are kept apart by what credentials they have, also by an interrupted run. */
export const isApart = (cib: Cib): boolean => [...cib.ids.keys()].some(isOurs);

/** Whether a connection is kept away from cluster nodes. */
const isKeptApart = (cib: Cib, connection: string): boolean =>
  cib.ids.has(`${BAN_PREFIX}${connection}`);

/** Whether a cluster node is in our standby. */
export const isInOurStandby = (cib: Cib, clusterNode: string): boolean =>
  cib.ids.has(`${STANDBY_PREFIX}${clusterNode}`);

/** Whether an operator keeps a cluster node in standby. */
export function isInStandby(cib: Cib, clusterNode: string): boolean {
  const entry = cib.nodeEntries.get(clusterNode);
  if (entry === undefined) return false;
  const own = settings(entry.element, 'instance_attributes', cib.ids, isOurs);
  return booleanOf(own.get('standby')?.value ?? '') === true;
}

/** The connections of remote nodes that must not be migrated live, by an operator's own word. */
export const stationary = (cib: Cib): readonly string[] =>
  connectedNames(cib).filter((name) => {
    const value = cib.remoteConnections.get(name)?.meta.get('allow-migrate')?.value;
    return booleanOf(value ?? 'true') === false;
  });
