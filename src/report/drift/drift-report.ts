import type { Drift } from '../../plan/drift/drift.ts';
import type { DriftHost } from '../../plan/drift/drift-hosts.ts';
import type { DriftItem } from '../../model/finding.ts';

/** A run of `drift`, as its reports show it. */
export interface DriftReport {
  /** The inventory's file, as it was given. */
  readonly inventory: string;
  readonly version: string;
  /** When it ended, and how long it took. */
  readonly at: Date;
  readonly seconds: number;
  readonly result: ComparedRun | FailedRun;
}

/** The live state was read, as far as hosts answered. */
export interface ComparedRun {
  readonly kind: 'compared';
  readonly drift: Drift;
  readonly hosts: readonly DriftHost[];
  /** What was compared, drifted or not. */
  readonly items: readonly ComparedItem[];
}

export interface ComparedItem {
  readonly host: string;
  readonly item: DriftItem;
}

/** Nothing could be compared: that must not look like "in sync". */
export interface FailedRun {
  readonly kind: 'failed';
  /** Undefined: the inventory could not be read. */
  readonly cluster: string | undefined;
  readonly message: string;
  readonly hint: string | undefined;
}
