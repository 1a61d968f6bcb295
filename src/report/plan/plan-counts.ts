import { changeCount, type Change, type Plan } from '../../model/plan.ts';

export interface PlanCounts {
  /** Things that differ; consequences are not counted. */
  readonly changes: number;
  /** Hosts on which, or for which, something would be changed. */
  readonly hosts: number;
  readonly inSync: number;
  readonly unreachable: number;
  readonly refused: number;
  readonly stoppedGuests: number;
  readonly pending: number;
}

/** How large a plan is. A host that gave no answer never counts as in sync. */
export function countPlan(plan: Plan): PlanCounts {
  const left = (desired: Plan['problems'][number]['kind']): number =>
    plan.problems.filter(({ kind }) => kind === desired).length;
  const changed = plan.plays.flatMap(({ changes }) => changes.map(({ host }) => host));
  return {
    changes: changeCount(plan),
    hosts: new Set(changed).size,
    inSync: plan.inSync.length,
    unreachable: left('unreachable'),
    refused: left('refused'),
    stoppedGuests: plan.stoppedGuests.length,
    pending: plan.pending.length,
  };
}

/** How many things would be made, changed and taken away; consequences are not counted. */
export function countActions({ plays }: Plan): Readonly<Record<Change['action'], number>> {
  const counts = { create: 0, update: 0, remove: 0 };
  for (const { isConsequence, action } of plays.flatMap(({ changes }) => changes))
    if (!isConsequence) counts[action] += 1;
  return counts;
}
