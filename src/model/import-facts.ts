import type { Cib } from '../pacemaker/cib/cib.ts';

/** One member of the ring, as Corosync runs it. */
export interface RingNode {
  /** The same number is the id of the cluster node in the CIB. */
  readonly id: string;
  /** The address of its first link. */
  readonly address: string;
}

/** What a cluster node reports about its cluster, as far as an inventory can declare it. */
export interface ImportFacts {
  readonly cib: Cib;
  /** The cluster node that was read, by its name in Pacemaker. */
  readonly queryNode: string;
  /** What Corosync calls the cluster. */
  readonly clusterName: string | undefined;
  readonly ring: readonly RingNode[];
  /** The variables for Pacemaker on the node that was read. */
  readonly environment: Readonly<Record<string, string>>;
}
