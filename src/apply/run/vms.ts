import { decisiveOperations } from '../../pacemaker/cib/history.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import { vmOf } from '../../pacemaker/status/vm-state.ts';

/** Where a VM runs, and every start, stop and migration of it in the history of the cluster. */
export interface VmRecord {
  readonly resource: string;
  readonly on: string | undefined;
  readonly operations: ReadonlySet<string>;
}

/** A VM as the cluster reports it now. */
export const recordVm = ({ cib, mon }: ClusterFacts, resource: string): VmRecord => ({
  resource,
  on: vmOf(mon, resource)?.nodes[0],
  operations: decisiveOperations(cib, [resource]),
});

/** What has happened to a VM since; undefined: nothing. */
export function disturbance(before: VmRecord, cluster: ClusterFacts): string | undefined {
  const now = recordVm(cluster, before.resource);
  const happened = [...now.operations].filter((one) => !before.operations.has(one));
  if (happened.length > 0) return `its VM was disturbed: ${happened.join(', ')}`;
  return now.on === before.on
    ? undefined
    : `its VM ${before.resource} is no longer on ${before.on ?? 'any node'}`;
}
