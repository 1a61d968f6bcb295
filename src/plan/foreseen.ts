import { withoutInstance } from '../pacemaker/status/cluster-status.ts';
import type { Plan } from '../model/plan.ts';

/** Whether the plan predicts that the cluster starts or stops this resource on this node: that it did is no disturbance. */
export type IsForeseen = (resource: string, node: string) => boolean;

/** What the plan predicts for each resource, by node; of one that moves at both ends. */
export function foreseenIn({ forecast }: Pick<Plan, 'forecast'>): IsForeseen {
  if (forecast === undefined) return () => false;
  const { starts, stops, moves, others } = forecast.effects;
  const ends = moves.flatMap(({ resource, from, to }) => [
    { resource, on: from },
    { resource, on: to },
  ]);
  const keyOf = (resource: string, node: string): string =>
    JSON.stringify([withoutInstance(resource), node]);
  const foreseen = new Set(
    [...starts, ...stops, ...ends, ...others].map(({ resource, on }) => keyOf(resource, on)),
  );
  return (resource, node) => foreseen.has(keyOf(resource, node));
}
