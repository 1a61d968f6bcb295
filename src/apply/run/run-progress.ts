import type { NodeEntry } from '../../pacemaker/cib/nodes.ts';
import type { VmRecord } from './vms.ts';

/** How far a run has come. Its parts keep it up to date, each for those that come after it. */
export interface RunProgress {
  /** Nodes whose join, of this run or of one that was interrupted, is not proven yet. */
  readonly joining: Set<string>;
  /** The VMs of guest nodes as they were before their join, by the node's name. */
  readonly vms: Map<string, VmRecord>;
  /** The entries that nodes had in the CIB before their join, by the node's name. */
  readonly entriesBefore: Map<string, NodeEntry>;
  /** Guest nodes whose connection was tried in this run, and failed. */
  readonly inVain: Set<string>;
  /** Why a host is left out from here on. */
  readonly failed: Map<string, string>;
}
