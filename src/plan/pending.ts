import { isHeld } from '../pacemaker/procedures/edit.ts';
import { connectionState, type NotIn } from '../pacemaker/status/crm-mon.ts';
import type { ClusterFacts, Facts } from '../model/facts.ts';
import { vmState } from '../pacemaker/status/vm-state.ts';
import type { PendingNode } from '../model/plan.ts';

/** What the cluster is still at: no fault, and not in sync either. */
export const PENDING: readonly NotIn[] = ['pending', 'node-pending'];

/**
 * The nodes that are on their way in: cluster nodes that join, connections that start, stop or move, and guest nodes whose VM
 * does. Those that are known to be wrong, or to be changed, are among `told`.
 */
export const pendingIn = (
  facts: Facts,
  cluster: ClusterFacts,
  reported: ReadonlySet<string>,
): readonly PendingNode[] =>
  [
    ...[...facts.clusterNodes.values()].map(({ name, uname }) => ({
      host: name,
      why: cluster.mon.nodes.get(uname ?? name)?.pending === true ? JOINS : undefined,
    })),
    ...[...facts.servers.keys()].map((host) => ({ host, why: whyPending(host, facts, cluster) })),
  ].flatMap(({ host, why }) =>
    why === undefined || reported.has(host) ? [] : [{ host, message: why }],
  );

const JOINS = 'it is still joining the cluster';

function whyPending(host: string, facts: Facts, { cib, mon }: ClusterFacts): string | undefined {
  const resource = facts.vms.get(host);
  if (resource !== undefined) {
    const vm = vmState(mon, { name: host, resource }, isHeld(cib, resource));
    if (vm.kind === 'on-the-way') return `its VM ${resource}: ${vm.why}`;
  }
  const state = connectionState(mon, host);
  return state.state === 'not-online' && PENDING.includes(state.why)
    ? `its connection is not up yet (${state.why})`
    : undefined;
}
