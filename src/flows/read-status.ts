import { readCluster } from '../facts/read-cluster.ts';
import type { ConnectHost, Host } from '../host/host.ts';
import type { ClusterFacts } from '../plan/facts.ts';
import type { Spec } from '../spec/spec.ts';
import { OutriggerError } from '../support/errors.ts';

/** What the cluster tells about itself, from one exec on the first cluster node that answers. */
export async function readStatus(
  { clusterNodes }: Spec,
  connect: ConnectHost,
  signal: AbortSignal,
): Promise<{ readonly cluster: ClusterFacts; readonly silent: readonly OutriggerError[] }> {
  const silent: OutriggerError[] = [];
  for (const { name, address, connection } of clusterNodes) {
    let host: Host | undefined;
    try {
      host = await connect(name, { ...connection, address }, signal);
      return { cluster: await readCluster(host), silent };
    } catch (thrown) {
      if (!(thrown instanceof OutriggerError) || signal.aborted) throw thrown;
      silent.push(thrown);
    } finally {
      await host?.close();
    }
  }
  const [first] = silent;
  throw first ?? new OutriggerError('INPUT_INVALID', 'the inventory names no cluster node');
}
