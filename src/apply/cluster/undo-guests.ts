import { disconnectGuests, releaseVms, removeGuests } from '../../pacemaker/procedures/edit.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import { vmOf } from '../../pacemaker/status/vm-state.ts';
import type { GuestNodeSpec } from '../../inventory/spec.ts';
import { OutriggerError } from '../../support/errors.ts';
import { writeCib } from './cib.ts';
import type { EditContext, PlayName } from '../run/edit-context.ts';
import type { RunProgress } from '../run/run-progress.ts';
import { reportWatching } from '../run/waiting.ts';
import { isIdle } from '../../pacemaker/status/dc-state.ts';
import { disturbance } from '../run/vms.ts';
import { failuresOf } from '../../pacemaker/status/failures.ts';
import { forgetFailures, forgetNodes, notInTime } from './undo.ts';
import { watchCluster } from './watch-cluster.ts';

const LIMIT_MS = 60_000;

/**
 * Takes back joins of guest nodes that failed, while their VMs are held: unmanage the connections, forget their
 * failures, make the VMs plain VMs again, wait until the connections are gone, forget the nodes, and only then
 * release the VMs to the cluster. A recorded failure bans a VM from where it runs (`vm1 cannot run
 * on c2 due to reaching migration threshold`, Pacemaker 3.0.0), and it cannot be forgotten once the connection is gone.
 */
export async function undoGuests(
  context: EditContext & Pick<RunProgress, 'vms'>,
  play: PlayName,
  guests: readonly Pick<GuestNodeSpec, 'name' | 'resource'>[],
): Promise<void> {
  const { queryNode } = context;
  const names = guests.map(({ name }) => name);
  await writeCib(context, play, 'undo-unmanage', ({ cib }) => disconnectGuests(cib, names));
  reportWatching(context, play, 'the failed connection to become unmanaged', LIMIT_MS);
  const unmanaged = await watchCluster(
    queryNode,
    LIMIT_MS,
    (cluster) =>
      isIdle(cluster) &&
      names.every((name) =>
        cluster.mon.resources.every(({ id, managed }) => id !== name || !managed),
      ),
  );
  if (unmanaged.why !== undefined)
    throw notInTime('the failed connection did not become unmanaged', unmanaged.why);
  const present = unmanaged.cluster.cib.guestNodes.map(({ name }) => name);
  await forgetFailures(
    context,
    play,
    names.filter((name) => present.includes(name)),
  );
  await writeCib(context, play, 'undo-remove-guest', ({ cib }) => removeGuests(cib, names));
  reportWatching(context, play, 'the failed connection to disappear', LIMIT_MS);
  const gone = await watchCluster(
    queryNode,
    LIMIT_MS,
    (cluster) => isIdle(cluster) && names.every((name) => isForgotten(cluster, name)),
  );
  if (gone.why !== undefined)
    throw notInTime('the cluster still has a record of the failed connection', gone.why);
  await forgetNodes(context, play, names);

  const vms = guests.map(({ resource }) => resource);
  await writeCib(context, play, 'undo-release-vm', () => releaseVms(vms));
  reportWatching(context, play, 'the VM to become managed', LIMIT_MS);
  const managed = await watchCluster(
    queryNode,
    LIMIT_MS,
    (cluster) => isIdle(cluster) && vms.every((id) => vmOf(cluster.mon, id)?.managed === true),
  );
  if (managed.why !== undefined) throw notInTime('the VM is still unmanaged', managed.why);
  const late = names.filter((name) => managed.cluster.cib.seen.has(name));
  if (late.length > 0) await forgetNodes(context, play, late);
  for (const name of names) {
    const before = context.vms.get(name);
    const why = before === undefined ? undefined : disturbance(before, managed.cluster);
    if (why !== undefined) throw new OutriggerError('NOT_CONVERGED', why);
  }
}

const isForgotten = ({ mon }: ClusterFacts, name: string): boolean =>
  mon.resources.every(({ id }) => id !== name) &&
  failuresOf(mon, [name]).length === 0 &&
  mon.failCounts.every(({ resource }) => resource !== name);
