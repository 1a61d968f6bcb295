import { union } from './combine.ts';
import { withoutExtensions } from './extend.ts';
import type { CibOperation, DeleteOperation, MergeOperation, Target } from './operations.ts';
import { at, element, parseXml, serializeXml, type XmlElement } from '../basics/xml.ts';

const keyOf = ({ name, attributes }: XmlElement): string =>
  attributes['id'] === undefined ? name : `${name} ${attributes['id']}`;

/** Where the first child of a name stands, and the first of a name and id: a look-up in place of a search. */
function placesOf(siblings: readonly XmlElement[]): Map<string, number> {
  const places = new Map<string, number>();
  siblings.forEach((sibling, place) => {
    for (const key of [sibling.name, keyOf(sibling)]) if (!places.has(key)) places.set(key, place);
  });
  return places;
}

const hasChanges = (target: XmlElement, update: XmlElement): boolean =>
  Object.entries(update.attributes).some(([name, value]) => target.attributes[name] !== value);

/**
 * Merges as cibadmin does (lib/common/xml_element.c, update_xe): attributes are overwritten; each child is merged into
 * the first of its name (and of its id, where it has one) or appended; nothing is removed. The same object comes back
 * when nothing changes. References by id-ref, which cibadmin matches as well, do not occur in what outrigger writes.
 */
function mergeInto(target: XmlElement, update: XmlElement): XmlElement {
  const merged = [...target.children];
  const places = placesOf(merged);
  let changed = hasChanges(target, update);
  for (const inner of update.children) {
    const place = places.get(keyOf(inner)) ?? merged.length;
    const found = merged[place];
    merged[place] = mergeInto(found ?? element(inner.name), inner);
    changed ||= merged[place] !== found;
    if (found === undefined) places.set(keyOf(inner), place);
  }
  return changed
    ? element(target.name, { ...target.attributes, ...update.attributes }, merged)
    : target;
}

const standsThere = (target: Target, parent: XmlElement): boolean =>
  target.within === undefined ||
  (parent.name === target.within.element && parent.attributes['id'] === target.within.id);

type TargetIndex = ReadonlyMap<string, readonly Target[]>;

/** The tree without the targets; the same object when there was none. */
function without(parent: XmlElement, targets: TargetIndex): XmlElement {
  const kept = parent.children
    .filter(
      (inner) => !(targets.get(keyOf(inner)) ?? []).some((target) => standsThere(target, parent)),
    )
    .map((inner) => without(inner, targets));
  const same =
    kept.length === parent.children.length &&
    kept.every((inner, i) => inner === parent.children[i]);
  return same ? parent : element(parent.name, parent.attributes, kept);
}

function indexTargets(targets: readonly Target[]): TargetIndex {
  const index = new Map<string, Target[]>();
  for (const target of targets) {
    const key = `${target.element} ${target.id}`;
    index.set(key, [...(index.get(key) ?? []), target]);
  }
  return index;
}

const plusOne = (counter: string | undefined): string => String(Number(counter ?? 0) + 1);

/** A change of the configuration moves epoch on and resets num_updates; one of the status alone moves num_updates. */
function withNextVersion(before: XmlElement, after: XmlElement): XmlElement {
  if (before === after) return before;
  const { epoch, num_updates: updates } = before.attributes;
  const version =
    at(before, 'configuration') === at(after, 'configuration')
      ? { num_updates: plusOne(updates) }
      : { epoch: plusOne(epoch), num_updates: '0' };
  return element(after.name, { ...after.attributes, ...version }, after.children);
}

const applyOne = (root: XmlElement, operation: Step): XmlElement =>
  operation.kind === 'merge'
    ? mergeInto(root, operation.fragment)
    : without(root, indexTargets(operation.targets));

type Step = MergeOperation | DeleteOperation;

/** Neighbours of one kind as one step: each step walks the whole document, however little it changes. */
function joined(operations: readonly Step[]): readonly Step[] {
  const steps: Step[] = [];
  for (const operation of operations) {
    const last = steps.at(-1);
    if (last?.kind === 'merge' && operation.kind === 'merge')
      steps.splice(-1, 1, { ...last, fragment: union(last.fragment, operation.fragment) });
    else if (last?.kind === 'delete' && operation.kind === 'delete')
      steps.splice(-1, 1, { ...last, targets: [...last.targets, ...operation.targets] });
    else steps.push(operation);
  }
  return steps;
}

/** The CIB after these edits, as a tree. */
export const applyToTree = (root: XmlElement, operations: readonly CibOperation[]): XmlElement =>
  joined(withoutExtensions(operations)).reduce(
    (current, operation) => withNextVersion(current, applyOne(current, operation)),
    root,
  );

/**
 * The text of the CIB after these edits: what cibadmin makes of the same operations on a file (compared with crm_diff
 * on 2.1.5, 3.0.0 and 3.0.3), so that crm_simulate can tell what the cluster would do before anything is sent.
 */
export const applyOperations = (document: string, operations: readonly CibOperation[]): string =>
  serializeXml(applyToTree(parseXml(document, 'the CIB'), operations));
