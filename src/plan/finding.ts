import type { ItemKind } from '../playbook/playbook.ts';

/** What can be wrong although every file and every entry that the inventory asks for is as it says. */
export const FINDING_KINDS = {
  connection: 'not-in',
  fencing: 'unfenceable',
  'certificate-expiry': 'expiring',
  'node-record': 'leftover-node',
  constraint: 'dangling-constraint',
  membership: 'undeclared-node',
} as const;

/** What a finding is about. */
export type FindingItem = keyof typeof FINDING_KINDS;

/** Something that no file comparison shows, and that no apply mends by itself. */
export interface Finding {
  /** The node, or the cluster by its name, that it is about. */
  readonly host: string;
  readonly item: FindingItem;
  readonly attribute: string;
  readonly expected: string | undefined;
  readonly actual: string | undefined;
  /** What is wrong, as something that follows the host's name. */
  readonly message: string;
  readonly hint: string;
}

/** Everything that can drift. */
export type DriftItem = ItemKind | FindingItem;

/** What the cluster still knows of a node that it has no connection to: a removal has it forgotten, or left it behind. */
export const REMEMBERED = { attribute: 'known', value: 'to the cluster' } as const;

/** Findings among the notes of a plan, which lists nodes that are not declared by themselves. */
export const findingNotes = (findings: readonly Finding[]): readonly string[] =>
  findings
    .filter(({ item }) => item !== 'membership')
    .map(({ host, message }) => `${host}: ${message}`);
