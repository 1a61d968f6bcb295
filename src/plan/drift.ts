import type { Change, ClusterSummary, Plan, Problem, StoppedGuest } from './plan.ts';

/** How the live state has come away from the inventory: what a plan finds, seen as a state and not as work to do. */
export interface Drift {
  readonly cluster: ClusterSummary;
  /** What is not as wanted; what would merely follow from mending it is left out. */
  readonly drifted: readonly Change[];
  /** Hosts about which nothing is known, or that must not be touched: never in sync. */
  readonly problems: readonly Problem[];
  /** Guest nodes whose machine the cluster has stopped: no drift, and not in sync either. */
  readonly stoppedGuests: readonly StoppedGuest[];
  readonly notes: readonly string[];
  readonly unmanaged: readonly string[];
  readonly inSync: readonly string[];
}

/** The drift that a plan has found. */
export const driftOf = ({ plays, ...plan }: Plan): Drift => ({
  cluster: plan.cluster,
  drifted: plays.flatMap(({ changes }) => changes.filter(({ isConsequence }) => !isConsequence)),
  problems: plan.problems,
  stoppedGuests: plan.stoppedGuests,
  notes: plan.notes,
  unmanaged: plan.unmanaged,
  inSync: plan.inSync,
});
