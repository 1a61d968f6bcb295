import type { ItemKind } from './item-kinds.ts';
import type { PlayFor, PlayHosts } from './play-hosts.ts';

/** What must hold before a play starts. */
export type Gate = 'quorum' | 'no-pending-transition' | 'no-maintenance';

/** Whether an item makes the cluster connect to a node. */
export const connects = (kind: ItemKind): boolean =>
  kind === 'connection-resource' || kind === 'guest-node';

/** What is proven without changing anything. */
export type Check = 'port-reachable' | 'same-credentials' | 'node-online';

/** A number of hosts, or a share of them (`10%`, rounded up to at least one). */
export type BatchSize = number | `${number}%`;

export type Procedure =
  'quiet-restart' | 'credential-change' | 'node-by-node-credential-change' | 'removal';

export interface Play {
  readonly name: string;
  readonly hosts: PlayHosts;
  /** Of plays on the cluster and its nodes: the kind of nodes for whose sake. */
  readonly for: PlayFor;
  readonly gates: readonly Gate[];
  readonly items: readonly ItemKind[];
  readonly checks: readonly Check[];
  /** The procedure used where a running daemon has to be restarted, all have to change their credentials together, or nodes leave. */
  readonly procedure: Procedure | undefined;
  /** Neighbouring plays with the same batches are taken together, batch by batch; empty: all hosts at once. */
  readonly batch: readonly BatchSize[];
}

/** Whether cluster nodes and connected nodes change their credentials together in a play. */
export const isTogether = ({
  procedure,
}: {
  readonly procedure?: Procedure | undefined;
}): boolean => procedure === 'credential-change' || procedure === 'node-by-node-credential-change';

/** What is done, in which order: an operator may copy one and change its order, batches or gates. */
export interface Playbook {
  readonly plays: readonly Play[];
}
