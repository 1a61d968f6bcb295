import { at, walk } from '../../pacemaker/basics/xml.ts';
import type { ClusterFacts } from '../../model/facts.ts';

/** A wait in which something moves all the time lasts twice its limit, and a tenth of it more for each node, at most. */
const LIMITS = 2;
const LIMITS_PER_NODE = 0.1;

/** Says why a wait ends now; undefined: it goes on. `now` in milliseconds, of a clock that only goes forward. */
export type Patience = (cluster: ClusterFacts, now: number) => string | undefined;

/**
 * How long a wait lasts: until nothing has moved in the cluster for `limitMs`, or, where something moves all the time, as
 * long as so many nodes may take.
 */
export function patience(limitMs: number, beganAt: number): Patience {
  let lastMove = beganAt;
  let known: string | undefined;
  return (cluster, now) => {
    const state = movementOf(cluster);
    if (state !== known) lastMove = now;
    known = state;
    if (now - lastMove >= limitMs) return `no progress for ${limitMs / 1000} s`;
    const totalMs = limitMs * (LIMITS + LIMITS_PER_NODE * cluster.mon.nodes.size);
    if (now - beganAt >= totalMs) return `not done after ${Math.round(totalMs / 1000)} s`;
    return undefined;
  };
}

/**
 * What moves while the cluster gets on: states of resources and nodes, and how many results of operations it has recorded. What
 * the DC does, versions of the CIB and node attributes change in a busy cluster without anything being done.
 */
const movementOf = ({ cib, mon }: ClusterFacts): string =>
  JSON.stringify([
    mon.resources.map((one) => [
      one.id,
      one.role,
      one.active,
      one.managed,
      one.failed,
      one.blocked,
      one.pending,
      one.nodes,
    ]),
    [...mon.nodes.values()].map((one) => [one.name, one.online, one.pending, one.unclean]),
    resultsIn(cib.root),
  ]);

function resultsIn(root: ClusterFacts['cib']['root']): number {
  const status = at(root, 'status');
  if (status === undefined) return 0;
  let results = 0;
  for (const { name } of walk(status)) if (name === 'lrm_rsc_op') results += 1;
  return results;
}
