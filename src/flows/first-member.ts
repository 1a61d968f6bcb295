import type { ConnectHost, Host } from '../host/host.ts';
import type { Spec } from '../spec/spec.ts';
import { OutriggerError } from '../support/errors.ts';

/** The first cluster node that has an answer, and those before it that had none. */
export interface FirstMember<Answer> {
  /** The caller closes it. */
  readonly host: Host;
  readonly answer: Answer;
  readonly silent: readonly OutriggerError[];
}

/** Asks one cluster node after the other until one has an answer. Rejects with the first failure when none has. */
export async function firstMember<Answer>(
  { clusterNodes }: Pick<Spec, 'clusterNodes'>,
  connect: ConnectHost,
  signal: AbortSignal,
  ask: (host: Host) => Promise<Answer>,
): Promise<FirstMember<Answer>> {
  const silent: OutriggerError[] = [];
  for (const { name, address, connection } of clusterNodes) {
    let host: Host | undefined;
    try {
      host = await connect(name, { ...connection, address }, signal);
      return { host, answer: await ask(host), silent };
    } catch (thrown) {
      await host?.close();
      if (!(thrown instanceof OutriggerError) || signal.aborted) throw thrown;
      silent.push(thrown);
    }
  }
  const [first] = silent;
  throw first ?? new OutriggerError('INPUT_INVALID', 'the inventory names no cluster node');
}
