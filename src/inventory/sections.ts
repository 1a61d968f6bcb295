import { childPointer } from '../support/yaml/json-pointer.ts';
import type { Sound } from '../support/yaml/sound.ts';
import type { Attributes, Connection, Inventory } from './schema-types.ts';

/** A part of an inventory that may hold settings: the whole, a group or a node. */
export interface Section {
  readonly pointer: string;
  readonly connection?: Sound<Connection> | undefined;
  readonly attributes?: Sound<Attributes> | undefined;
}

/** Every part of an inventory that may hold settings, in the order of the schema. */
export function sectionsOf(inventory: Sound<Inventory>): Section[] {
  const {
    connection,
    groups = {},
    clusterNodes = [],
    remoteNodes = [],
    guestNodes = [],
  } = inventory;
  return [
    { pointer: '', connection },
    ...Object.entries(groups).map(([name, group]) => ({
      ...group,
      pointer: childPointer('/groups', name),
    })),
    ...clusterNodes.map((entry, index) => ({
      ...entry,
      pointer: childPointer('/clusterNodes', index),
    })),
    ...remoteNodes.map((entry, index) => ({
      ...entry,
      pointer: childPointer('/remoteNodes', index),
    })),
    ...guestNodes.map((entry, index) => ({
      ...entry,
      pointer: childPointer('/guestNodes', index),
    })),
  ];
}
