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
export async function probeClusterNode(context: LastReports, host: Host): Promise<HostFacts> {
  try {
    return await context.probe(host);
  } catch (thrown) {
    const last = lastFactsOf(context, host, thrown);
    if (last === undefined) throw thrown;
    return last;
  }
}

type LastReports = Pick<RunContext, 'probe' | 'lastFacts' | 'spec' | 'hosts'>;

/** What a cluster node reported last, where it cannot be reached any more; undefined: it is none, or it has answered. */
export const lastFactsOf = (
  context: Pick<LastReports, 'lastFacts' | 'spec' | 'hosts'>,
  host: Host,
  thrown: unknown,
): HostFacts | undefined =>
  isUnreachable(thrown) && clusterHosts(context).includes(host)
    ? context.lastFacts.get(host.name)
    : undefined;
