import type { ItemKind } from '../../playbook/item-kinds.ts';

/** What the items of daemons say of credentials that are in use, by the names of their attributes. */
export const IN_USE: Partial<Readonly<Record<ItemKind, readonly string[]>>> = {
  service: ['started'],
  pacemaker: ['certificates', 'authkey'],
};

/**
 * Whether an attribute is about what a running daemon uses: it was started before its files were what they are, or with
 * other variables. Everything else is about what is written down on a host or in the CIB.
 */
export const isOfRunningDaemon = (item: ItemKind, attribute: string): boolean =>
  IN_USE[item]?.includes(attribute) === true;
