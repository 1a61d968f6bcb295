import type { Cib } from '../pacemaker/cib/cib.ts';

/** One member of the ring, as Corosync runs it. */
export interface RingNode {
  /** The same number is the id of the cluster node in the CIB. */
  readonly id: string;
  /** The address of its first link. */
  readonly address: string;
}

/** What a cluster node tells of its cluster, as far as an inventory can say it. */
export interface ImportFacts {
  readonly cib: Cib;
  /** Which cluster node was asked, as Pacemaker calls it. */
  readonly queryNode: string;
  /** What Corosync calls the cluster. */
  readonly clusterName: string | undefined;
  readonly ring: readonly RingNode[];
  /** The variables for Pacemaker on the node that was asked. */
  readonly environment: Readonly<Record<string, string>>;
}
