import type { Connector } from '../../../host/ssh/connector.ts';
import type { Peer } from '../../../host/ssh/route/failures.ts';
import type { Endpoint } from '../../../host/ssh/route/route.ts';
import type { ClusterNodeSpec, PacemakerRemoteSpec } from '../../../inventory/spec.ts';
import { connectionTo } from '../../sessions/connections.ts';

/** A host of the inventory. */
export type Target = ClusterNodeSpec | PacemakerRemoteSpec;

/** A server whose keys are to be looked at: a host of the inventory, or a jump host on the way to one. */
export interface Subject {
  readonly name: string;
  readonly server: Endpoint;
  readonly jumps: readonly Endpoint[];
  readonly limitMs: number;
  readonly isJumpHost: boolean;
}

/** The same for error messages. */
export const peerOf = ({ name, server, jumps, isJumpHost }: Subject): Peer => ({
  name,
  at: server,
  behind: jumps.at(-1)?.alias,
  isJumpHost,
});

/** The servers by the number of jump hosts before them, each once. */
export function roundsOf(
  connector: Connector,
  targets: readonly Target[],
): readonly (readonly Subject[])[] {
  const rounds: Map<string, Subject>[] = [];
  const add = (subject: Subject): void => {
    const round = (rounds[subject.jumps.length] ??= new Map<string, Subject>());
    // Names may be shared (HostKeyAlias), and a host whose keys are pinned may be a jump host whose keys are not.
    const { knownHosts, address, port, hostKeys } = subject.server;
    const key = JSON.stringify([knownHosts, address, port, hostKeys, subject.jumps]);
    if (!round.has(key)) round.set(key, subject);
  };
  for (const node of targets) {
    const { jumps, target } = connector.routeTo(connectionTo(node));
    const limitMs = node.connection.connectTimeoutMs;
    jumps.forEach((server, index) => {
      const before = jumps.slice(0, index);
      add({ name: server.alias, server, jumps: before, limitMs, isJumpHost: true });
    });
    add({ name: node.name, server: target, jumps, limitMs, isJumpHost: false });
  }
  return rounds.map((round) => [...round.values()]);
}
