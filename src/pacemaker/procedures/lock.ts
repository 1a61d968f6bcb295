import type { Cib } from '../cib/cib.ts';
import { deletion, merge, type CibOperation } from '../edits/operations.ts';
import { nvpair } from '../edits/connection-element.ts';
import { printable } from '../../support/text/printable.ts';
import { children, element, type XmlElement } from '../basics/xml.ts';

/** A property set of our own: Pacemaker passes over options that it does not know. */
export const LOCK_ID = 'outrigger-lock';

/** Who alone may change the cluster for the moment. */
export interface Lock {
  /** Chosen at random by the holder: who knows it is meant. */
  readonly id: string;
  readonly holder: string;
  /** Tells the holder's process apart from every other; empty: the holder's system does not. */
  readonly process: string;
  /** By the clock of the cluster node through which it was taken, in seconds. */
  readonly taken: number;
  readonly expires: number;
}

const pair = (name: string, value: string): XmlElement =>
  nvpair(`${LOCK_ID}-${name}`, `${LOCK_ID}-${name}`, value);

/** Whether this may stand in an XPath expression: others than outrigger write into the CIB as well. */
export const isLockId = (text: string): boolean => /^[0-9a-f]{12}$/.test(text);

/** What the script that creates it puts in the place of the times. */
const TAKEN = '@TAKEN@';
const EXPIRES = '@EXPIRES@';

/** A lock as it is to be created; without times the script fills them in. */
export const lockElement = ({
  id,
  holder,
  process,
  taken = TAKEN,
  expires = EXPIRES,
}: Pick<Lock, 'id' | 'holder' | 'process'> & {
  readonly taken?: number | string;
  readonly expires?: number | string;
}): XmlElement =>
  element('cluster_property_set', { id: LOCK_ID }, [
    pair('id', id),
    pair('holder', holder),
    pair('process', process),
    pair('taken', String(taken)),
    pair('expires', String(expires)),
  ]);

/** The edit that takes a lock, in the place of one under which nobody works any more. */
export const takingLock = (lock: Lock, old: Lock | undefined): readonly CibOperation[] => [
  ...deletion(old === undefined ? [] : [{ element: 'cluster_property_set', id: LOCK_ID }]),
  ...merge({ crm_config: [lockElement(lock)] }),
];

/** The edit by which a lock that is held expires later. */
export const extendLock = (expires: number): readonly CibOperation[] =>
  merge({
    crm_config: [
      element('cluster_property_set', { id: LOCK_ID }, [pair('expires', String(expires))]),
    ],
  });

/** Reads a lock; what is damaged in it is empty or 0, for it is a lock all the same. */
export function lockOf(owner: XmlElement): Lock {
  const values = new Map(
    children(owner, 'nvpair').map(({ attributes }) => [attributes['name'], attributes['value']]),
  );
  const value = (name: string): string => values.get(`${LOCK_ID}-${name}`) ?? '';
  const seconds = (name: string): number =>
    /^\d{1,12}$/.test(value(name)) ? Number(value(name)) : 0;
  return {
    id: value('id'),
    holder: value('holder'),
    process: value('process'),
    taken: seconds('taken'),
    expires: seconds('expires'),
  };
}

/** The lock of a cluster; undefined: nobody holds one. */
export function lockIn({ ids }: Cib): Lock | undefined {
  const found = ids.get(LOCK_ID);
  return found === undefined ? undefined : lockOf(found);
}

/** Who holds a lock, since when and until when, by the clock of the cluster; fit for a terminal, whoever wrote it. */
export const lockedText = ({ holder, id, taken, expires }: Lock): string =>
  printable(`locked by ${holder} since ${timeOf(taken)} until ${timeOf(expires)} (lock ${id})`);

const timeOf = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace('.000', '');
