import type { NodeEntry } from '../cib/nodes.ts';
import type { Target } from './operations.ts';
import { checkedId, checkedNodeId } from './operations.ts';
import { freeId, idFor, nvpair } from './connection-element.ts';
import { booleanOf } from '../basics/durations.ts';
import type { ById, Setting } from '../basics/nvpairs.ts';
import { children, element, type XmlElement } from '../basics/xml.ts';

/** What a node's permanent attributes are to be; attributes that are not named are left alone. */
export interface DesiredNodeState {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** What the cluster may do with the node; undefined: whatever is set stays. */
  readonly state: 'online' | 'standby' | 'maintenance' | undefined;
}

/** One attribute that is not as desired; `undefined` is absent. */
export interface NodeDifference {
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

const STATES = ['standby', 'maintenance'] as const;

/** Whether a written state means what is desired: `on`, `true` and `1` are the same. */
const sameState = (before: string | undefined, isDesired: boolean): boolean =>
  (booleanOf(before ?? '') ?? false) === isDesired;

function stateDifferences(
  entry: NodeEntry | undefined,
  desired: DesiredNodeState,
): readonly NodeDifference[] {
  if (desired.state === undefined) return [];
  return STATES.flatMap((name) => {
    const before = entry?.attributes.get(name)?.value;
    const isDesired = desired.state === name;
    return sameState(before, isDesired)
      ? []
      : [{ name, before, after: isDesired ? 'on' : undefined }];
  });
}

/**
 * How a node's permanent attributes differ from what is desired; `online` is neither standby nor maintenance, and a state
 * that is not wanted in particular is left alone.
 */
export function nodeDifferences(
  entry: NodeEntry | undefined,
  desired: DesiredNodeState,
): readonly NodeDifference[] {
  return [...attributeDifferences(entry, desired), ...stateDifferences(entry, desired)];
}

/** How they differ apart from standby and maintenance. */
export const attributeDifferences = (
  entry: NodeEntry | undefined,
  desired: Pick<DesiredNodeState, 'attributes'>,
): readonly NodeDifference[] =>
  Object.entries(desired.attributes).flatMap(([name, after]) => {
    const before = entry?.attributes.get(name)?.value;
    return before === after ? [] : [{ name, before, after }];
  });

/**
 * The ids that are there already stay; new ones are as crm_attribute makes them (`nodes-r1`, `nodes-r1-standby`), with
 * a number where that is taken: `a:b` and `a.b` would have the same.
 */
function attributeBlock(
  { name, entry, ids, made }: EntryToEdit,
  attribute: string,
  value: string,
): XmlElement {
  const old: Setting | undefined = entry?.attributes.get(attribute);
  const first = entry === undefined ? undefined : children(entry.element, 'instance_attributes')[0];
  const blockId = old?.blockId ?? first?.attributes['id'] ?? `nodes-${name}`;
  const id =
    old?.nvpairId ??
    freeId(idFor(blockId, attribute), { has: (one) => ids.has(one) || made.has(one) });
  made.add(id);
  return element('instance_attributes', { id: checkedId(blockId) }, [nvpair(id, attribute, value)]);
}

/** A node whose entry is edited or made. */
export interface EntryToEdit {
  readonly name: string;
  readonly entry: NodeEntry | undefined;
  /** The ids of the CIB. */
  readonly ids: ById;
  /** Those that edits made; new ones are added to it. */
  readonly made: Set<string>;
}

/** The `<node>` entry to merge so that these permanent attributes are set; undefined when there are none to set. */
export function nodeEntryElement(
  edited: EntryToEdit,
  values: Readonly<Record<string, string>>,
): XmlElement | undefined {
  const { name, entry } = edited;
  const blocks = Object.entries(values).map(([attribute, value]) =>
    attributeBlock(edited, attribute, value),
  );
  if (blocks.length === 0) return undefined;
  const id = entry?.id ?? checkedNodeId(name);
  return element('node', { id, uname: name, type: 'remote' }, blocks);
}

const idOf = (owner: XmlElement): string => owner.attributes['id'] ?? '';

/**
 * What to delete so that these attributes are gone. A block that they would leave empty goes whole, and so does the
 * entry itself: an empty `<node>` makes `pcs cluster node remove-remote` fail (pcs 0.12.0).
 */
export function nodeAttributeTargets(
  entry: NodeEntry,
  removed: readonly string[],
  staysInUse: boolean,
): readonly Target[] {
  const ids = new Set(removed.map((name) => entry.attributes.get(name)?.nvpairId));
  const leftIn = (owner: XmlElement): number =>
    owner.children.filter((inner) => !ids.has(inner.attributes['id'])).length;
  const affected = children(entry.element, 'instance_attributes').filter(
    (owner) => leftIn(owner) < owner.children.length,
  );
  if (affected.length === 0) return [];
  const isNeeded = staysInUse || entry.element.children.some((inner) => leftIn(inner) > 0);
  if (!isNeeded) return [{ element: 'node', id: entry.id }];
  return affected.flatMap((owner): Target[] =>
    leftIn(owner) === 0 && !staysInUse
      ? [{ element: 'instance_attributes', id: idOf(owner) }]
      : owner.children
          .filter((inner) => ids.has(inner.attributes['id']))
          .map((inner) => ({ element: 'nvpair', id: idOf(inner) })),
  );
}
