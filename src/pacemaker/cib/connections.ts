import { booleanOf } from '../basics/durations.ts';
import {
  APART_PREFIX,
  DEFAULT_PORT,
  GUARD_PREFIX,
  GUEST_META,
  LEAVE_PREFIX,
  QUIET_PREFIX,
  REMOTE_AGENT,
  RETRY_PREFIX,
} from '../basics/names.ts';
import {
  asInherited,
  settings,
  type ById,
  type Setting,
  type Settings,
} from '../basics/nvpairs.ts';
import { child, children, type XmlElement } from '../basics/xml.ts';

/** One operation of a resource, as written; `timeout` and `onFail` also when they stand in the operation's own block. */
export interface Operation {
  readonly id: string;
  readonly name: string;
  readonly interval: string;
  readonly timeout: string | undefined;
  readonly onFail: string | undefined;
  /** The other attributes of the element (`record-pending`, `enabled` ...). */
  readonly others: Readonly<Record<string, string>>;
  readonly inherited: boolean;
}

/** A group, clone or bundle around a primitive. */
export interface Enclosing {
  readonly name: string;
  readonly id: string;
}

/** A connection resource: an `ocf:pacemaker:remote` primitive, whoever made it. */
export interface RemoteConnection {
  /** Resource id and node name in one. */
  readonly id: string;
  /** From outside in; Pacemaker cannot handle a connection that stands anywhere but at the top. */
  readonly enclosing: readonly Enclosing[];
  /**
   * The template it takes settings from. When class and type stand in the template only, Pacemaker (2.1.5 to 3.0.3)
   * takes the template itself for a remote node and fails an assertion: `agentFromTemplate` tells.
   */
  readonly template: string | undefined;
  readonly agentFromTemplate: boolean;
  readonly server: string;
  readonly port: number;
  readonly reconnectInterval: string | undefined;
  readonly instance: Settings;
  /** Without our own quiet-restart mark. */
  readonly meta: Settings;
  readonly operations: readonly Operation[];
  readonly targetRole: string | undefined;
  /** The operator's own setting; group, clone and resource defaults are not looked at. */
  readonly isManaged: boolean;
  /** Our guard is on the start operation: that of a join, or that of a retry. */
  readonly guarded: boolean;
  /** It is the guard of a join that was not released yet: the node's standby is ours as well. */
  readonly joining: boolean;
  /** Our quiet-restart mark is set. */
  readonly quiet: boolean;
  readonly element: XmlElement;
}

/** A primitive whose VM is a guest node. */
export interface GuestNode {
  readonly name: string;
  /** The id of the primitive. */
  readonly resource: string;
  readonly enclosing: readonly Enclosing[];
  readonly server: string;
  readonly port: number;
  /** As written. */
  readonly connectTimeout: string | undefined;
  readonly allowMigrate: boolean;
  /** The meta attributes that make it a guest node, as Pacemaker looks them up. */
  readonly settings: Settings;
  readonly targetRole: string | undefined;
  /** The operator's own setting for the machine, without our marks; defaults of resources are not looked at. */
  readonly isManaged: boolean;
  /** The machine is held for a join that was not released yet: the node's standby is ours as well. */
  readonly joining: boolean;
  /** The machine is held for a join, or for a retry. */
  readonly guarded: boolean;
  readonly element: XmlElement;
}

/** A primitive with what stands around it. */
export interface PlacedPrimitive {
  readonly element: XmlElement;
  readonly id: string;
  readonly enclosing: readonly Enclosing[];
}

export const isOurs = (blockId: string): boolean =>
  [QUIET_PREFIX, GUARD_PREFIX, RETRY_PREFIX, APART_PREFIX, LEAVE_PREFIX].some((prefix) =>
    blockId.startsWith(prefix),
  );

const ENCLOSING: readonly string[] = ['group', 'clone', 'master', 'bundle'];

/** Every primitive below `resources`, wherever it stands. */
export function primitivesIn(
  resources: XmlElement,
  enclosing: readonly Enclosing[] = [],
): readonly PlacedPrimitive[] {
  return resources.children.flatMap((inner): readonly PlacedPrimitive[] => {
    const id = inner.attributes['id'];
    if (id === undefined) return [];
    if (inner.name === 'primitive') return [{ element: inner, id, enclosing }];
    if (!ENCLOSING.includes(inner.name)) return [];
    return primitivesIn(inner, [...enclosing, { name: inner.name, id }]);
  });
}

const templateOf = (primitive: XmlElement, byId: ById): XmlElement | undefined =>
  byId.get(primitive.attributes['template'] ?? '');

const hasAgent = (owner: XmlElement | undefined): boolean =>
  Object.entries(REMOTE_AGENT).every(([name, value]) => owner?.attributes[name] === value);

/** A primitive's settings on top of its template's. */
function withTemplate(primitive: XmlElement, kind: string, byId: ById): Settings {
  const own = settings(primitive, kind, byId, isOurs);
  const template = templateOf(primitive, byId);
  return template === undefined
    ? own
    : new Map([...asInherited(settings(template, kind, byId)), ...own]);
}

function operationsIn(owner: XmlElement, byId: ById, inherited: boolean): readonly Operation[] {
  const section = child(owner, 'operations');
  return children(section ?? owner, 'op').map((op) => {
    const { id, name, interval, timeout, ...rest } = op.attributes;
    const { 'on-fail': onFail, ...others } = rest;
    const meta = settings(op, 'meta_attributes', byId, isOurs);
    return {
      id: id ?? '',
      name: name ?? '',
      interval: interval ?? '0',
      timeout: timeout ?? meta.get('timeout')?.value,
      onFail: onFail ?? meta.get('on-fail')?.value,
      others,
      inherited,
    };
  });
}

function operationsWithTemplate(primitive: XmlElement, byId: ById): readonly Operation[] {
  const own = operationsIn(primitive, byId, false);
  const template = templateOf(primitive, byId);
  const inherited = template === undefined ? [] : operationsIn(template, byId, true);
  return [...own, ...inherited.filter((op) => !own.some((mine) => mine.name === op.name))];
}

const hasGuard = (primitive: XmlElement, prefix: string): boolean =>
  child(primitive, 'operations')?.children.some((op) =>
    op.children.some((block) => block.attributes['id']?.startsWith(prefix)),
  ) ?? false;

const portOf = (text: string | undefined): number =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : DEFAULT_PORT;

const valueOf = (from: Settings, name: string): string | undefined => from.get(name)?.value;

/** Reads one placed primitive as a connection resource; undefined for any other agent. */
export function connectionOf(placed: PlacedPrimitive, byId: ById): RemoteConnection | undefined {
  const { element: primitive, id, enclosing } = placed;
  const agentFromTemplate = !hasAgent(primitive) && hasAgent(templateOf(primitive, byId));
  if (!hasAgent(primitive) && !agentFromTemplate) return undefined;
  const instance = withTemplate(primitive, 'instance_attributes', byId);
  const meta = withTemplate(primitive, 'meta_attributes', byId);
  return {
    id,
    enclosing,
    template: primitive.attributes['template'],
    agentFromTemplate,
    server: valueOf(instance, 'server') ?? id,
    port: portOf(valueOf(instance, 'port')),
    reconnectInterval: valueOf(instance, 'reconnect_interval'),
    instance,
    meta,
    operations: operationsWithTemplate(primitive, byId),
    targetRole: valueOf(meta, 'target-role'),
    isManaged: booleanOf(valueOf(meta, 'is-managed') ?? 'true') ?? true,
    guarded: [GUARD_PREFIX, RETRY_PREFIX].some((prefix) => hasGuard(primitive, prefix)),
    joining: hasGuard(primitive, GUARD_PREFIX),
    quiet: isQuiet(primitive),
    element: primitive,
  };
}

/** Whether an element (primitive or bundle) carries our quiet-restart mark. */
export const isQuiet = (owner: XmlElement): boolean => hasBlock(owner, QUIET_PREFIX);

/** Whether a block of this prefix stands in an element. */
const hasBlock = (owner: XmlElement, prefix: string): boolean =>
  children(owner, 'meta_attributes').some((block) => block.attributes['id']?.startsWith(prefix));

/**
 * What makes a primitive a guest node, looked up as Pacemaker does: in the primitive's own blocks only, whatever their
 * rules and scores, without templates and id-ref, and of several the one written last
 * (lib/pengine/unpack.c, expand_remote_rsc_meta; the same in 2.1.5, 3.0.0 and 3.0.3).
 */
export function guestSettings(primitive: XmlElement): Settings {
  const names: readonly string[] = Object.values(GUEST_META);
  const found = new Map<string, Setting>();
  for (const block of children(primitive, 'meta_attributes')) {
    for (const { attributes } of block.children) {
      const { name, value, id } = attributes;
      if (name === undefined || value === undefined || !names.includes(name)) continue;
      const blockId = block.attributes['id'];
      found.set(name, { value, nvpairId: id, blockId, inherited: false });
    }
  }
  return found;
}

/** Where a primitive may be a guest node: at the top, or in a group there (lib/pengine/unpack.c, unpack_remote_nodes). */
export const mayBeGuest = ({ enclosing }: Pick<PlacedPrimitive, 'enclosing'>): boolean =>
  enclosing.length === 0 || (enclosing.length === 1 && enclosing[0]?.name === 'group');

/** Reads one placed primitive as the home of a guest node; undefined for any other. */
export function guestOf(placed: PlacedPrimitive, byId: ById): GuestNode | undefined {
  const found = guestSettings(placed.element);
  const name = valueOf(found, GUEST_META.node);
  if (name === undefined || !mayBeGuest(placed)) return undefined;
  const meta = withTemplate(placed.element, 'meta_attributes', byId);
  return {
    name,
    resource: placed.id,
    enclosing: placed.enclosing,
    server: valueOf(found, GUEST_META.address) ?? name,
    port: portOf(valueOf(found, GUEST_META.port)),
    connectTimeout: valueOf(found, GUEST_META.connectTimeout),
    allowMigrate: booleanOf(valueOf(found, GUEST_META.allowMigrate) ?? 'true') ?? true,
    settings: found,
    targetRole: valueOf(meta, 'target-role'),
    isManaged: booleanOf(valueOf(meta, 'is-managed') ?? 'true') ?? true,
    joining: hasBlock(placed.element, GUARD_PREFIX),
    guarded: [GUARD_PREFIX, RETRY_PREFIX].some((prefix) => hasBlock(placed.element, prefix)),
    element: placed.element,
  };
}
