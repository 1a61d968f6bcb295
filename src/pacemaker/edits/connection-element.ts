import { checkedId } from './operations.ts';
import { DEFAULT_OPERATIONS, DEFAULT_PORT, GUARD_PREFIX, REMOTE_AGENT } from '../basics/names.ts';
import { element, type XmlElement } from '../basics/xml.ts';

/** What a connection resource is to be. */
export interface DesiredConnection {
  readonly name: string;
  /** Where the cluster connects. */
  readonly server: string;
  readonly port: number;
  /** A duration as Pacemaker reads it (`60s`); undefined: whatever is set stays. */
  readonly reconnectInterval: string | undefined;
  /** Operations by name (`start`, `stop`, `monitor` ...), on top of Pacemaker's usual ones. */
  readonly operations: Readonly<Record<string, OperationTimes>>;
  /** Meta attributes. */
  readonly meta: Readonly<Record<string, string>>;
}

/** The times of one operation, as Pacemaker reads them (`60s`); undefined: whatever is set stays. */
export interface OperationTimes {
  readonly interval?: string;
  readonly timeout?: string;
}

/** An id made of a prefix and a name from outside; Pacemaker puts a dot where an id cannot have the character. */
export const idFor = (prefix: string, name: string): string =>
  checkedId(`${prefix}-${name.replace(/[^A-Za-z0-9._-]/g, '.')}`);

/** The id itself, or with the first free number behind it, which is how pcs avoids a clash. */
export function freeId(baseId: string, taken: { has(id: string): boolean }): string {
  let id = baseId;
  for (let number = 1; taken.has(id); number += 1) id = `${baseId}-${number}`;
  return id;
}

export const nvpair = (id: string, name: string, value: string): XmlElement =>
  element('nvpair', { id, name, value });

/** A block of settings with the ids that pcs gives them, in its (alphabetical) order; none when there are none. */
export function block(
  kind: string,
  id: string,
  values: Readonly<Record<string, string | undefined>>,
): readonly XmlElement[] {
  const pairs = Object.entries(values)
    .flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, value }) => nvpair(idFor(id, name), name, value));
  return pairs.length === 0 ? [] : [element(kind, { id: checkedId(id) }, pairs)];
}

/** One operation as pcs writes it. */
export const operation = (
  resource: string,
  name: string,
  interval: string,
  timeout: string | undefined,
): XmlElement =>
  element('op', { id: idFor(resource, `${name}-interval-${interval}`), name, interval, timeout });

/**
 * The join guard: while it is on, a failed start leaves the connection blocked, and a node whose connection is blocked
 * is not fenced. A block inside the operation does what the attribute `on-fail` would do (crm_simulate of 2.1.5, 3.0.0
 * and 3.0.3, start failing on every cluster node: no fencing in four passes with either form), and can be
 * recognised as ours and deleted, which cibadmin cannot do with an attribute. An `on-fail` attribute that the operator
 * set on the operation counts before it.
 */
export const guardBlock = (resource: string, prefix: string): XmlElement => {
  const id = checkedId(`${prefix}${resource}`);
  return element('meta_attributes', { id }, [nvpair(`${id}-on-fail`, 'on-fail', 'block')]);
};

function operationsOf(desired: DesiredConnection): readonly XmlElement[] {
  const usual = new Map(DEFAULT_OPERATIONS.map((entry) => [entry.name, entry]));
  return [...new Set([...usual.keys(), ...Object.keys(desired.operations)])].sort().map((name) => {
    const { interval, timeout } = { ...usual.get(name), ...desired.operations[name] };
    return operation(desired.name, name, interval ?? '0s', timeout);
  });
}

/** The primitive as `pcs cluster node add-remote` would write it (pcs 0.12.0), ids included. */
export function connectionElement(desired: DesiredConnection): XmlElement {
  const { name, server, port, reconnectInterval } = desired;
  return element('primitive', { id: checkedId(name), ...REMOTE_AGENT }, [
    ...block('instance_attributes', `${name}-instance_attributes`, {
      server,
      port: port === DEFAULT_PORT ? undefined : String(port),
      reconnect_interval: reconnectInterval,
    }),
    ...block('meta_attributes', `${name}-meta_attributes`, desired.meta),
    element('operations', {}, operationsOf(desired)),
  ]);
}

/** The same with the join guard on its start operation. */
export function guardedConnectionElement(desired: DesiredConnection): XmlElement {
  const primitive = connectionElement(desired);
  const guarded = (op: XmlElement): XmlElement =>
    op.attributes['name'] === 'start'
      ? { ...op, children: [guardBlock(desired.name, GUARD_PREFIX)] }
      : op;
  const inside = primitive.children.map((inner) =>
    inner.name === 'operations' ? { ...inner, children: inner.children.map(guarded) } : inner,
  );
  return { ...primitive, children: inside };
}
