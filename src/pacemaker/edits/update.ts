import type { Cib } from '../cib/cib.ts';
import { isOurs, type Operation, type RemoteConnection } from '../cib/connections.ts';
import { merge, type CibOperation } from './operations.ts';
import { placed } from './place.ts';
import {
  freeId,
  idFor,
  nvpair,
  operation,
  type OperationTimes,
  type DesiredConnection,
} from './connection-element.ts';
import { booleanOf, sameDuration } from '../basics/durations.ts';
import { DEFAULT_OPERATIONS } from '../basics/names.ts';
import { ownBlock, type ById } from '../basics/nvpairs.ts';
import { element, type XmlElement } from '../basics/xml.ts';

/** One setting of a connection resource that is not as desired. */
export interface ConnectionDifference {
  readonly part: 'instance_attributes' | 'meta_attributes' | 'operations';
  /** The setting, or the operation. */
  readonly name: string;
  /** Of an operation: which of its attributes. */
  readonly attribute?: 'interval' | 'timeout';
  readonly before: string | undefined;
  readonly after: string;
}

const sameMeta = (before: string | undefined, after: string): boolean => {
  const meaning = booleanOf(after);
  return before === after || (meaning !== undefined && booleanOf(before ?? '') === meaning);
};

const sameTime = (before: string | undefined, after: string): boolean =>
  before !== undefined && sameDuration(before, after);

function instanceDifferences(
  have: RemoteConnection,
  desired: DesiredConnection,
): readonly ConnectionDifference[] {
  const part = 'instance_attributes';
  const { server, port, reconnectInterval } = desired;
  const found: ConnectionDifference[] = [];
  if (have.server !== server)
    found.push({ part, name: 'server', before: have.server, after: server });
  if (have.port !== port)
    found.push({ part, name: 'port', before: String(have.port), after: String(port) });
  if (
    reconnectInterval !== undefined &&
    !sameTime(have.reconnectInterval ?? '0', reconnectInterval)
  ) {
    const before = have.reconnectInterval;
    found.push({ part, name: 'reconnect_interval', before, after: reconnectInterval });
  }
  return found;
}

function metaDifferences(
  have: RemoteConnection,
  desired: DesiredConnection,
): readonly ConnectionDifference[] {
  return Object.entries(desired.meta).flatMap(([name, after]) => {
    const before = have.meta.get(name)?.value;
    return sameMeta(before, after) ? [] : [{ part: 'meta_attributes', name, before, after }];
  });
}

const operationNamed = (have: RemoteConnection, name: string): Operation | undefined =>
  have.operations.find((op) => op.name === name);

const usualOperation = (name: string): OperationTimes | undefined =>
  DEFAULT_OPERATIONS.find((op) => op.name === name);

function operationDifferences(
  have: RemoteConnection,
  name: string,
  desired: OperationTimes,
): readonly ConnectionDifference[] {
  const op = operationNamed(have, name);
  return (['interval', 'timeout'] as const).flatMap((attribute) => {
    const before = op?.[attribute];
    const after = desired[attribute];
    if (after === undefined || sameTime(before, after)) return [];
    return [{ part: 'operations', name, attribute, before, after }];
  });
}

/**
 * How a connection resource differs from what is declared, whoever made it. `60`, `60s` and `1min` are the same, and
 * so are `true` and `yes`; what is not declared does not count.
 */
export const connectionDifferences = (
  have: RemoteConnection,
  desired: DesiredConnection,
): readonly ConnectionDifference[] => [
  ...instanceDifferences(have, desired),
  ...metaDifferences(have, desired),
  ...Object.entries(desired.operations).flatMap(([name, op]) =>
    operationDifferences(have, name, op),
  ),
];

/** The nvpair that makes a setting so, in its block: the one in force if it is the primitive's own, else a new one. */
function settingElement(
  have: RemoteConnection,
  ids: ById,
  { part: kind, name, after }: ConnectionDifference,
): XmlElement {
  const settings = kind === 'instance_attributes' ? have.instance : have.meta;
  const old = settings.get(name);
  if (old?.inherited === false && old.nvpairId !== undefined) {
    return element(kind, { id: old.blockId }, [nvpair(old.nvpairId, name, after)]);
  }
  const own = ownBlock(have.element, kind, isOurs)?.attributes['id'];
  const blockId = own ?? freeId(`${have.id}-${kind}`, ids);
  return element(kind, { id: blockId }, [nvpair(freeId(idFor(blockId, name), ids), name, after)]);
}

/** The operation with what is desired of it; one that only the template has is written anew in the primitive. */
function operationElement(
  have: RemoteConnection,
  ids: ById,
  name: string,
  changes: Readonly<Record<string, string>>,
): XmlElement {
  const old = operationNamed(have, name);
  if (old?.inherited === false) return element('op', { id: old.id, ...changes });
  const { interval, timeout } = { ...usualOperation(name), ...old, ...changes };
  const made = operation(have.id, name, interval ?? '0s', timeout);
  const inherited = { ...old?.others, 'on-fail': old?.onFail };
  return element('op', {
    ...made.attributes,
    ...inherited,
    id: freeId(made.attributes['id'] ?? '', ids),
  });
}

/** What to merge into a connection so that these differences are gone. */
function update(
  have: RemoteConnection,
  ids: ById,
  differences: readonly ConnectionDifference[],
): XmlElement {
  const settings = differences.filter(({ part }) => part !== 'operations');
  const changes = new Map<string, Record<string, string>>();
  for (const { name, attribute, after } of differences) {
    if (attribute !== undefined) changes.set(name, { ...changes.get(name), [attribute]: after });
  }
  const ops = [...changes].map(([name, change]) => operationElement(have, ids, name, change));
  return placed(have, [
    ...settings.map((difference) => settingElement(have, ids, difference)),
    ...(ops.length === 0 ? [] : [element('operations', {}, ops)]),
  ]);
}

/**
 * Changes connections in place: existing nvpairs and operations keep their ids, nothing is written twice, and only
 * what is declared and differs is touched. One merge for any number; names without a connection are passed over.
 */
export const updateConnections = (
  cib: Cib,
  desiredAll: readonly DesiredConnection[],
): readonly CibOperation[] =>
  merge({
    resources: desiredAll.flatMap((desired) => {
      const have = cib.remoteConnections.get(desired.name);
      const differences = have === undefined ? [] : connectionDifferences(have, desired);
      return have === undefined || differences.length === 0
        ? []
        : [update(have, cib.ids, differences)];
    }),
  });
