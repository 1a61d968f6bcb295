import { nodeConnection, type Cib } from '../cib/cib.ts';
import { removeGuests } from './guest.ts';
import { markBlock } from './quiet.ts';
import type { Constraint } from '../cib/constraints.ts';
import { checkedId, deletion, merge, type CibOperation, type Target } from '../edits/operations.ts';
import { placed } from '../edits/place.ts';
import { referencesTo } from '../edits/remove.ts';
import { LEAVE_PREFIX } from '../basics/names.ts';
import { hasNode, isSameNode } from '../basics/node-names.ts';
import { children, element, type XmlElement } from '../basics/xml.ts';

const markId = (name: string): string => `${LEAVE_PREFIX}${name}`;

/** Whether a run has begun to take this node out. */
export const isBeingRemoved = ({ ids }: Cib, name: string): boolean => ids.has(markId(name));

/**
 * Nothing may run on the node of a guest. Standby would not do: 3.0.0 leaves a resource on a guest node in standby, and even
 * starts one there, when every other node is forbidden to it (crm_simulate shows it as well).
 */
const forbidding = (name: string): XmlElement =>
  element('rsc_location', {
    id: checkedId(markId(name)),
    'rsc-pattern': '.*',
    node: name,
    score: '-INFINITY',
  });

/**
 * Makes the cluster stop what runs on these nodes, and disconnect from remote nodes. A guest node has no connection of its own
 * to be stopped, and its VM is to go on: so nothing is let run there any more. One merge for any number.
 */
export const beginRemoval = (cib: Cib, names: readonly string[]): readonly CibOperation[] =>
  merge({
    constraints: cib.guestNodes
      .filter(({ name }) => names.includes(name))
      .map(({ name }) => forbidding(name)),
    resources: names
      .flatMap((name) => cib.remoteConnections.get(name) ?? [])
      .map((remote) =>
        placed(remote, [markBlock(markId(remote.id), { 'target-role': 'Stopped' })]),
      ),
  });

/** Gives nodes back that a run had begun to take out, and that shall stay. */
export const endRemoval = (cib: Cib, names: readonly string[]): readonly CibOperation[] =>
  deletion(
    names
      .filter((name) => isBeingRemoved(cib, name))
      .map((name) => ({ element: cib.ids.get(markId(name))?.name ?? '', id: markId(name) })),
  );

/** Something in the CIB that refers to a node or its connection and goes with it, or stays and why. */
interface Reference {
  /** As a plan calls it: `app on r1 (score 100)`. */
  readonly what: string;
  readonly id: string;
  /** What goes; a part of it where it is about others as well. Nothing: it stays. */
  readonly targets: readonly Target[];
}

const isExclusive = ({ element: { attributes } }: Constraint): boolean =>
  attributes['resource-discovery'] === 'exclusive';

/** The one rule of a constraint asks for the node and for nothing else. */
function isRuleFor({ element: constraint }: Constraint, name: string): boolean {
  const rules = children(constraint, 'rule');
  const [expression, ...others] = rules.flatMap((rule) => rule.children);
  const { attribute, operation, value } = expression?.attributes ?? {};
  return (
    rules.length === 1 &&
    others.length === 0 &&
    expression?.name === 'expression' &&
    attribute === '#uname' &&
    operation === 'eq' &&
    isSameNode(value ?? '', name)
  );
}

/**
 * A location constraint that is about this node and no other. One without which its resource could run anywhere
 * (`resource-discovery=exclusive`) stays, and so does a rule that speaks of other nodes too.
 */
const isOnlyAbout = (constraint: Constraint, name: string): boolean =>
  constraint.kind === 'rsc_location' &&
  !isExclusive(constraint) &&
  (isSameNode(constraint.element.attributes['node'] ?? '', name) || isRuleFor(constraint, name));

function wordsFor({ kind, resources, element: { attributes } }: Constraint, node: string): string {
  const about = [...new Set(resources)].join(', ') || (attributes['rsc-pattern'] ?? 'several');
  if (kind !== 'rsc_location') return `${kind.replace('rsc_', '')} of ${about}`;
  const score = attributes['score'];
  return `${about} on ${attributes['node'] ?? node}${score === undefined ? '' : ` (score ${score})`}`;
}

/** All that refers to a node or its connection, in the order of the CIB. */
export function referencesOf(cib: Cib, name: string): readonly Reference[] {
  const gone: ReadonlySet<string> = new Set(cib.remoteConnections.has(name) ? [name] : []);
  // Our own mark goes with the connection that it is for.
  const isOurs = ({ id }: Constraint): boolean =>
    id === markId(name) && nodeConnection(cib, name) !== undefined;
  const foreign = cib.constraints.filter((constraint) => !isOurs(constraint));
  const constraints = foreign.flatMap((constraint): Reference[] => {
    const targets = referencesTo(constraint.element, gone);
    const what = wordsFor(constraint, name);
    const { id } = constraint;
    if (targets.length > 0) return [{ what, id, targets }];
    if (isOnlyAbout(constraint, name))
      return [{ what, id, targets: [{ element: constraint.kind, id }] }];
    return hasNode(constraint.nodes, name) ? [{ what, id, targets: [] }] : [];
  });
  const others = [...cib.ids.values()].flatMap((owner): Reference[] => {
    const targets = ['tag', 'acl_permission'].includes(owner.name) ? referencesTo(owner, gone) : [];
    const what = owner.name === 'tag' ? 'tag' : 'permission';
    return targets.length === 0 ? [] : [{ what, id: owner.attributes['id'] ?? '', targets }];
  });
  return [...constraints, ...others];
}

/** The node's entry with its permanent attributes. */
function entryTargets({ nodeEntries }: Cib, name: string): readonly Target[] {
  const entry = nodeEntries.get(name);
  return entry?.type === 'remote' ? [{ element: 'node', id: entry.id }] : [];
}

/** The connection: the primitive of a remote node; of a guest node what makes its VM one, which stays what it is. */
export const removeConnection = (cib: Cib, name: string): readonly CibOperation[] =>
  cib.remoteConnections.has(name)
    ? deletion([{ element: 'primitive', id: name }])
    : [...removeGuests(cib, [name]), ...endRemoval(cib, [name])];

/** What refers to a node goes. */
export const removeReferences = (cib: Cib, name: string): readonly CibOperation[] =>
  deletion(referencesOf(cib, name).flatMap(({ targets }) => targets));

/** The node's entry goes. */
export const removeEntry = (cib: Cib, name: string): readonly CibOperation[] =>
  deletion(entryTargets(cib, name));
