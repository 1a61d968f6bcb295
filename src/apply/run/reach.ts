import type { Host } from '../../host/host.ts';
import type { PacemakerRemoteSpec } from '../../inventory/spec.ts';
import { runScript } from '../../host/run-script.ts';

// Each connect gets 5 s, 64 of them at a time.
export const REACH_TIMEOUT_MS = 120_000;

/** The nodes whose port a cluster node reaches, without a handshake. Rejects with an OutriggerError that names the host. */
export async function reachedFrom(
  host: Host,
  nodes: readonly PacemakerRemoteSpec[],
): Promise<ReadonlySet<string>> {
  const input = nodes.map(({ server, port }) => `${server} ${port}\n`).join('');
  const { stdout } = await runScript(host, 'reach', { input, timeoutMs: REACH_TIMEOUT_MS });
  const open = new Set(stdout.split('\n'));
  return new Set(
    nodes.filter(({ server, port }) => open.has(`${server} ${port} open`)).map(({ name }) => name),
  );
}
