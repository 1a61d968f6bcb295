// Generated from schemas/playbook.schema.json by scripts/generate-types.ts; do not edit.

/**
 * The cluster has quorum, has no pending transition, is not in maintenance mode.
 */
export type Gate = 'quorum' | 'no-pending-transition' | 'no-maintenance';
/**
 * A kind of item that outrigger manages.
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
 * Every cluster node reaches the port; all hosts have the same credentials; the node is online and verified.
 */
export type Check = 'port-reachable' | 'same-credentials' | 'node-online';
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
 * Items that are brought to their desired state, or checks, on one kind of hosts.
 */
export interface Play {
  /**
   * What the play does, for plans and reports.
   */
  name: string;
  /**
   * What the play works on: the hosts of one kind of nodes, those of all kinds (`all`, only with a change of credentials or `removal` as `procedure`), or the CIB (`cluster`).
   */
  hosts: 'clusterNodes' | 'remoteNodes' | 'guestNodes' | 'all' | 'cluster';
  /**
   * The kind of nodes for which a play works on the cluster. Guest nodes are processed one at a time: `batch: 1`.
   */
  for?: 'remoteNodes' | 'guestNodes';
  /**
   * What must be true before the play, and before each of its batches, starts.
   */
  gates?: Gate[];
  /**
   * The kinds of items to bring to their desired state, in this order.
   *
   * @minItems 1
   */
  items?: Item[];
  /**
   * What is verified without a change, after the items of the play.
   *
   * @minItems 1
   */
  checks?: Check[];
  /**
   * The procedure of the play. `quiet-restart`: a daemon that the cluster is connected to is restarted without disruption (it always is, whether this is set or not). The others work on all hosts and have their own items, so that `items` is left out. `credential-change`: all cluster nodes and connected nodes switch their credentials together, and a conversion that fails is rolled back; in a cluster with sbd, DLM, GFS2 or lvmlockd they switch node by node, with connections restricted to cluster nodes that have switched, or have not, as they have. `node-by-node-credential-change`: node by node wherever Pacemaker has to be restarted on cluster nodes. `removal`: nodes with `state: absent` are stopped, removed from the CIB and from their hosts, and forgotten by the cluster.
   */
  procedure?: 'quiet-restart' | 'credential-change' | 'node-by-node-credential-change' | 'removal';
  /**
   * How many hosts at a time: one size after the other, the last one repeated until no host is left. A share is at most 50 hosts, a number is taken as it is. Neighbouring plays with the same batches are taken together, batch by batch. Without it: all hosts at once.
   *
   * @minItems 1
   */
  batch?: number | string | BatchSize[];
}
