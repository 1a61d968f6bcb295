import { readCluster } from '../../probe/read-cluster.ts';
import type { CredentialChange } from '../../model/credential-change.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import { isHeldInMaintenance, quietlyProtected } from '../../pacemaker/procedures/edit.ts';
import { messageOf, OutriggerError, restated } from '../../support/errors.ts';
import { STILL_PROTECTED } from '../quiet-restart/quiet-protection.ts';
import type { EditContext } from '../run/edit-context.ts';
import { stillInMaintenance } from './maintenance-mode.ts';

/** What is still protected, and what to do about it; nothing of that where all has been put back. */
export async function stillHeld(
  context: Pick<EditContext, 'queryNode'>,
  { inMaintenanceMode: wasInMaintenance }: CredentialChange,
  thrown: OutriggerError,
): Promise<OutriggerError> {
  const cluster = await readIfPossible(context);
  const hint = whatIsHeld(cluster, wasInMaintenance, thrown.hint);
  return restated(thrown, messageOf(thrown), { hint });
}

/** Undefined: no cluster node answers any more. */
async function readIfPossible({
  queryNode,
}: Pick<EditContext, 'queryNode'>): Promise<ClusterFacts | undefined> {
  try {
    return await readCluster(queryNode);
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    return undefined;
  }
}

function whatIsHeld(
  cluster: ClusterFacts | undefined,
  wasInMaintenance: boolean,
  toDo: string | undefined,
): string | undefined {
  if (cluster === undefined)
    return wasInMaintenance ? stillInMaintenance(undefined) : STILL_PROTECTED;
  if (isHeldInMaintenance(cluster.cib)) return stillInMaintenance(cluster);
  const isHeld = quietlyProtected(cluster.cib).length > 0;
  return [toDo, isHeld && STILL_PROTECTED].filter(Boolean).join('; ') || undefined;
}
