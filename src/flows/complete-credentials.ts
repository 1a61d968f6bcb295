import { desiredItems } from '../plan/desired/desired-items.ts';
import type { Nodes, Spec } from '../inventory/spec.ts';
import type { Means } from '../credential-sources/load-certificates.ts';
import type { Planned } from './plan/plan-cluster.ts';

/**
 * Makes what the credentials of a plan still lack, before any host is touched. What was planned stays what it is; each
 * host is held against the files that are there now.
 */
export async function completeCredentials(
  { spec, selected, planned }: { spec: Spec; selected: Nodes; planned: Planned },
  asking: Omit<Means, 'hosts'>,
): Promise<Planned> {
  const pending = planned.credentials?.pending;
  if (pending === undefined) return planned;
  const credentials = await pending.make({ ...asking, hosts: planned.hosts });
  const { facts, plan } = planned;
  const about = { ...spec, ...selected };
  const items = desiredItems(about, facts, credentials.desired, plan.credentialChange);
  return { ...planned, ...items, credentials };
}
