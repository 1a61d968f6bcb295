import type { Host } from '../../host/host.ts';
import type { HostFacts } from '../../model/facts.ts';
import { isUnreachable } from '../../support/errors.ts';
import type { RunContext } from './context.ts';

/** The cluster nodes that answered. */
export const clusterHosts = (context: Pick<RunContext, 'spec' | 'hosts'>): readonly Host[] =>
  context.spec.clusterNodes.flatMap(({ name }) => context.hosts.get(name) ?? []);

/**
 * What a cluster node reports. One whose connection was lost counts as it was when it reported last in this run: what it holds
 * nobody changes under the lock, and nodes that wait for it would stay unmanaged.
 */
export async function probeClusterNode(
  { probe, lastFacts }: Pick<RunContext, 'probe' | 'lastFacts'>,
  host: Host,
): Promise<HostFacts> {
  try {
    return await probe(host);
  } catch (thrown) {
    const last = lastFacts.get(host.name);
    if (last === undefined || !isUnreachable(thrown)) throw thrown;
    return last;
  }
}
