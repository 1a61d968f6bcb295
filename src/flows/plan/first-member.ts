import type { OnProgress } from '../../probe/gather.ts';
import type { ConnectHost, Host } from '../../host/host.ts';
import type { Spec } from '../../inventory/spec.ts';
import { OutriggerError } from '../../support/errors.ts';
import { noClusterNode } from './no-cluster.ts';

/** The first cluster node that has an answer, and those before it that had none. */
export interface FirstAnswer<Answer> {
  /** The caller closes it. */
  readonly host: Host;
  readonly answer: Answer;
  readonly unreachable: readonly OutriggerError[];
}

interface Asking {
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress | undefined;
}

/** Asks one cluster node after the other until one has an answer. Rejects when none has, as a plan does. */
export async function firstAnswer<Answer>(
  { clusterNodes }: Pick<Spec, 'clusterNodes'>,
  connect: ConnectHost,
  { signal, onProgress }: Asking,
  ask: (host: Host) => Promise<Answer>,
): Promise<FirstAnswer<Answer>> {
  const unreachable: OutriggerError[] = [];
  onProgress?.(0, clusterNodes.length, 0);
  for (const { name, address, connection } of clusterNodes) {
    let host: Host | undefined;
    try {
      host = await connect(name, { ...connection, address }, signal);
      return { host, answer: await ask(host), unreachable };
    } catch (thrown) {
      await host?.close();
      if (!(thrown instanceof OutriggerError) || signal.aborted) throw thrown;
      unreachable.push(thrown);
      onProgress?.(unreachable.length, clusterNodes.length, unreachable.length);
    }
  }
  throw failureOf(unreachable);
}

function failureOf(unreachable: readonly OutriggerError[]): OutriggerError {
  const notReady = unreachable.find(({ code }) => code === 'CLUSTER_NOT_READY');
  if (notReady !== undefined) return notReady;
  const all = unreachable.map(({ host, code, message, hint }) => ({
    name: host ?? '',
    code,
    message,
    hint,
  }));
  const [first] = all;
  return first === undefined
    ? new OutriggerError('INPUT_INVALID', 'the inventory names no cluster node')
    : noClusterNode(first, all, unreachable[0]);
}
