import type { Host } from '../../host/host.ts';
import type { HostFacts } from '../../model/facts.ts';
import { isUnreachable } from '../../support/errors.ts';
import type { RunHosts } from './run-hosts.ts';

/** What hosts report now, and what they reported last. */
export type HostReports = Pick<RunHosts, 'clusterHosts' | 'probe' | 'lastFacts'>;

/**
 * What a cluster node reports. One whose connection was lost counts as it was when it reported last in this run: what it holds
 * nobody changes under the lock, and nodes that wait for it would stay unmanaged.
 */
export async function probeClusterNode(context: HostReports, host: Host): Promise<HostFacts> {
  try {
    return await context.probe(host);
  } catch (thrown) {
    const last = lastFactsOf(context, host, thrown);
    if (last === undefined) throw thrown;
    return last;
  }
}

/** What a cluster node reported last, where it cannot be reached any more; undefined: it is none, or it has answered. */
export const lastFactsOf = (
  { clusterHosts, lastFacts }: Pick<HostReports, 'clusterHosts' | 'lastFacts'>,
  host: Host,
  thrown: unknown,
): HostFacts | undefined =>
  isUnreachable(thrown) && clusterHosts.includes(host) ? lastFacts.get(host.name) : undefined;
