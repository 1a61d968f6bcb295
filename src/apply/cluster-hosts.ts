import { readCluster } from '../facts/read-cluster.ts';
import type { Host } from '../host/host.ts';
import type { ClusterFacts } from '../plan/facts.ts';
import { OutriggerError } from '../support/errors.ts';
import type { RunContext } from './context.ts';

/** The cluster nodes that answered. */
export const clusterHosts = (context: Pick<RunContext, 'spec' | 'hosts'>): readonly Host[] =>
  context.spec.clusterNodes.flatMap(({ name }) => context.hosts.get(name) ?? []);

/** The lead, or another cluster node whose Pacemaker answers, and what it tells; undefined: nobody answers. */
export async function whoAnswers(
  context: RunContext,
): Promise<{ readonly lead: Host; readonly cluster: ClusterFacts } | undefined> {
  const others = clusterHosts(context).filter(({ name }) => name !== context.lead.name);
  for (const lead of [context.lead, ...others]) {
    try {
      return { lead, cluster: await readCluster(lead) };
    } catch (thrown) {
      if (!(thrown instanceof OutriggerError)) throw thrown;
    }
  }
  return undefined;
}
