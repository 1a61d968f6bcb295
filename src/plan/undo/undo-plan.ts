import { constraintsNaming, nodeConnection, type Cib } from '../../pacemaker/cib/cib.ts';
import { withdraw } from '../../pacemaker/procedures/withdraw.ts';
import { activeOn } from '../../pacemaker/status/crm-mon.ts';
import { GUEST_META } from '../../pacemaker/basics/names.ts';
import { OutriggerError } from '../../support/errors.ts';
import { wouldHurt } from '../removal/removal-problems.ts';
import { editsSince } from './edits-since.ts';
import type { ClusterFacts, Unreachable } from '../../model/facts.ts';
import type { Risk } from '../../model/risk.ts';
import type { JoinedNode, ListEntry, RunRecord } from '../../model/run-record.ts';
import { isFailedJoin, stateInClusterOf } from '../removal/state-in-cluster.ts';

/** A node that an undo takes out of the cluster. */
export interface UndoneNode {
  readonly name: string;
  readonly vm: string | undefined;
  /** What is active there, sorted. */
  readonly running: readonly string[];
  /** What is not as the run made it any more, and goes with the node. */
  readonly edits: readonly string[];
  /** Its join was never proven. */
  readonly isUnproven: boolean;
}

/** What an undo takes back. */
export interface UndoPlan {
  readonly run: string;
  readonly cluster: string;
  readonly leaving: readonly UndoneNode[];
  /** No longer in the cluster, which remembers them yet. */
  readonly remembered: readonly string[];
  /** Joined by the run, and no longer in the cluster. */
  readonly gone: readonly string[];
  /** Entries in lists of fence devices. */
  readonly listed: readonly ListEntry[];
  /** Nodes that had an entry with attributes before the run: it is put back. */
  readonly restored: readonly string[];
  /** Constraints that name a node that leaves: they stay. */
  readonly constraints: readonly string[];
  /** Whether the hosts of these run could not be checked: the inventory does not name them. */
  readonly unreached: readonly string[];
  /** The copy of the CIB as the run found it cannot be read. */
  readonly isBlind: boolean;
}

/** What an undo takes back that an earlier plan of it did not show, by name. */
export function newlyUndone(shown: UndoPlan, now: UndoPlan): readonly string[] {
  const known = new Set(undoneBy(shown));
  return undoneBy(now).filter((one) => !known.has(one));
}

/** A node that is out meanwhile has still to be forgotten. */
const undoneBy = ({ leaving, remembered, listed, restored }: UndoPlan): readonly string[] => [
  ...leaving.flatMap(({ name }) => [name, `${name} (record)`]),
  ...remembered.map((name) => `${name} (record)`),
  ...listed.map(({ node, device, parameter }) => `${node} in ${parameter} of ${device}`),
  ...restored.map((name) => `${name} (its entry)`),
];

/** What is known besides the record of the run. */
export interface UndoInput {
  readonly record: RunRecord;
  /** The runs after it. */
  readonly later: readonly RunRecord[];
  readonly cluster: ClusterFacts;
  /** The CIB as the run found it. */
  readonly found: Cib | undefined;
  /** Hosts that gave no answer, by the name of their node. */
  readonly unreachable: ReadonlyMap<string, Unreachable>;
  /** Nodes that the inventory does not name. */
  readonly unknown: ReadonlySet<string>;
}

/** What is to be taken back of a run. Throws REFUSED, naming each, where a node is not any more what the run made. */
export function undoPlan(input: UndoInput): UndoPlan {
  const { record, cluster, found } = input;
  const { cib } = cluster;
  const isPresent = ({ name }: JoinedNode): boolean => nodeConnection(cib, name) !== undefined;
  const present = record.joined.filter(isPresent);
  const reasons = present.flatMap((node) => {
    const why = whyNot(input, node);
    return why === undefined ? [] : [`${node.name} ${why}`];
  });
  if (reasons.length > 0) {
    throw new OutriggerError(
      'REFUSED',
      `run ${record.id} cannot be undone; nothing was changed:\n  ${reasons.join('\n  ')}`,
    );
  }
  const names = present.map(({ name }) => name);
  const absent = record.joined.filter((node) => !isPresent(node)).map(({ name }) => name);
  const hadEntry = (name: string): boolean => found?.nodeEntries.has(name) === true;
  const remembered = absent.filter(
    (name) =>
      (cib.nodeEntries.has(name) && !hadEntry(name)) ||
      (cib.seen.has(name) && isUndoUnfinished(input, name)),
  );
  const isRestored = (name: string): boolean =>
    hadEntry(name) &&
    (names.includes(name) || remembered.includes(name) || !cib.nodeEntries.has(name));
  return {
    run: record.id,
    cluster: record.cluster,
    leaving: present.map((node) => undoneNode(cluster, node, found)),
    remembered,
    gone: absent.filter((name) => !remembered.includes(name)),
    listed: record.listed.filter((entry) => withdraw(cib, [entry]).length > 0),
    restored: record.joined.map(({ name }) => name).filter(isRestored),
    constraints: [...new Set(names.flatMap((name) => stayingConstraints(cib, name)))].sort(),
    unreached: names.filter((name) => input.unknown.has(name)),
    isBlind: found === undefined,
  };
}

/**
 * Whether an undo of this run took a node out, or began to, and did not come to the end of it. Without one a state of the
 * node is no work: a controller may write it anew at any time (`formerNodes`), and the cluster ignores it.
 */
const isUndoUnfinished = ({ record, later }: UndoInput, name: string): boolean =>
  later.some(({ undoes }) => undoes === record.id) &&
  later.every(({ undone }) => !undone.includes(name));

/** Nothing is left to be taken back. */
export const isUndone = ({ leaving, remembered, listed, restored }: UndoPlan): boolean =>
  leaving.length + remembered.length + listed.length + restored.length === 0;

/** A node as it is to be taken out. */
export function undoneNode(
  cluster: ClusterFacts,
  node: JoinedNode,
  found: Cib | undefined,
): UndoneNode {
  const { name, vm } = node;
  return {
    name,
    vm,
    running: activeOn(cluster.mon, name),
    edits: editsSince(cluster.cib, node, found),
    isUnproven: isUnproven(cluster, node),
  };
}

/** Whether a node was never in: its join failed, or the run was interrupted before it was verified, and the VM of a guest is held. */
export const isUnproven = (
  cluster: ClusterFacts,
  { name, vm }: Pick<JoinedNode, 'name' | 'vm'>,
): boolean =>
  vm === undefined
    ? isFailedJoin(cluster, name)
    : nodeConnection(cluster.cib, name)?.joining === true;

const stayingConstraints = (cib: Cib, name: string): readonly string[] =>
  constraintsNaming(cib, name)
    .filter(({ resources }) => !resources.includes(name))
    .map(({ id }) => id);

/** Why a node is not the run's to take out, or cannot leave in good order; as something that follows its name. */
function whyNot({ cluster, later, unreachable }: UndoInput, node: JoinedNode): string | undefined {
  const { name, vm } = node;
  const again = later.find(({ joined }) => joined.some((other) => other.name === name));
  if (again !== undefined) return `was joined again by run ${again.id}: undo that one`;
  const other = whatElse(cluster.cib, node);
  if (other !== undefined) return other;
  if (cluster.mon.nodes.get(name)?.unclean === true)
    return 'is unclean: have the cluster fence it, or fix its fence device';
  // Such a node was never in, and has a recipe of its own.
  if (isUnproven(cluster, node)) return undefined;
  const silence = unreachable.get(name);
  const reason = wouldHurt({ node, vm, silence }, cluster);
  if (reason !== undefined)
    return `cannot be removed gracefully: ${reason.message}${reason.hint === undefined ? '' : ` (${reason.hint})`}`;
  return silence !== undefined && stateInClusterOf(cluster, name) === 'unproven'
    ? `is unreachable (${silence.message}), and the cluster reports it neither fenced nor stopped: remove it with \`state: absent\`, where you can confirm that it is powered off`
    : undefined;
}

/** What a node is now, if that is not what the run made it. */
function whatElse(cib: Cib, { name, vm, desired }: JoinedNode): string | undefined {
  const remote = cib.remoteConnections.get(name);
  const guest = cib.guestNodes.find((one) => one.name === name);
  if (guest?.resource !== vm) {
    const now = guest === undefined ? 'a remote node' : `a guest node of ${guest.resource}`;
    return `is ${now} now, which is not the result of the run`;
  }
  const place = remote ?? guest;
  if (place === undefined) return undefined;
  const server = desired[remote === undefined ? GUEST_META.address : 'server'] ?? place.server;
  const port = desired[remote === undefined ? GUEST_META.port : 'port'] ?? String(place.port);
  return place.server === server && String(place.port) === port
    ? undefined
    : `is now connected at ${place.server} port ${place.port}, but the run connected ${server} port ${port}`;
}

/** Edits of others that are gone with the nodes. */
export function editRisks({ leaving }: Pick<UndoPlan, 'leaving'>): readonly Risk[] {
  const subjects = leaving.flatMap(({ name, edits }) => edits.map((edit) => `${name}: ${edit}`));
  return subjects.length === 0 ? [] : [{ code: 'edited-since', subjects }];
}
