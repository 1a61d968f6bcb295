import { nodeKey } from '../pacemaker/basics/node-names.ts';
import { ITEM_KINDS, type ItemKind } from '../playbook/item-kinds.ts';
import type { ProblemCode } from './problem-code.ts';

/** What can be wrong although every file and every entry that the inventory declares is in place. */
export const FINDING_KINDS = {
  'firewall-port': 'blocked-by-firewall',
  connection: 'not-online',
  fencing: 'unfenceable',
  'certificate-expiry': 'expiring',
  'node-record': 'leftover-node',
  constraint: 'dangling-constraint',
  membership: 'undeclared-node',
  orphan: 'orphaned-resource',
} as const;

/** What a finding is about. */
export type FindingItem = keyof typeof FINDING_KINDS;

/** How something can have drifted: what is written on a host or in the CIB, what a running daemon uses, or what a finding is. */
export const DRIFT_KINDS = [
  'configuration',
  'running-daemon',
  ...Object.values(FINDING_KINDS),
] as const;

export type DriftKind = (typeof DRIFT_KINDS)[number];

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

/** Everything that can drift, in the order of reports: what is written on hosts and in the CIB, then findings. */
export const DRIFT_ITEMS: readonly DriftItem[] = [
  ...(Object.keys(ITEM_KINDS) as ItemKind[]).filter((kind) => !(kind in FINDING_KINDS)),
  ...(Object.keys(FINDING_KINDS) as FindingItem[]),
];

/** What the cluster still records of a node that it has no connection to: a removal deletes it, or left it behind. */
export const REMEMBERED = { attribute: 'known', value: 'to the cluster' } as const;

/**
 * Findings among the notes of a plan, which lists nodes that are not declared by themselves, and has reported already why hosts are
 * left out of it.
 */
export const findingNotes = (
  findings: readonly Finding[],
  problems: readonly { readonly host: string; readonly code: string }[],
): readonly string[] => {
  const orphaned = new Set(problems.flatMap(({ host, code }) => (code === ORPHANED ? [host] : [])));
  return findings
    .filter(({ item }) => item !== 'membership')
    .filter((finding) => !(isOrphanedConnection(finding) && orphaned.has(finding.host)))
    .map(({ host, message }) => `${host}: ${message}`);
};

const ORPHANED: ProblemCode = 'CONNECTION_ORPHANED';

/** An orphan may also be a fence device, or the VM of a guest node: no problem reports those. */
const isOrphanedConnection = ({ host, item, attribute }: Finding): boolean =>
  item === 'orphan' && nodeKey(attribute) === nodeKey(host);
