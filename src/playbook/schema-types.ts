// Generated from schemas/playbook.schema.json by scripts/generate-types.ts; do not edit.

/**
 * The cluster has quorum, has nothing left to do, is not in maintenance mode.
 */
export type Gate = 'quorum' | 'no-pending-transition' | 'no-maintenance';
/**
 * A kind of thing that outrigger keeps in shape.
 */
export type Item =
  | 'package'
  | 'authkey'
  | 'certificate'
  | 'environment'
  | 'pacemaker'
  | 'firewall-port'
  | 'service'
  | 'fence-device'
  | 'connection-resource'
  | 'guest-node'
  | 'node-state'
  | 'authkey-removed'
  | 'certificate-removed'
  | 'constraint'
  | 'node-record';
/**
 * Every cluster node reaches the port; the keys are the same everywhere; the node has really joined.
 */
export type Check = 'port-reachable' | 'same-credentials' | 'truly-in';
/**
 * A number of hosts, or a share of them.
 */
export type BatchSize = number | string;

/**
 * What is done, in which order, on how many hosts at a time.
 */
export interface Playbook {
  /**
   * The version of this file format.
   */
  apiVersion: 'outrigger/v1';
  /**
   * The plays, in the order in which they are done.
   *
   * @minItems 1
   */
  plays: Play[];
}
/**
 * Some items brought into shape, or some checks made, on one kind of hosts.
 */
export interface Play {
  /**
   * What the play does, for plans and reports.
   */
  name: string;
  /**
   * Who the play works on: the machines themselves (`all`: those of every kind, only with a change of credentials, or `removal`, in `around`), or the CIB (`cluster`).
   */
  hosts: 'clusterNodes' | 'remoteNodes' | 'guestNodes' | 'all' | 'cluster';
  /**
   * For whom a play works on the cluster. One for guest nodes takes them one at a time: `batch: 1`.
   */
  for?: 'remoteNodes' | 'guestNodes';
  /**
   * What must hold before the play, and before each of its batches, starts.
   */
  gates?: Gate[];
  /**
   * The kinds of things to bring into shape, in this order.
   *
   * @minItems 1
   */
  items?: Item[];
  /**
   * What is proven without changing anything, after the play's items.
   *
   * @minItems 1
   */
  checks?: Check[];
  /**
   * The procedure used where a running daemon has to be restarted. `quiet-restart`: a daemon that the cluster is connected to is always restarted quietly, whether this is written or not. `credential-change`: where cluster nodes and connected nodes get other credentials, all of them change together, and with conversions everything is put back when it fails; in a cluster with sbd, DLM, GFS2 or lvmlockd they do it node by node, with connections pinned to cluster nodes of their own kind. `pinned-credential-change`: that, wherever Pacemaker has to be restarted on cluster nodes. `removal`: nodes that shall be absent are stopped, taken out of the CIB, cleaned up and forgotten.
   */
  around?: 'quiet-restart' | 'credential-change' | 'pinned-credential-change' | 'removal';
  /**
   * How many hosts at a time: one size after the other, the last one for all that remain. Neighbouring plays with the same batches are taken together, batch by batch. Without it: all hosts at once.
   *
   * @minItems 1
   */
  batch?: number | string | BatchSize[];
}
