import { errorAt, warningAt, type Finding } from '../support/diagnostic.ts';
import { childPointer } from '../support/json-pointer.ts';
import type { Sound } from '../support/sound.ts';
import { durationMs } from './duration.ts';
import type { Group, Inventory } from './schema-types.ts';
import { sectionsOf, type Section } from './sections.ts';

/** What is wrong with settings although each has the right shape. */
export const checkSettings = (inventory: Sound<Inventory>): Finding[] => [
  ...sectionsOf(inventory).flatMap((section) => [
    ...checkAttributes(section),
    ...checkTimeout(section),
  ]),
  ...remoteSettingsOf(inventory).flatMap((settings) => [
    ...checkMeta(settings),
    ...checkStartTimeout(settings),
  ]),
  ...findUnusedGroups(inventory),
];

/** What `state` says is written into these two attributes. */
const STATE_ATTRIBUTES = ['standby', 'maintenance'];

const checkAttributes = ({ pointer, attributes }: Section): Finding[] =>
  STATE_ATTRIBUTES.filter((name) => attributes?.[name] !== undefined).map((name) =>
    errorAt(
      childPointer(pointer, 'attributes', name),
      'reserved-attribute',
      `the node attribute \`${name}\` belongs to the cluster`,
      { at: 'key', expected: `\`state: ${name}\` on the remote node or its group` },
    ),
  );

function checkTimeout({ pointer, connection }: Section): Finding[] {
  const timeout = connection?.connectTimeout;
  if (timeout === undefined || durationMs(String(timeout)) > 0) return [];
  const path = childPointer(pointer, 'connection', 'connectTimeout');
  const message = '`connectTimeout` leaves no time to connect';
  return [errorAt(path, 'wrong-value', message, { expected: 'more than 0s' })];
}

/** What a group or a remote node says of connections. */
interface RemoteSettings extends Pick<Sound<Group>, 'meta' | 'operations'> {
  readonly pointer: string;
}

const remoteSettingsOf = ({
  groups = {},
  remoteNodes = [],
}: Sound<Inventory>): RemoteSettings[] => [
  ...Object.entries(groups).map(([name, group]) => ({
    ...group,
    pointer: childPointer('/groups', name),
  })),
  ...remoteNodes.map((entry, index) => ({
    ...entry,
    pointer: childPointer('/remoteNodes', index),
  })),
];

const STATE_INSTEAD =
  '`state: standby` for a node that runs nothing, `state: maintenance` for one that the cluster leaves alone';
const GUEST_INSTEAD =
  'no such setting: it would make the connection a guest node, and `guestNodes` are not built yet';

/** Meta attributes with which a connection does not start, is not proven, or is another thing altogether. */
const RESERVED_META: ReadonlyMap<string, string> = new Map([
  ['target-role', STATE_INSTEAD],
  ['is-managed', STATE_INSTEAD],
  ['maintenance', STATE_INSTEAD],
  ['remote-node', GUEST_INSTEAD],
  ['remote-addr', GUEST_INSTEAD],
  ['remote-port', GUEST_INSTEAD],
  ['remote-connect-timeout', GUEST_INSTEAD],
  ['remote-allow-migrate', GUEST_INSTEAD],
]);

const checkMeta = ({ pointer, meta = {} }: RemoteSettings): Finding[] =>
  Object.keys(meta).flatMap((name) => {
    const expected = RESERVED_META.get(name);
    if (expected === undefined) return [];
    const message = `the meta attribute \`${name}\` cannot be declared for a connection: a join would fail, and a failure may fence`;
    const path = childPointer(pointer, 'meta', name);
    return [errorAt(path, 'reserved-meta', message, { at: 'key', expected })];
  });

/** A join is given up after 150 s; a start has to be over by then, and seen to be. */
const LONGEST_START_MS = 120_000;

function checkStartTimeout({ pointer, operations }: RemoteSettings): Finding[] {
  const timeout = operations?.start?.timeout;
  if (timeout === undefined || durationMs(String(timeout)) <= LONGEST_START_MS) return [];
  const path = childPointer(pointer, 'operations', 'start', 'timeout');
  const message =
    'a start may not take that long: a join that is not proven after 150 s is undone, and the start has to be over by then';
  return [errorAt(path, 'wrong-value', message, { expected: 'at most 120s' })];
}

function findUnusedGroups({ groups = {}, remoteNodes = [] }: Sound<Inventory>): Finding[] {
  const used = new Set(remoteNodes.map((entry) => entry?.group));
  return Object.keys(groups)
    .filter((name) => !used.has(name))
    .map((name) => {
      const message = `no remote node is in the group \`${name}\``;
      return warningAt(childPointer('/groups', name), 'unused-group', message, { at: 'key' });
    });
}
