import { readCluster } from '../../probe/read-cluster.ts';
import { managedResourceOf } from '../../pacemaker/cib/cib.ts';
import { vmOf } from '../../pacemaker/status/vm-state.ts';
import type { Verdict } from '../../model/run-event.ts';
import type { Play } from '../../playbook/playbook.ts';
import type { EditContext } from '../run/edit-context.ts';
import type { RunProgress } from '../run/run-progress.ts';
import { reportWatching } from '../run/waiting.ts';
import { disturbance } from '../run/vms.ts';
import { prove } from '../cluster/prove.ts';
import { watchCluster } from '../cluster/watch-cluster.ts';

const LIMIT_MS = 60_000;

/**
 * Waits until the cluster manages the VMs of these guest nodes again, and proves that the nodes are still in and
 * that nothing has happened to their VMs. Returns the verdict of each node of which that does not hold.
 */
export async function verifyVms(
  context: Pick<EditContext, 'queryNode' | 'emit'> & Pick<RunProgress, 'vms'>,
  play: Play,
  names: readonly string[],
): Promise<ReadonlyMap<string, Verdict>> {
  if (names.length === 0) return new Map();
  reportWatching(context, play, 'the VM to become managed', LIMIT_MS);
  const { why: ended } = await watchCluster(context.queryNode, LIMIT_MS, ({ cib, mon }) =>
    names.every((name) => {
      const vm = vmOf(mon, managedResourceOf(cib, name));
      return vm?.managed === true && !vm.failed && vm.role === 'Started';
    }),
  );
  const problems = new Map<string, string>();
  for (const [name, why] of await prove(context.queryNode, names, LIMIT_MS)) {
    if (ended !== undefined) problems.set(name, 'its VM is still unmanaged');
    if (why !== undefined) problems.set(name, why);
  }
  const cluster = await readCluster(context.queryNode);
  for (const name of names) {
    const before = context.vms.get(name);
    const why = before === undefined ? undefined : disturbance(before, cluster);
    if (why !== undefined) problems.set(name, why);
  }
  return new Map([...problems].map(([name, because]) => [name, failed(because)]));
}

const failed = (because: string): Verdict => ({
  kind: 'failed',
  because,
  hint: 'it has left standby; check its VM and its connection with `crm_mon -1`',
});
