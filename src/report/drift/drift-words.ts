import type { DriftItem, FindingItem } from '../../model/finding.ts';
import { ITEM_KINDS, kindOfItem, type ItemKind } from '../../playbook/item-kinds.ts';

/** What people need to know of a kind of drift who do not know Pacemaker. */
export interface DriftWords {
  readonly title: string;
  /** What it means as long as nothing is done. */
  readonly meaning: string;
  readonly remedy: string;
}

const APPLY = 'Run `outrigger plan` to see what would be done, then `outrigger apply`.';

const FINDING_WORDS: Readonly<Record<Exclude<FindingItem, ItemKind>, DriftWords>> = {
  connection: {
    title: 'The node is not in the cluster',
    meaning: 'The cluster has no connection to it: no resources can run there.',
    remedy: 'Check `outrigger status` and the status of the connection in `crm_mon -1`.',
  },
  fencing: {
    title: 'No fence device covers the node',
    meaning:
      'If it hangs, the cluster cannot fence it; its resources are not recovered until an operator confirms that it is down.',
    remedy: 'Declare a fence device for it in the inventory, then `outrigger apply`.',
  },
  'certificate-expiry': {
    title: 'A certificate or CRL expires soon',
    meaning: 'After that date connections are rejected.',
    remedy: 'Get a new one from the CA, install it, then `outrigger apply`.',
  },
  membership: {
    title: 'A node that the inventory does not name',
    meaning:
      'Its key, firewall and fencing are not checked; an unknown node is a security risk for the cluster.',
    remedy:
      'Declare it in the inventory, with `state: absent` to remove it; or ignore it there with a reason if others manage it.',
  },
  orphan: {
    title: 'A deleted resource is still running',
    meaning:
      'The cluster has no configuration for it anymore: it is neither recovered nor placed by constraints, and a node with its name cannot join.',
    remedy:
      'Have the cluster stop it (`stop-orphan-resources`, true by default), or end maintenance mode; `crm_node --remove` and `crm_resource --cleanup` do not stop it.',
  },
};

const isItemKind = (item: DriftItem): item is ItemKind => Object.hasOwn(ITEM_KINDS, item);

/** The words for a kind of drift. */
export function driftWords(item: DriftItem): DriftWords {
  if (!isItemKind(item)) return FINDING_WORDS[item];
  const { title, meaning, remedy = APPLY } = kindOfItem(item);
  return { title, meaning, remedy };
}
