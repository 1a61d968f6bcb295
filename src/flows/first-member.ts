import type { OnProgress } from '../probe/gather.ts';
import type { ConnectHost, Host } from '../host/host.ts';
import type { Spec } from '../inventory/spec.ts';
import { OutriggerError } from '../support/errors.ts';
import { noClusterNode } from './no-cluster.ts';

/** The first cluster node that has an answer, and those before it that had none. */
export interface FirstMember<Answer> {
  /** The caller closes it. */
  readonly host: Host;
  readonly answer: Answer;
  readonly silent: readonly OutriggerError[];
}

interface Asking {
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress | undefined;
}

/** Asks one cluster node after the other until one has an answer. Rejects when none has, as a plan does. */
export async function firstMember<Answer>(
  { clusterNodes }: Pick<Spec, 'clusterNodes'>,
  connect: ConnectHost,
  { signal, onProgress }: Asking,
  ask: (host: Host) => Promise<Answer>,
): Promise<FirstMember<Answer>> {
  const silent: OutriggerError[] = [];
  onProgress?.(0, clusterNodes.length, 0);
  for (const { name, address, connection } of clusterNodes) {
    let host: Host | undefined;
    try {
      host = await connect(name, { ...connection, address }, signal);
      return { host, answer: await ask(host), silent };
    } catch (thrown) {
      await host?.close();
      if (!(thrown instanceof OutriggerError) || signal.aborted) throw thrown;
      silent.push(thrown);
      onProgress?.(silent.length, clusterNodes.length, silent.length);
    }
  }
  throw failureOf(silent);
}

function failureOf(silent: readonly OutriggerError[]): OutriggerError {
  const notReady = silent.find(({ code }) => code === 'CLUSTER_NOT_READY');
  if (notReady !== undefined) return notReady;
  const all = silent.map(({ host, code, message, hint }) => ({
    name: host ?? '',
    code,
    message,
    hint,
  }));
  const [first] = all;
  return first === undefined
    ? new OutriggerError('INPUT_INVALID', 'the inventory names no cluster node')
    : noClusterNode(first, all, silent[0]);
}
