import { type Connector, sshConnector } from '../../host/ssh/connector.ts';
import type { Connection } from '../../host/host.ts';
import {
  secretFetcher,
  type AskSecret,
  type FetchSecret,
} from '../../host/secrets/secret-source.ts';
import type { ClusterNodeSpec, RemoteNodeSpec } from '../../inventory/spec.ts';
import { printable } from '../../support/text/printable.ts';
import { askSecret } from '../process/ask.ts';
import type { Terminal } from '../process/terminal.ts';

/**
 * Connects to these hosts for as long as `use` takes. Every question that this needs is asked before, so that no
 * prompt gets into the way of progress.
 */
export async function withConnector<T>(
  terminal: Terminal,
  targets: readonly (ClusterNodeSpec | RemoteNodeSpec)[],
  use: (connector: Connector, fetchSecret: FetchSecret) => Promise<T>,
): Promise<T> {
  const { env, signal } = terminal;
  terminal.onConnect?.();
  const ask: AskSecret = (question) => askSecret(terminal, question);
  const report = (line: string): void => {
    terminal.err(`${line}\n`);
  };
  const fetchSecret = secretFetcher({ ask, signal, report });
  const connector = sshConnector({ env, signal, fetchSecret });
  try {
    const connections = targets.map(connectionTo);
    for (const notice of connector.notices(connections)) report(`warning: ${printable(notice)}`);
    await connector.prepare(connections);
    return await use(connector, fetchSecret);
  } finally {
    await connector.close();
  }
}

/** The connection of a host as the inventory has it. */
export const connectionTo = ({
  address,
  connection,
}: ClusterNodeSpec | RemoteNodeSpec): Connection => ({
  ...connection,
  address,
});
