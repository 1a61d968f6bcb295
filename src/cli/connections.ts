import { type Connector, sshConnector } from '../host/ssh/connector.ts';
import type { Connection } from '../host/host.ts';
import type { ClusterNodeSpec, RemoteNodeSpec } from '../spec/spec.ts';
import { askSecret } from './ask.ts';
import type { Terminal } from './terminal.ts';

/**
 * Connects to these machines for as long as `use` takes. Every question that this needs is asked before, so that no
 * prompt gets into the way of progress.
 */
export async function withConnector<T>(
  terminal: Terminal,
  machines: readonly (ClusterNodeSpec | RemoteNodeSpec)[],
  use: (connector: Connector) => Promise<T>,
): Promise<T> {
  const { env, signal } = terminal;
  const connector = sshConnector({ env, signal, ask: (question) => askSecret(terminal, question) });
  try {
    await connector.prepare(machines.map(connectionTo));
    return await use(connector);
  } finally {
    await connector.close();
  }
}

/** The connection of a machine as the inventory has it. */
export const connectionTo = ({
  address,
  connection,
}: ClusterNodeSpec | RemoteNodeSpec): Connection => ({
  ...connection,
  address,
});
