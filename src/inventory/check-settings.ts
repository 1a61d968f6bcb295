import { errorAt, warningAt, type Finding } from '../support/yaml/diagnostic.ts';
import { childPointer } from '../support/yaml/json-pointer.ts';
import type { Sound } from '../support/yaml/sound.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkX509 } from './check-x509.ts';
import { durationMs } from '../support/values/duration.ts';
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
  ...guestSettingsOf(inventory).flatMap(checkGuestTimeout),
  ...checkGroups(inventory),
  ...checkMethod(inventory),
  ...checkX509(inventory),
  ...checkSecrets(inventory),
];

/** What `state` says is written into these two attributes. */
const STATE_ATTRIBUTES = ['standby', 'maintenance'];

const checkAttributes = ({ pointer, attributes }: Section): Finding[] =>
  STATE_ATTRIBUTES.filter((name) => attributes?.[name] !== undefined).map((name) =>
    errorAt(
      childPointer(pointer, 'attributes', name),
      'reserved-attribute',
      `the node attribute \`${name}\` is reserved by Pacemaker`,
      { at: 'key', expected: `\`state: ${name}\` on the node or its group` },
    ),
  );

function checkTimeout({ pointer, connection }: Section): Finding[] {
  const timeout = connection?.connectTimeout;
  if (timeout === undefined || durationMs(String(timeout)) > 0) return [];
  const path = childPointer(pointer, 'connection', 'connectTimeout');
  const message = '`connectTimeout` leaves no time to connect';
  return [errorAt(path, 'wrong-value', message, { expected: 'more than 0s' })];
}

/** One method, and what belongs to it. */
function checkMethod({ authentication }: Sound<Inventory>): Finding[] {
  const { method = 'psk', x509, authkey } = authentication ?? {};
  if (method === 'x509' && x509 === undefined) {
    const message = '`method: x509` without a CA';
    const expected =
      '`x509: { authority: DIR }`, `x509: { onHosts: ... }`, or `x509: { ca: FILE, certificate: "DIR/{node}.pem", key: "DIR/{node}.key" }`';
    return [errorAt('/authentication/method', 'missing-key', message, { expected })];
  }
  const unused =
    method === 'x509' && authkey !== undefined
      ? 'authkey'
      : method === 'psk' && x509 !== undefined
        ? 'x509'
        : undefined;
  if (unused === undefined) return [];
  const message = `\`${unused}\` is not used with \`method: ${method}\``;
  return [warningAt(`/authentication/${unused}`, 'no-effect', message, { at: 'key' })];
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
  '`state: standby` for a node that runs no resources, `state: maintenance` for one whose resources are unmanaged';
const GUEST_INSTEAD = 'an entry of `guestNodes` with the resource of the VM';

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
    const message = `the meta attribute \`${name}\` cannot be declared for a connection: the join would fail, and a failure can cause fencing`;
    const path = childPointer(pointer, 'meta', name);
    return [errorAt(path, 'reserved-meta', message, { at: 'key', expected })];
  });

/** A join is given up after 150 s; a start has to be over by then, and seen to be. */
const LONGEST_START_MS = 120_000;

const checkStartTimeout = ({ pointer, operations }: RemoteSettings): Finding[] =>
  checkStart(operations?.start?.timeout, childPointer(pointer, 'operations', 'start', 'timeout'));

function checkStart(timeout: string | number | undefined, path: string): Finding[] {
  if (timeout === undefined || durationMs(String(timeout)) <= LONGEST_START_MS) return [];
  const message =
    'the start timeout is too long: a join that is not verified after 150 s is rolled back, so the start must end before that';
  return [errorAt(path, 'wrong-value', message, { expected: 'at most 120s' })];
}

/** What a group or a guest node says of connections. */
const guestSettingsOf = ({ groups = {}, guestNodes = [] }: Sound<Inventory>) => [
  ...Object.entries(groups).map(([name, group]) => ({
    ...group,
    pointer: childPointer('/groups', name),
  })),
  ...guestNodes.map((entry, index) => ({
    ...entry,
    pointer: childPointer('/guestNodes', index),
  })),
];

/** No time at all and a connection fails, which would stop its VM. */
function checkGuestTimeout({
  pointer,
  connectTimeout,
}: Pick<Sound<Group>, 'connectTimeout'> & { readonly pointer: string }): Finding[] {
  const path = childPointer(pointer, 'connectTimeout');
  if (connectTimeout === undefined || durationMs(String(connectTimeout)) > 0)
    return checkStart(connectTimeout, path);
  const message = '`connectTimeout` leaves no time to connect';
  return [errorAt(path, 'wrong-value', message, { expected: 'more than 0s' })];
}

/** Settings of groups that mean nothing to the other kind of nodes. */
const ONLY_FOR_REMOTE_NODES = ['reconnectInterval', 'operations', 'meta', 'fencing'] as const;
const ONLY_FOR_GUEST_NODES = ['connectTimeout', 'allowMigrate'] as const;

/** Groups, and settings of groups, that nobody uses. */
function checkGroups({
  groups = {},
  remoteNodes = [],
  guestNodes = [],
}: Sound<Inventory>): Finding[] {
  const ofRemotes = new Set(remoteNodes.map((entry) => entry?.group));
  const ofGuests = new Set(guestNodes.map((entry) => entry?.group));
  return Object.entries(groups).flatMap(([name, group]) => {
    const pointer = childPointer('/groups', name);
    if (!ofRemotes.has(name) && !ofGuests.has(name)) {
      const message = `no node is in the group \`${name}\``;
      return [warningAt(pointer, 'unused-group', message, { at: 'key' })];
    }
    const unused = [
      ...(ofRemotes.has(name) ? [] : ONLY_FOR_REMOTE_NODES),
      ...(ofGuests.has(name) ? [] : ONLY_FOR_GUEST_NODES),
    ];
    const kind = ofRemotes.has(name) ? 'remote nodes' : 'guest nodes';
    return unused
      .filter((key) => group?.[key] !== undefined)
      .map((key) => {
        const message = `\`${key}\` has no effect on ${kind}, and the group \`${name}\` has no other nodes`;
        return warningAt(childPointer(pointer, key), 'no-effect', message, { at: 'key' });
      });
  });
}
