import type { CibOperation } from '../pacemaker/edits/operations.ts';
import { GUEST_META } from '../pacemaker/basics/names.ts';
import type { ItemKind } from '../playbook/item-kinds.ts';
import type { Action } from './action.ts';
import type { ClusterFacts, HostFacts } from './facts.ts';
import type { ProblemCode } from './problem-code.ts';
import type { Risk } from './risk.ts';

/** One attribute that is not as desired; `undefined` is absent. */
export interface AttributeChange {
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Why, where it is not plain from the inventory. */
  readonly reason?: string;
}

/** How a host differs from what is desired in one respect, and what makes it right. */
export interface HostDifference {
  readonly attributes: readonly AttributeChange[];
  readonly actions: readonly Action[];
  /** What comes before them and changes nothing that runs, so that its node need not be protected yet. */
  readonly preparations?: readonly Action[];
  /** A running pacemaker_remote uses what is changed here only after a restart. */
  readonly needsRestart: boolean;
  readonly risks: readonly Risk[];
}

/** Something on a host that must look a certain way; `compare` is pure. */
export interface HostItem {
  readonly kind: ItemKind;
  readonly host: string;
  compare(facts: HostFacts): HostDifference | undefined;
}

/** How the CIB differs from what is desired for one Pacemaker Remote node, and the edits that make it right. */
export interface CibDifference {
  readonly attributes: readonly AttributeChange[];
  readonly operations: readonly CibOperation[];
  /** The node is not connected yet: it joins, and must be proven before it is released. */
  readonly joins: boolean;
  /** A failed start is forgotten (`crm_resource --cleanup`) once the CIB is right. */
  readonly cleansUp: boolean;
  readonly risks: readonly Risk[];
}

/** Why a host is left out of a plan, and what to do about it. */
export interface Refusal {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string | undefined;
}

/** Something in the CIB that must look a certain way for a Pacemaker Remote node. */
export interface CibItem {
  readonly kind: ItemKind;
  readonly host: string;
  compare(cluster: ClusterFacts): CibDifference | undefined;
  /** Why the host must be left out: what is desired cannot be had in this CIB. */
  refuse?(cluster: ClusterFacts): Refusal | undefined;
}

const PLACES: readonly string[] = ['server', 'port', GUEST_META.address, GUEST_META.port];

/** The connection is to go somewhere else: the cluster stops it and starts it again. */
export const isMoved = ({ joins, attributes }: CibDifference): boolean =>
  !joins && attributes.some(({ name, before }) => before !== undefined && PLACES.includes(name));
