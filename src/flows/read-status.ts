import type { OnProgress } from '../probe/gather.ts';
import { readCluster } from '../probe/read-cluster.ts';
import type { ConnectHost } from '../host/host.ts';
import type { ClusterFacts } from '../model/facts.ts';
import type { Spec } from '../inventory/spec.ts';
import type { OutriggerError } from '../support/errors.ts';
import { firstAnswer } from './plan/first-member.ts';

/** What the cluster reports about itself, from one exec on the first cluster node that answers. */
export async function readStatus(
  spec: Spec,
  connect: ConnectHost,
  signal: AbortSignal,
  onProgress?: OnProgress,
): Promise<{ readonly cluster: ClusterFacts; readonly unreachable: readonly OutriggerError[] }> {
  const { host, answer, unreachable } = await firstAnswer(
    spec,
    connect,
    { signal, onProgress },
    readCluster,
  );
  await host.close();
  return { cluster: answer, unreachable };
}
