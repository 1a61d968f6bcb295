import type { Cib } from '../cib/cib.ts';
import { guestSettings, isOurs, type GuestNode, type PlacedPrimitive } from '../cib/connections.ts';
import { nodeEntryElement } from '../edits/node-edit.ts';
import { checkedId, deletion, merge, type CibOperation, type Target } from '../edits/operations.ts';
import { placed } from '../edits/place.ts';
import { markBlock } from './quiet.ts';
import { freeId, idFor, nvpair } from '../edits/connection-element.ts';
import { sameDuration } from '../basics/durations.ts';
import {
  DEFAULT_PORT,
  GUARD_PREFIX,
  GUEST_META,
  QUIET_PREFIX,
  RETRY_PREFIX,
} from '../basics/names.ts';
import { ownBlock } from '../basics/nvpairs.ts';
import { children, element, type XmlElement } from '../basics/xml.ts';

/** What a guest node is to be. */
export interface DesiredGuest {
  readonly name: string;
  /** The id of the primitive that is its VM. */
  readonly resource: string;
  /** Where the cluster connects. */
  readonly server: string;
  readonly port: number;
  /** A duration as Pacemaker reads it (`60s`); undefined: whatever is set stays. */
  readonly connectTimeout: string | undefined;
  readonly allowMigrate: boolean | undefined;
}

/** One meta attribute of a VM of the guest node that is not as desired. */
export interface GuestDifference {
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string;
}

/** Pacemaker's own default (lib/pengine/unpack.c, expand_remote_rsc_meta). */
const DEFAULT_TIMEOUT = '60s';

/** How a guest node differs from what is declared, whoever made it; what is not declared does not count. */
export function guestDifferences(
  have: GuestNode,
  desired: DesiredGuest,
): readonly GuestDifference[] {
  const found: GuestDifference[] = [];
  const { server, port, connectTimeout, allowMigrate } = desired;
  if (have.server !== server)
    found.push({ name: GUEST_META.address, before: have.server, after: server });
  if (have.port !== port)
    found.push({ name: GUEST_META.port, before: String(have.port), after: String(port) });
  if (
    connectTimeout !== undefined &&
    !sameDuration(have.connectTimeout ?? DEFAULT_TIMEOUT, connectTimeout)
  ) {
    const before = have.connectTimeout;
    found.push({ name: GUEST_META.connectTimeout, before, after: connectTimeout });
  }
  if (allowMigrate !== undefined && have.allowMigrate !== allowMigrate) {
    const before = have.settings.get(GUEST_META.allowMigrate)?.value;
    found.push({ name: GUEST_META.allowMigrate, before, after: String(allowMigrate) });
  }
  return found;
}

/** All that a new guest node is given: what `pcs cluster node add-guest` would write (pcs 0.12.0), and what is declared. */
function guestValues(desired: DesiredGuest): Readonly<Record<string, string>> {
  const { name, server, port, connectTimeout, allowMigrate } = desired;
  return {
    [GUEST_META.node]: name,
    [GUEST_META.address]: server,
    ...(port === DEFAULT_PORT ? {} : { [GUEST_META.port]: String(port) }),
    ...(connectTimeout === undefined ? {} : { [GUEST_META.connectTimeout]: connectTimeout }),
    ...(allowMigrate === undefined ? {} : { [GUEST_META.allowMigrate]: String(allowMigrate) }),
  };
}

/**
 * Those of a VM that may have some of its own already, left by a guest node that was taken out by hand: a port that it names
 * would count from now on.
 */
export function joiningValues(
  cib: Pick<Cib, 'primitives'>,
  desired: DesiredGuest,
): Readonly<Record<string, string>> {
  const vm = cib.primitives.get(desired.resource);
  const port = vm && guestSettings(vm.element).get(GUEST_META.port);
  return {
    ...guestValues(desired),
    ...(port === undefined ? {} : { [GUEST_META.port]: String(desired.port) }),
  };
}

/**
 * The blocks that make these settings so: an nvpair in force is changed in place, a new one goes where pcs puts it, into
 * the first block of the primitive's own.
 */
function settingBlocks(
  { element: primitive, id }: Pick<PlacedPrimitive, 'element' | 'id'>,
  ids: Cib['ids'],
  values: Readonly<Record<string, string>>,
): readonly XmlElement[] {
  const have = guestSettings(primitive);
  const own = ownBlock(primitive, 'meta_attributes', isOurs)?.attributes['id'];
  const newBlock = own ?? freeId(`${id}-meta_attributes`, ids);
  const blocks = new Map<string, XmlElement[]>();
  for (const [name, value] of Object.entries(values)) {
    const old = have.get(name);
    const blockId = old?.blockId ?? newBlock;
    const pairId = old?.nvpairId ?? freeId(idFor(blockId, name), ids);
    blocks.set(blockId, [...(blocks.get(blockId) ?? []), nvpair(pairId, name, value)]);
  }
  return [...blocks].map(([blockId, pairs]) =>
    element('meta_attributes', { id: checkedId(blockId) }, pairs),
  );
}

const guardId = (resource: string): string => `${GUARD_PREFIX}${resource}`;

/**
 * Holds a VM while its connection is tried. Pacemaker copies `is-managed` of a VM to the connection of its
 * guest node, which then would not start, but not `maintenance` (lib/pengine/unpack.c, expand_remote_rsc_meta; the same
 * in 2.1.5 and 3.0.3), and it restarts no machine in maintenance when a connection fails (pe_fence_node: `Not fencing
 * guest node`; seen on 3.0.0 with wrong keys and closed ports, fencing on and off).
 */
const guardBlock = (resource: string): XmlElement =>
  markBlock(guardId(resource), { maintenance: 'true' });

const blockTarget = (id: string): Target => ({ element: 'meta_attributes', id });

/** Holds VMs of guest nodes as a join does. */
export const holdVms = (cib: Cib, names: readonly string[]): readonly CibOperation[] =>
  merge({
    resources: cib.guestNodes
      .filter(({ name }) => names.includes(name))
      .map((guest) => placed({ ...guest, id: guest.resource }, [guardBlock(guest.resource)])),
  });

/**
 * The edits by which machines that run become guest nodes without harm should the connection fail: the machine is
 * held, its connection is not, and the node joins in standby. A guest node needs no node_state: nobody fences a machine
 * that is held. `release` them once they are online and verified.
 */
export function joinGuests(cib: Cib, desiredAll: readonly DesiredGuest[]): readonly CibOperation[] {
  const made = new Set<string>();
  const entries = desiredAll.flatMap(
    ({ name }) =>
      nodeEntryElement(
        { name, entry: cib.nodeEntries.get(name), ids: cib.ids, made },
        { standby: 'on' },
      ) ?? [],
  );
  const resources = desiredAll.flatMap((desired) => {
    const primitive = cib.primitives.get(desired.resource);
    if (primitive === undefined) return [];
    const settings = settingBlocks(primitive, cib.ids, joiningValues(cib, desired));
    return [placed(primitive, [...settings, guardBlock(desired.resource)])];
  });
  return merge({ nodes: entries, resources });
}

/**
 * Holds VMs of guest nodes whose connection is about to be tried again, by a mark of its own: unlike a join it
 * leaves the operator's standby alone.
 */
export const holdForRetry = (cib: Cib, names: readonly string[]): readonly CibOperation[] =>
  merge({
    resources: cib.guestNodes
      .filter(({ name, guarded }) => names.includes(name) && !guarded)
      .map((guest) => {
        const mark = markBlock(`${RETRY_PREFIX}${guest.resource}`, { maintenance: 'true' });
        return placed({ ...guest, id: guest.resource }, [mark]);
      }),
  });

/** Changes guest nodes in place; only what is declared and differs is touched. */
export const updateGuests = (
  cib: Cib,
  desiredAll: readonly DesiredGuest[],
): readonly CibOperation[] =>
  merge({
    resources: desiredAll.flatMap((desired) => {
      const have = cib.guestNodes.find(({ name }) => name === desired.name);
      const differences = have === undefined ? [] : guestDifferences(have, desired);
      if (have === undefined || differences.length === 0) return [];
      const values = Object.fromEntries(differences.map(({ name, after }) => [name, after]));
      const vm = { ...have, id: have.resource };
      return [placed(vm, settingBlocks(vm, cib.ids, values))];
    }),
  });

/** Gives connections back to the cluster whose VMs are protected; the machines stay in maintenance. */
export const reconnectGuests = (cib: Cib, names: readonly string[]): readonly CibOperation[] =>
  deletion(
    cib.guestNodes
      .filter(({ name }) => names.includes(name))
      .map(({ resource }) => `${QUIET_PREFIX}${resource}-is-managed`)
      .filter((id) => cib.ids.has(id))
      .map((id) => ({ element: 'nvpair', id })),
  );

/** Makes the cluster unmanaged the connections of guest nodes whose join failed. */
export const disconnectGuests = (cib: Cib, names: readonly string[]): readonly CibOperation[] =>
  merge({
    resources: cib.guestNodes
      .filter(({ name }) => names.includes(name))
      .map((guest) => {
        const mark = markBlock(guardId(guest.resource), {
          maintenance: 'true',
          'is-managed': 'false',
        });
        return placed({ ...guest, id: guest.resource }, [mark]);
      }),
  });

/** Whether a mark of ours keeps the cluster's hands off a machine. */
export const isHeld = ({ ids }: Cib, resource: string): boolean =>
  [GUARD_PREFIX, RETRY_PREFIX, QUIET_PREFIX].some((prefix) => ids.has(`${prefix}${resource}`));

/** Gives machines back to the cluster that a join held. */
export const releaseVms = (resources: readonly string[]): readonly CibOperation[] =>
  deletion(resources.map((resource) => blockTarget(guardId(resource))));

/**
 * Makes guest nodes plain machines again: their settings go, with a block that they alone were in, and their entries as
 * nodes. A machine that is held stays held.
 */
export const removeGuests = (cib: Cib, names: readonly string[]): readonly CibOperation[] =>
  deletion(
    cib.guestNodes
      .filter(({ name }) => names.includes(name))
      .flatMap(({ name, settings, element: primitive }) => {
        const pairs = new Set([...settings.values()].map(({ nvpairId }) => nvpairId));
        const targets = children(primitive, 'meta_attributes').flatMap((block): Target[] => {
          const own = block.children.filter(({ attributes }) => pairs.has(attributes['id']));
          return own.length > 0 && own.length === block.children.length
            ? [blockTarget(block.attributes['id'] ?? '')]
            : own.map(({ attributes }) => ({ element: 'nvpair', id: attributes['id'] ?? '' }));
        });
        const entry = cib.nodeEntries.get(name);
        return entry?.type === 'remote' ? [...targets, { element: 'node', id: entry.id }] : targets;
      }),
  );
