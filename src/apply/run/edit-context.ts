import type { QueryNode } from '../../host/host.ts';
import type { RunEvent } from '../../model/run-event.ts';
import type { Play } from '../../playbook/playbook.ts';
import type { RunLog } from '../../records/run-log.ts';
import type { Lease } from '../lock/lease.ts';

/** What it takes to edit the CIB, and to report it. */
export interface EditContext {
  /** The cluster node through which the cluster is read and written. */
  readonly queryNode: QueryNode;
  /** The lock of the cluster, without which nothing is written into the CIB. */
  readonly lease: Lease;
  readonly log: RunLog;
  readonly emit: (event: RunEvent) => void;
}

/** The name of what is under way, for its events. */
export type PlayName = Pick<Play, 'name'>;
