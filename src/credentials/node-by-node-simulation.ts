import { connectedNames, readCib, type Cib } from '../pacemaker/cib/cib.ts';
import {
  applyOperations,
  endApart,
  endStandby,
  keepApart,
  putIntoStandby,
  type CibOperation,
} from '../pacemaker/procedures/edit.ts';
import { withoutInstance } from '../pacemaker/status/cluster-status.ts';
import { effects, type Simulation } from '../pacemaker/status/simulate.ts';
import type { ClusterFacts } from '../model/facts.ts';
import { firstToChange, type Reason } from './node-by-node-change.ts';

/** The cluster nodes in the order in which they change: the one that must carry no connection first. */
export function inTurn(cluster: ClusterFacts, names: readonly string[]): readonly string[] {
  const first = firstToChange(cluster, names);
  return first === undefined ? names : [first, ...names.filter((name) => name !== first)];
}

/**
 * The edits of a change of cluster nodes one by one, for the scheduler to go through: each is left by connections, stands by
 * and comes back; then the markers are removed. That connections get to cluster nodes of the other kind is left out: they are let
 * go of for it, which the scheduler cannot know.
 */
export function courseOf(
  cluster: ClusterFacts,
  names: readonly string[],
): readonly (readonly CibOperation[])[] {
  const { cib } = cluster;
  const connections = connectedNames(cib);
  const steps = inTurn(cluster, names).flatMap((clusterNode) => [
    keepApart(cib, new Map(connections.map((name) => [name, [clusterNode]]))),
    putIntoStandby(cib, clusterNode),
    endStandby(clusterNode),
  ]);
  const marked = readCib(applyOperations(cluster.cibText, steps.flat()));
  return [...steps, endApart(marked)];
}

/** What a change of cluster nodes one by one would do to resources. */
export interface Course {
  /** Resources that are stopped on cluster nodes, and started elsewhere or again; sorted. */
  readonly moves: readonly string[];
  readonly refusal: Reason | undefined;
}

/** Judges what the scheduler made of each step; the first is the CIB as it is. */
export function judgeSimulation(cib: Cib, simulations: readonly Simulation[]): Course {
  const [now, ...steps] = simulations;
  if (now === undefined) return { moves: [], refusal: undefined };
  const connections = connectedNames(cib);
  const others = new Set([...connections, ...cib.fencingDevices]);
  const there = new Map(
    now.after.resources
      .filter(({ active, nodes }) => active && nodes.some((node) => connections.includes(node)))
      .map(({ primitive, nodes }) => [primitive, nodes]),
  );
  const fenced = new Set<string>();
  const disturbed = new Set<string>();
  const moves = new Set<string>();
  let before = now;
  for (const step of steps) {
    const { stops, moves: moved, others: more, fences } = effects(idle(before), step);
    for (const name of fences) fenced.add(name);
    for (const { resource: id, from } of [
      ...moved,
      ...[...stops, ...more].map(({ resource, on }) => ({ resource, from: on })),
    ]) {
      const resource = withoutInstance(id);
      if (others.has(resource)) continue;
      if (there.get(resource)?.includes(from) === true) disturbed.add(`${resource} on ${from}`);
      else moves.add(resource);
    }
    before = step;
  }
  return { moves: [...moves].sort(), refusal: refusalOf([...fenced], [...disturbed].sort()) };
}

/** What a simulation ended with, as the beginning of the next one. */
const idle = (simulation: Simulation): Simulation => ({
  ...simulation,
  actions: [],
  steps: [],
  fences: [],
});

function refusalOf(fenced: readonly string[], disturbed: readonly string[]): Reason | undefined {
  const what = 'during the change of credentials node by node the cluster would';
  if (fenced.length > 0)
    return {
      message: `${what} fence ${fenced.join(', ')}`,
      hint: 'check `crm_mon -1` and fix failures first',
    };
  if (disturbed.length > 0)
    return {
      message: `${what} move or restart resources on connected nodes: ${disturbed.join(', ')}`,
      hint: 'set a resource-stickiness above 0 for these resources, or remove the order or colocation constraints that tie them to cluster nodes',
    };
  return undefined;
}
