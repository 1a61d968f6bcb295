import type { ItemKind } from './item-kinds.ts';
import type { Procedure } from './playbook.ts';

/** What a change of credentials may have to change; which of it does is decided by the plan. */
const CREDENTIALS: readonly ItemKind[] = [
  'authkey',
  'certificate',
  'environment',
  'pacemaker',
  'service',
];

/** Everything that belongs to a node. */
const OF_A_NODE: readonly ItemKind[] = [
  'connection-resource',
  'guest-node',
  'constraint',
  'node-state',
  'service',
  'authkey',
  'certificate',
  'environment',
  'firewall-port',
  'node-record',
];

/** Procedures for all hosts at once: their items and the order of these are not the playbook's. */
const ITEMS = {
  'credential-change': CREDENTIALS,
  'node-by-node-credential-change': CREDENTIALS,
  removal: OF_A_NODE,
} as const satisfies Partial<Record<Procedure, readonly ItemKind[]>>;

/** A procedure that has its own items, and works on all hosts. */
export type WholeProcedure = keyof typeof ITEMS;

/** In the order of the documentation. */
export const WHOLE_PROCEDURES = Object.keys(ITEMS) as readonly WholeProcedure[];

/** Whether a play has the items of its procedure and none of its own. */
export const isWhole = (procedure: Procedure | undefined): procedure is WholeProcedure =>
  procedure !== undefined && Object.hasOwn(ITEMS, procedure);

/** The items of a procedure. */
export const itemsOfProcedure = (procedure: WholeProcedure): readonly ItemKind[] =>
  ITEMS[procedure];
