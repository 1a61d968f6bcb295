import { readCluster } from '../facts/read-cluster.ts';
import type { Host } from '../host/host.ts';
import { OutriggerError } from '../support/errors.ts';
import type { RunContext } from './context.ts';

/** The cluster nodes that answered. */
export const clusterHosts = (context: Pick<RunContext, 'spec' | 'hosts'>): readonly Host[] =>
  context.spec.clusterNodes.flatMap(({ name }) => context.hosts.get(name) ?? []);

/** The same run, with a cluster node as its lead whose Pacemaker answers. */
export async function throughAnswering(context: RunContext): Promise<RunContext> {
  const others = clusterHosts(context).filter(({ name }) => name !== context.lead.name);
  for (const lead of [context.lead, ...others]) {
    try {
      await readCluster(lead);
      return { ...context, lead };
    } catch (thrown) {
      if (!(thrown instanceof OutriggerError)) throw thrown;
    }
  }
  return context;
}
