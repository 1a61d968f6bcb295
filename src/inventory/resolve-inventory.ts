import { errorAt, type Finding } from '../support/yaml/diagnostic.ts';
import { childPointer } from '../support/yaml/json-pointer.ts';
import { nearest } from '../support/yaml/nearest.ts';
import type { Sound } from '../support/yaml/sound.ts';
import { durationMs } from '../support/values/duration.ts';
import { absolutePath, type PlaceBase } from './file-paths.ts';
import { expandTogether } from '../support/values/ranges.ts';
import type {
  Connection,
  Group,
  GuestNode,
  Inventory,
  Operations,
  RemoteNode,
  Scalar,
} from './schema-types.ts';
import type {
  AuthenticationSpec,
  ClusterNodeSpec,
  ConnectionSpec,
  GuestNodeSpec,
  HostKeyPolicy,
  OperationSpec,
  RemoteNodeSpec,
} from './spec.ts';
import { authenticationSpec } from './resolve-authentication.ts';
import { secretSource } from './secret-source.ts';
import type { Section } from './sections.ts';

/** How many nodes an inventory may declare. */
export const MAX_NODES = 10_000;

/** A node, and the pointer of the entry of the inventory that declares it. */
export interface Declared<Node> {
  readonly node: Node;
  readonly pointer: string;
  /** The pointer of the value that sets where the cluster connects. */
  readonly serverPointer: string;
  /** It shall not be part of the cluster. */
  readonly isAbsent?: boolean;
}

/** All that an inventory declares, with ranges expanded and groups and defaults merged in. */
export interface Resolved {
  readonly clusterName: string;
  readonly authentication: AuthenticationSpec;
  readonly clusterNodes: readonly Declared<ClusterNodeSpec>[];
  readonly remoteNodes: readonly Declared<RemoteNodeSpec>[];
  readonly guestNodes: readonly Declared<GuestNodeSpec>[];
  readonly findings: readonly Finding[];
}

/** Resolves what is sound in an inventory; entries without a name or an address are left out. */
export function resolveInventory(inventory: Sound<Inventory>, base: PlaceBase): Resolved {
  const findings: Finding[] = [];
  const expand = expander(findings);
  const { groups = {}, fencing } = inventory;
  const connectionOf = connectionsIn(inventory, base);

  const clusterNodes = (inventory.clusterNodes ?? []).flatMap((entry, index) => {
    const pointer = childPointer('/clusterNodes', index);
    const connection = connectionOf({ pointer, connection: entry?.connection });
    return expand(pointer, { name: entry?.name, address: entry?.address }).map(
      ({ name, address }) => ({
        node: { name, address, connection },
        pointer,
        serverPointer: childPointer(pointer, 'address'),
      }),
    );
  });

  const settingsOf = (pointer: string, entry: Sound<RemoteNode | GuestNode>) => {
    const group = groupOf(entry, pointer, groups, findings);
    const connection = connectionOf(
      { pointer: childPointer('/groups', entry.group ?? ''), connection: group.connection },
      { pointer, connection: entry.connection },
    );
    const serverPointer = childPointer(pointer, entry.server === undefined ? 'address' : 'server');
    const isAbsent = (entry.state ?? group.state) === 'absent';
    return { group, connection, serverPointer, isAbsent };
  };

  const remoteNodes = (inventory.remoteNodes ?? []).flatMap((entry, index) => {
    if (entry === undefined) return [];
    const pointer = childPointer('/remoteNodes', index);
    const { group, connection, ...declared } = settingsOf(pointer, entry);
    const shared = { ...sharedSpec(entry, group), ...remoteSpec(entry, group), connection };
    const device = deviceOf([entry.fencing, group.fencing, fencing]);
    const plug = entry.fencing?.plug;
    if (device === undefined && plug !== undefined) findings.push(plugOfNothing(pointer));
    return expand(pointer, { ...entry, plug }).map(({ name, address, server, plug }) => ({
      node: {
        name,
        address,
        server,
        ...shared,
        fencing: device === undefined ? undefined : { device, plug },
      },
      pointer,
      ...declared,
    }));
  });

  const guestNodes = (inventory.guestNodes ?? []).flatMap((entry, index) => {
    if (entry?.resource === undefined) return [];
    const pointer = childPointer('/guestNodes', index);
    const { group, connection, ...declared } = settingsOf(pointer, entry);
    const shared = { ...sharedSpec(entry, group), ...guestSpec(entry, group), connection };
    return expand(pointer, entry).map(({ name, address, server, resource }) => ({
      node: { name, address, server, resource, ...shared },
      pointer,
      ...declared,
    }));
  });

  const authentication = authenticationSpec(inventory.authentication, base);
  const clusterName = inventory.cluster?.name ?? '';
  return { clusterName, authentication, clusterNodes, remoteNodes, guestNodes, findings };
}

/** The group whose settings an entry shares; an empty one where there is none. */
function groupOf(
  { group: name }: Sound<RemoteNode>,
  pointer: string,
  groups: Groups,
  findings: Finding[],
): Sound<Group> {
  if (name === undefined) return {};
  const group = findGroup(groups, name);
  if (group === undefined)
    findings.push(unknownGroup(childPointer(pointer, 'group'), name, Object.keys(groups)));
  return group ?? {};
}

/** The fence device that the first of these names. */
const deviceOf = (
  layers: readonly ({ readonly device?: string | undefined } | undefined)[],
): string | undefined => layers.find((layer) => layer?.device !== undefined)?.device;

/** The texts of an entry that may hold ranges. */
interface EntryTexts {
  readonly name?: string | undefined;
  readonly address?: string | undefined;
  readonly server?: string | undefined;
  readonly resource?: string | undefined;
  readonly plug?: string | number | undefined;
}

/** Expands the ranges of one entry after the other and counts the nodes of all of them. */
function expander(findings: Finding[]) {
  let left = MAX_NODES;
  return (pointer: string, entry: EntryTexts) => {
    const { name, address, server, resource, plug } = entry;
    if (name === undefined || address === undefined) return [];
    const expanded = expandTogether<keyof EntryTexts>(
      {
        name,
        address,
        ...(server === undefined ? {} : { server }),
        ...(resource === undefined ? {} : { resource }),
        ...(plug === undefined ? {} : { plug: String(plug) }),
      },
      left,
    );
    if ('fault' in expanded) {
      const { field, message } = expanded.fault;
      const path = field === 'plug' ? ['fencing', field] : [field];
      findings.push(errorAt(childPointer(pointer, ...path), 'wrong-range', message));
      return [];
    }
    left -= expanded.entries.length;
    return expanded.entries.map((texts) => ({
      name: texts.name ?? name,
      address: texts.address ?? address,
      server: texts.server ?? texts.address ?? address,
      resource: texts.resource ?? '',
      plug: texts.plug,
    }));
  };
}

const plugOfNothing = (pointer: string): Finding =>
  errorAt(childPointer(pointer, 'fencing', 'plug'), 'missing-device', '`plug` requires `device`', {
    expected: '`device` next to it, or `fencing: { device: NAME }` for its group or for all',
  });

type Groups = NonNullable<Sound<Inventory>['groups']>;

const findGroup = (groups: Groups, name: string): Sound<Group> | undefined =>
  Object.hasOwn(groups, name) ? (groups[name] ?? {}) : undefined;

function unknownGroup(pointer: string, name: string, known: readonly string[]): Finding {
  const suggestion = nearest(name, known);
  return errorAt(pointer, 'unknown-group', `unknown group \`${name}\``, {
    expected:
      known.length === 0
        ? 'a group declared under `groups`'
        : `one of ${known.map((group) => `\`${group}\``).join(', ')}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  });
}

/** What a node can share with others: its own settings over those of its group. */
const sharedSpec = (own: Sound<RemoteNode | GuestNode>, group: Sound<Group>) => ({
  group: own.group,
  port: own.port ?? group.port ?? 3121,
  attributes: texts({ ...group.attributes, ...own.attributes }),
  state: onlyPresent(own.state ?? group.state),
  ...((own.manage ?? group.manage) === 'cluster-only' ? { isClusterOnly: true } : {}),
});

const onlyPresent = (state: RemoteNode['state']) => (state === 'absent' ? undefined : state);

function remoteSpec(own: Sound<RemoteNode>, group: Sound<Group>) {
  const reconnectInterval = own.reconnectInterval ?? group.reconnectInterval;
  return {
    reconnectInterval: reconnectInterval === undefined ? undefined : String(reconnectInterval),
    operations: operationSpecs(group.operations ?? {}, own.operations ?? {}),
    meta: texts({ ...group.meta, ...own.meta }),
  };
}

function guestSpec(own: Sound<GuestNode>, group: Sound<Group>) {
  const connectTimeout = own.connectTimeout ?? group.connectTimeout;
  return {
    connectTimeout: connectTimeout === undefined ? undefined : String(connectTimeout),
    allowMigrate: own.allowMigrate ?? group.allowMigrate,
  };
}

function operationSpecs(
  group: Sound<Operations>,
  own: Sound<Operations>,
): Readonly<Record<string, OperationSpec>> {
  const names = new Set([...Object.keys(group), ...Object.keys(own)] as (keyof Operations)[]);
  return Object.fromEntries(
    Array.from(names, (name) => [name, texts({ ...group[name], ...own[name] })]),
  );
}

const texts = (values: Readonly<Record<string, Scalar | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  );

/** What one part of an inventory sets for connections. */
type ConnectionLayer = Pick<Section, 'pointer' | 'connection'>;

/** What it takes to make the connection of a host from its layers above the defaults. */
const connectionsIn =
  (inventory: Sound<Inventory>, base: PlaceBase) =>
  (...layers: readonly ConnectionLayer[]): ConnectionSpec =>
    connectionSpec([{ pointer: '', connection: inventory.connection }, ...layers], base);

/** How to reach a host: the later of the given settings win. */
function connectionSpec(layers: readonly ConnectionLayer[], base: PlaceBase): ConnectionSpec {
  const layerOf = (key: keyof Connection) =>
    layers.findLast(({ connection }) => connection?.[key] !== undefined);
  const pick = <Key extends keyof Connection>(key: Key) => layerOf(key)?.connection?.[key];
  const path = (file: string | undefined) =>
    file === undefined ? undefined : absolutePath(file, base);
  const sshConfig = pick('sshConfig');
  return {
    port: pick('port'),
    user: pick('user'),
    identityFile: path(pick('identityFile')),
    become: pick('become') ?? 'none',
    becomePassword: secretSource(
      pick('becomePassword'),
      base,
      `${layerOf('becomePassword')?.pointer ?? ''}/connection/becomePassword`,
    ),
    hostKeys: hostKeyPolicy(pick('hostKeys')),
    knownHostsFile: path(pick('knownHostsFile')),
    proxyJump: pick('proxyJump'),
    sshConfig: sshConfig === 'none' ? 'none' : path(sshConfig),
    connectTimeoutMs: durationMs(String(pick('connectTimeout') ?? '10s')),
  };
}

function hostKeyPolicy(desired: Sound<Connection>['hostKeys']): HostKeyPolicy {
  if (desired === undefined || desired === 'strict') return { kind: 'strict' };
  if (desired === 'accept-new') return { kind: 'accept-new' };
  const fingerprints = (desired.pinned ?? []).filter((print) => print !== undefined);
  return { kind: 'pinned', fingerprints };
}
