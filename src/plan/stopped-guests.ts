import { isHeld } from '../pacemaker/cib-edit.ts';
import type { ClusterFacts, Facts } from './facts.ts';
import { machineState } from './machine.ts';
import type { StoppedGuest } from './plan.ts';

/**
 * Guest nodes whose machine the cluster has stopped without a failure, by target-role or because it cannot run anywhere.
 * Nothing is planned for them, not even in the CIB: what is changed there would come true when the machine starts, on a
 * host that nobody has proven.
 */
export const findStoppedGuests = (
  facts: Facts,
  { cib, mon }: ClusterFacts,
): readonly StoppedGuest[] =>
  [...facts.machines].flatMap(([host, resource]) => {
    const state = machineState(mon, { name: host, resource }, isHeld(cib, resource));
    if (state.kind !== 'stopped') return [];
    const message = facts.guestNodes.has(host)
      ? `its machine ${resource} is stopped, as the cluster sees it, and yet its address answers: left alone`
      : `its machine ${resource} is stopped by the cluster: prepared when it runs`;
    return [{ host, resource, message }];
  });
