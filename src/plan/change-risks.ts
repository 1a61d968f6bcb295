import { isHeldInMaintenance } from '../pacemaker/procedures/edit.ts';
import type { CredentialChange } from '../model/credential-change.ts';
import type { Differences } from './differences.ts';
import type { ClusterFacts } from '../model/facts.ts';
import type { Risk } from '../model/risk.ts';

interface ChangeRisksInput {
  readonly credentialChange: CredentialChange | undefined;
  readonly cluster: Pick<ClusterFacts, 'cib'>;
  readonly differences: Pick<Differences, 'onHosts'>;
}

/**
 * Another authkey has names of its own: whose it is, and why. Only where the hosts have it already and Pacemaker has to be
 * restarted for it, nothing else speaks of it; a cluster that an interrupted run left in maintenance mode needs no second risk.
 */
export function changeRisks({
  credentialChange,
  cluster,
  differences,
}: ChangeRisksInput): readonly Risk[] {
  if (credentialChange === undefined) return [];
  const { kind, nodes, absent, clusterNodes, nodeByNode, inMaintenanceMode } = credentialChange;
  if (nodeByNode !== undefined)
    return [{ code: 'credentials-node-by-node', subjects: [...clusterNodes, ...nodeByNode.moves] }];
  const subjects = [...nodes, ...absent];
  if (kind === 'authority') return [{ code: 'ca-replaced', subjects }];
  if (kind !== 'authkey') return [{ code: 'credentials-converted', subjects }];
  const isReported = [...differences.onHosts].some(
    ([item, { risks }]) => item.kind === 'authkey' && risks.length > 0,
  );
  return inMaintenanceMode && !isHeldInMaintenance(cluster.cib) && !isReported
    ? [{ code: 'authkey-replaced', subjects }]
    : [];
}
