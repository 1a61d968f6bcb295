import { isHeldInMaintenance, isHeld } from '../../pacemaker/procedures/edit.ts';
import { isOnRecord } from '../../pacemaker/cib/history.ts';
import type { ClusterFacts, Facts } from '../../model/facts.ts';
import { vmState } from '../../pacemaker/status/vm-state.ts';
import type { StoppedGuest } from '../../model/plan.ts';

/**
 * Guest nodes whose VM the cluster has stopped without a failure, by target-role or because it cannot run anywhere.
 * Nothing is planned for them, not even in the CIB: what is changed there would take effect when the VM starts, on a
 * host that is not verified. A VM that answers is none of them while the cluster does not know all that runs.
 */
export const findStoppedGuests = (facts: Facts, cluster: ClusterFacts): readonly StoppedGuest[] =>
  [...facts.vms].flatMap(([host, resource]) => {
    const { cib, mon } = cluster;
    const state = vmState(mon, { name: host, resource }, isHeld(cib, resource));
    const answers = facts.guestNodes.has(host);
    if (state.kind !== 'stopped' || (answers && isUnknown(resource, cluster))) return [];
    const message = answers
      ? `the cluster reports its VM ${resource} as stopped, but its address responds: unchanged`
      : `its VM ${resource} is stopped by the cluster: prepared when it runs`;
    return [{ host, resource, message }];
  });

/**
 * Whether Pacemaker is being restarted on a cluster node by an interrupted run: until each has reported whether the VM runs
 * there, it looks stopped.
 */
const isUnknown = (resource: string, { cib, mon }: ClusterFacts): boolean =>
  isHeldInMaintenance(cib) &&
  cib.clusterNodes.some(
    ({ name }) => mon.nodes.get(name)?.online !== true || !isOnRecord(cib, name, resource),
  );
