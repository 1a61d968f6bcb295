import type { ItemKind } from '../playbook/item-kinds.ts';

/**
 * What the two ends of all connections change together: from the authkey to certificates, back, to another authkey, to
 * certificates of another authority, or in which files the certificates, and whether a list of revoked ones, are read.
 */
export type CredentialChangeKind =
  'to-certificates' | 'to-authkey' | 'authkey' | 'authority' | 'certificate-files';

/**
 * Credentials that cluster nodes and connected nodes have to change together: in between neither end understands the
 * other, so that nothing may be connected, and nothing that is lost may count as failed.
 */
export interface CredentialChange {
  readonly kind: CredentialChangeKind;
  /** Pacemaker has to be restarted on cluster nodes: the cluster is in maintenance mode meanwhile. */
  readonly inMaintenanceMode: boolean;
  /**
   * Pacemaker is restarted on the cluster nodes one by one, each in standby, while every connection stays with cluster nodes
   * of its own kind. Undefined: it is not done so.
   */
  readonly nodeByNode: NodeByNodeChange | undefined;
  /** The cluster nodes that answered, in the order in which they change. */
  readonly clusterNodes: readonly string[];
  /** The nodes that the cluster is connected to, or would be, and whose hosts answered. */
  readonly nodes: readonly string[];
  /** Connected nodes whose hosts are down: the cluster leaves them alone until an apply finds them. */
  readonly absent: readonly string[];
  /** What is changed meanwhile. Everything else is prepared before. */
  readonly items: readonly ItemKind[];
  /** How long the cluster leaves alone what runs on these nodes, or everything: roughly, in seconds. */
  readonly seconds: number;
}

export interface NodeByNodeChange {
  /** What must not run on a cluster node where Pacemaker is restarted in maintenance mode; empty: the playbook asks for it. */
  readonly because: readonly string[];
  /** Resources that are stopped on a cluster node meanwhile, and started elsewhere or again: the scheduler's forecast. */
  readonly moves: readonly string[];
}
