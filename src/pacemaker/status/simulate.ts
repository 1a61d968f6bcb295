import { nodeStatuses, resourceStatuses, withoutInstance } from './cluster-status.ts';
import type { NodeStatus, ResourceStatus } from './cluster-status.ts';
import { pacemakerResult } from './crm-mon.ts';
import { REMOTE_AGENT_TEXT } from '../basics/names.ts';
import { at, children, type XmlElement } from '../basics/xml.ts';

/** What the scheduler means to do with a resource (`start`, `stop`, `move`, `migrate`, `restart`, `recover` ...). */
export interface ResourceAction {
  readonly action: string;
  readonly resource: string;
  /** Where, for an action on one node. */
  readonly node: string | undefined;
  readonly source: string | undefined;
  readonly dest: string | undefined;
  readonly reason: string | undefined;
  /** It cannot be carried out. */
  readonly blocked: boolean;
}

/** One step of the transition on a node; a monitor without interval is a probe. */
export interface TransitionStep {
  readonly resource: string;
  readonly operation: string;
  readonly node: string;
  readonly interval: string | undefined;
}

export interface ClusterPicture {
  readonly nodes: ReadonlyMap<string, NodeStatus>;
  readonly resources: readonly ResourceStatus[];
}

/** One run of `crm_simulate`: the state it started from, what it would do, and the state it expects if all succeeds. */
export interface Simulation {
  readonly before: ClusterPicture;
  readonly actions: readonly ResourceAction[];
  readonly steps: readonly TransitionStep[];
  /** Nodes that would be fenced, sorted, each once. */
  readonly fences: readonly string[];
  readonly after: ClusterPicture;
}

const isTrue = (text: string | undefined): boolean => text === 'true';

const actionOf = ({ attributes }: XmlElement): ResourceAction => ({
  action: (attributes['action'] ?? '').toLowerCase(),
  resource: attributes['resource'] ?? '',
  node: attributes['node'],
  source: attributes['source'],
  dest: attributes['dest'],
  reason: attributes['reason'],
  blocked: isTrue(attributes['blocked']),
});

const stepOf = ({ attributes }: XmlElement): TransitionStep => ({
  resource: attributes['resource'] ?? '',
  operation: attributes['op'] ?? '',
  node: attributes['node'] ?? '',
  interval: attributes['interval'],
});

/** What a cluster that rests would do by itself: nothing, although it would do something as soon as anything changes. */
export const atRest = (simulation: Simulation): Simulation => ({
  before: simulation.before,
  after: simulation.before,
  actions: [],
  steps: [],
  fences: [],
});

const childrenOf = (parent: XmlElement | undefined, name: string): readonly XmlElement[] =>
  parent === undefined ? [] : children(parent, name);

const pictureOf = (status: XmlElement | undefined): ClusterPicture => ({
  nodes: nodeStatuses(status && at(status, 'nodes')),
  resources: resourceStatuses(status && at(status, 'resources')),
});

const unique = (names: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(names.filter((name) => name !== undefined))].sort();

/**
 * Both places that tell of a fencing: the summary (`Fence (reboot)`) and the steps of the transition. Unfencing is told as
 * fencing with the operation `on` (3.0.0 lib/pacemaker/pcmk_sched_actions.c, pcmk__output_actions), and cuts nobody off.
 */
function fencesOf(root: XmlElement): readonly string[] {
  const meant = childrenOf(at(root, 'actions'), 'node_action').filter(
    ({ attributes: { task = '' } }) => task.startsWith('Fence') && task !== 'Fence (on)',
  );
  const done = childrenOf(at(root, 'transition'), 'fencing_action').filter(
    ({ attributes }) => attributes['op'] !== 'on',
  );
  return unique([
    ...meant.map(({ attributes }) => attributes['node']),
    ...done.map(({ attributes }) => attributes['target']),
  ]);
}

/** Reads what `crm_simulate --simulate --xml-file FILE --output-as=xml` printed (checked with 2.1.5, 3.0.0, 3.0.3). */
export function readSimulation(text: string): Simulation {
  const root = pacemakerResult(text, 'crm_simulate');
  return {
    before: pictureOf(at(root, 'cluster_status')),
    actions: childrenOf(at(root, 'actions'), 'rsc_action').map(actionOf),
    steps: childrenOf(at(root, 'transition'), 'rsc_action').map(stepOf),
    fences: fencesOf(root),
    after: pictureOf(at(root, 'revised_cluster_status')),
  };
}

export interface Placed {
  readonly resource: string;
  readonly on: string;
}

export interface Moved {
  readonly resource: string;
  readonly from: string;
  readonly to: string;
}

/** What a change of the CIB makes the cluster do, beyond what it would do anyway. */
export interface Effects {
  /** Connections that start, and on which cluster node. */
  readonly connectionStarts: readonly { readonly node: string; readonly on: string }[];
  /** How many times an agent is asked whether its resource runs somewhere. */
  readonly probes: number;
  readonly starts: readonly Placed[];
  readonly stops: readonly Placed[];
  readonly moves: readonly Moved[];
  /** Restarted or recovered in place, promoted, demoted: whatever is none of the above, by action. */
  readonly others: readonly {
    readonly action: string;
    readonly resource: string;
    readonly on: string;
  }[];
  readonly fences: readonly string[];
  /** Clones that run more instances afterwards, and how many more. */
  readonly cloneGrowth: readonly { readonly clone: string; readonly by: number }[];
}

/** What of `all` is not in `baseline`, by the same key as often as it occurs more. */
function added<Entry>(
  all: readonly Entry[],
  baseline: readonly Entry[],
  keyOf: (entry: Entry) => string,
): readonly Entry[] {
  const known = new Map<string, number>();
  for (const entry of baseline) known.set(keyOf(entry), (known.get(keyOf(entry)) ?? 0) + 1);
  return all.filter((entry) => {
    const left = known.get(keyOf(entry)) ?? 0;
    if (left > 0) known.set(keyOf(entry), left - 1);
    return left === 0;
  });
}

const actionKey = ({ action, resource, node, source, dest }: ResourceAction): string =>
  [action, withoutInstance(resource), node, source, dest].join(' ');

const stepKey = ({ resource, operation, node, interval }: TransitionStep): string =>
  [withoutInstance(resource), operation, node, interval].join(' ');

const isProbe = ({ operation, interval }: TransitionStep): boolean =>
  operation === 'monitor' && (interval === undefined || interval === '0');

function runningPerClone(picture: ClusterPicture): ReadonlyMap<string, number> {
  const running = new Map<string, number>();
  for (const { active, parents } of picture.resources) {
    const clone = parents.find(({ kind }) => kind === 'clone');
    if (clone !== undefined && active) running.set(clone.id, (running.get(clone.id) ?? 0) + 1);
  }
  return running;
}

function growth(from: ClusterPicture, to: ClusterPicture): Effects['cloneGrowth'] {
  const before = runningPerClone(from);
  return [...runningPerClone(to)]
    .map(([clone, running]) => ({ clone, by: running - (before.get(clone) ?? 0) }))
    .filter(({ by }) => by > 0);
}

const isConnection = (simulation: Simulation): ((resource: string) => boolean) => {
  const connections = new Set(
    simulation.after.resources
      .filter(({ agent }) => agent === REMOTE_AGENT_TEXT)
      .map(({ id }) => id),
  );
  return (resource) => connections.has(resource);
};

/** Which list of `Effects` an action belongs to. A stop or start where the resource also moves is told as a move. */
const kindOf = ({ action, source, dest }: ResourceAction): 'start' | 'stop' | 'move' | 'other' => {
  if (source !== undefined && dest !== undefined && source !== dest) return 'move';
  return action === 'start' || action === 'stop' ? action : 'other';
};

const placeOf = ({ node, dest, source }: ResourceAction): string => node ?? dest ?? source ?? '';

/**
 * What an intended CIB makes the cluster do, compared with a simulation of the CIB as it is. Pacemaker assumes that
 * every action succeeds; for the worst case simulate failures (`--op-fail`) in a chain and look at `fencedIn`.
 */
export function effects(baseline: Simulation, intended: Simulation): Effects {
  const actions = added(intended.actions, baseline.actions, actionKey).filter(
    ({ blocked }) => !blocked,
  );
  const connects = isConnection(intended);
  const of = (kind: ReturnType<typeof kindOf>) =>
    actions.filter((action) => kindOf(action) === kind);
  const starts = of('start').map((action) => ({ resource: action.resource, on: placeOf(action) }));
  return {
    connectionStarts: starts
      .filter(({ resource }) => connects(resource))
      .map(({ resource, on }) => ({ node: resource, on })),
    probes: added(intended.steps.filter(isProbe), baseline.steps.filter(isProbe), stepKey).length,
    starts: starts.filter(({ resource }) => !connects(resource)),
    stops: of('stop').map((action) => ({ resource: action.resource, on: placeOf(action) })),
    moves: of('move').map(({ resource, source, dest }) => ({
      resource,
      from: source ?? '',
      to: dest ?? '',
    })),
    others: of('other').map((action) => ({
      action: action.action,
      resource: action.resource,
      on: placeOf(action),
    })),
    fences: added(intended.fences, baseline.fences, (name) => name),
    cloneGrowth: growth(baseline.after, intended.after),
  };
}

/** Everybody whom a chain of simulations would fence. */
export const fencedIn = (chain: readonly Simulation[]): readonly string[] =>
  unique(chain.flatMap(({ fences }) => fences));
