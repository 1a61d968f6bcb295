import { connectionOf, type RemoteConnection } from '../../pacemaker/cib/connections.ts';
import { nodeConnection, type Cib } from '../../pacemaker/cib/cib.ts';
import type { NodeEntry } from '../../pacemaker/cib/nodes.ts';
import { referringTo } from '../../pacemaker/edits/remove.ts';
import { connectionElement } from '../../pacemaker/edits/connection-element.ts';
import type { Settings } from '../../pacemaker/basics/nvpairs.ts';
import { indexById } from '../../pacemaker/basics/xml.ts';
import type { JoinedNode } from '../../model/run-record.ts';

type Values = ReadonlyMap<string, string>;

/**
 * What is not as a run made it of a node that it has joined, and is gone once the node is taken out: `found` is the CIB
 * before the run. One line each, as `priority absent -> 7`; what outrigger puts there for a while does not count.
 */
export function editsSince(
  cib: Cib,
  node: JoinedNode,
  found: Pick<Cib, 'nodeEntries'> | undefined,
): readonly string[] {
  const { name, desired } = node;
  const remote = cib.remoteConnections.get(name);
  const guest = cib.guestNodes.find((one) => one.name === name);
  const made = madeOf(node);
  const own = new Map(Object.entries(desired).filter(([key]) => key !== 'VM'));
  return [
    ...(remote === undefined || made === undefined
      ? []
      : differences(partsOf(made), partsOf(remote))),
    ...(guest === undefined ? [] : differences(own, valuesOf(guest.settings))),
    ...entryEdits(cib, node, found),
    ...referringTo(cib, name).map((id) => `constraint or tag ${id}`),
  ];
}

/** The connection resource as the run was to make it; undefined: its record does not contain it. */
function madeOf({ name, desired }: JoinedNode): RemoteConnection | undefined {
  const { server, port, reconnect_interval: reconnectInterval, ...others } = desired;
  if (server === undefined || port === undefined) return undefined;
  const meta: Record<string, string> = {};
  const operations: Record<string, Record<string, string>> = {};
  for (const [key, value] of Object.entries(others)) {
    const [operation = '', attribute] = key.split(' ');
    if (attribute === undefined) meta[key] = value;
    else operations[operation] = { ...operations[operation], [attribute]: value };
  }
  const wish = { name, server, port: Number(port), reconnectInterval, meta, operations };
  const element = connectionElement(wish);
  return connectionOf({ element, id: name, enclosing: [] }, indexById(element));
}

const valuesOf = (settings: Settings): Values =>
  new Map([...settings].map(([name, { value }]) => [name, value]));

/** All that is written of a connection, by what it is called. */
function partsOf(connection: RemoteConnection): Values {
  const operations = connection.operations.flatMap(
    ({ name, interval, timeout, onFail, others }) => {
      const all = { ...others, timeout, 'on-fail': onFail };
      return Object.entries(all).flatMap(([attribute, value]): [string, string][] =>
        value === undefined ? [] : [[`${name} ${interval} ${attribute}`, value]],
      );
    },
  );
  return new Map([...valuesOf(connection.instance), ...valuesOf(connection.meta), ...operations]);
}

/** While a join was not released yet, what its node's entry has is of the join. */
function entryEdits(
  cib: Cib,
  { name, entry: desired }: JoinedNode,
  found: Pick<Cib, 'nodeEntries'> | undefined,
): readonly string[] {
  const entry = cib.nodeEntries.get(name);
  if (entry === undefined || nodeConnection(cib, name)?.joining === true) return [];
  const { state, ...attributes } = desired;
  const before = found?.nodeEntries.get(name);
  const made = new Map([
    ...[...attributesOf(before)].filter(([key]) => state === undefined || !STATES.includes(key)),
    ...Object.entries(attributes),
    ...(state !== undefined && STATES.includes(state) ? [[state, 'on'] as const] : []),
  ]);
  return differences(made, attributesOf(entry)).map((line) => `node attribute ${line}`);
}

const STATES: readonly string[] = ['standby', 'maintenance'];

const attributesOf = (entry: NodeEntry | undefined): Values =>
  entry === undefined
    ? new Map()
    : new Map([...valuesOf(entry.attributes), ...valuesOf(entry.utilization)]);

const differences = (made: Values, now: Values): readonly string[] =>
  [...new Set([...made.keys(), ...now.keys()])]
    .filter((key) => made.get(key) !== now.get(key))
    .map((key) => `${key} ${made.get(key) ?? 'absent'} -> ${now.get(key) ?? 'absent'}`);
