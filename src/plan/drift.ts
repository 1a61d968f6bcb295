import type { Change, ClusterSummary, Plan, Problem } from './plan.ts';

/** How the live state has come away from the inventory: what a plan finds, seen as a state and not as work to do. */
export interface Drift {
  readonly cluster: ClusterSummary;
  /** What is not as wanted; what would merely follow from mending it is left out. */
  readonly drifted: readonly Change[];
  /** Hosts about which nothing is known, or that must not be touched: never in sync. */
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
  readonly unmanaged: readonly string[];
  readonly inSync: readonly string[];
}

/** The drift that a plan has found. */
export const driftOf = ({ cluster, plays, problems, notes, unmanaged, inSync }: Plan): Drift => ({
  cluster,
  drifted: plays.flatMap(({ changes }) => changes.filter(({ isConsequence }) => !isConsequence)),
  problems,
  notes,
  unmanaged,
  inSync,
});
