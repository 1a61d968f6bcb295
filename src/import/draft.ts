import type {
  Authentication,
  ClusterNode,
  Connection,
  GuestNode,
  Inventory,
  RemoteNode,
} from '../inventory/schema-types.ts';

/** One entry of a list, and what is worth knowing about it: what the inventory cannot say. */
export interface DraftEntry<Entry> {
  readonly entry: Entry;
  readonly notes: readonly string[];
}

/** An inventory in the making: what it says, and what it could not say. */
export interface Draft {
  readonly clusterName: string;
  readonly connection: Connection | undefined;
  readonly authentication: Authentication;
  readonly clusterNodes: readonly DraftEntry<ClusterNode>[];
  readonly remoteNodes: readonly DraftEntry<RemoteNode>[];
  readonly guestNodes: readonly DraftEntry<GuestNode>[];
  /** What was left out as a whole. */
  readonly notes: readonly string[];
}

/** The lists of a draft. */
export type DraftList = 'clusterNodes' | 'remoteNodes' | 'guestNodes';

const entriesOf = <Entry>(list: readonly DraftEntry<Entry>[]): Entry[] =>
  list.map(({ entry }) => entry);

/** The inventory as it stands. */
export const inventoryOf = (draft: Draft): Inventory => ({
  apiVersion: 'outrigger/v1',
  cluster: { name: draft.clusterName },
  ...(draft.connection === undefined ? {} : { connection: draft.connection }),
  clusterNodes: entriesOf(draft.clusterNodes),
  authentication: draft.authentication,
  remoteNodes: entriesOf(draft.remoteNodes),
  guestNodes: entriesOf(draft.guestNodes),
});

/** Everything that the inventory does not say, in its order. */
export const notesOf = (draft: Draft): readonly string[] => [
  ...draft.notes,
  ...[...draft.clusterNodes, ...draft.remoteNodes, ...draft.guestNodes].flatMap(
    ({ notes }) => notes,
  ),
];
