import { OutriggerError } from '../../support/errors.ts';
import { printable, shorten } from '../../support/text/printable.ts';
import { agentOf } from './agent.ts';
import {
  connectionOf,
  guestOf,
  primitivesIn,
  type GuestNode,
  type PlacedPrimitive,
  type RemoteConnection,
} from './connections.ts';
import { constraintsIn, type Constraint } from './constraints.ts';
import { nodeEntriesIn, type ClusterNode, type NodeEntry } from './nodes.ts';
import { refuseManyReferences } from './references.ts';
import { booleanOf } from '../basics/durations.ts';
import { hasNode } from '../basics/node-names.ts';
import { settings, type ById, type Settings } from '../basics/nvpairs.ts';
import { at, children, element, indexById, parseXml, type XmlElement } from '../basics/xml.ts';
import { oncePer } from '../../support/values/once-per.ts';

/** The three counters; admin_epoch and epoch move with the configuration, num_updates with the status. */
export interface CibVersion {
  readonly adminEpoch: number;
  readonly epoch: number;
  readonly numUpdates: number;
  /** `0.42.7`, as crm_diff and the logs write it. */
  readonly text: string;
}

/** What outrigger reads from a CIB, whoever wrote it. */
export interface Cib {
  readonly version: CibVersion;
  readonly featureSet: string | undefined;
  readonly haveQuorum: boolean;
  readonly dcUuid: string | undefined;
  /** Cluster options as written; rules are not evaluated. What the cluster makes of them: cluster-options.ts. */
  readonly properties: Settings;
  readonly clusterNodes: readonly ClusterNode[];
  readonly nodeEntries: ReadonlyMap<string, NodeEntry>;
  readonly remoteConnections: ReadonlyMap<string, RemoteConnection>;
  readonly guestNodes: readonly GuestNode[];
  readonly bundles: readonly string[];
  readonly primitives: ReadonlyMap<string, PlacedPrimitive>;
  readonly constraints: readonly Constraint[];
  /** Ids of the fencing devices (`class="stonith"`). */
  readonly fencingDevices: readonly string[];
  /** Names that have a node_state: Pacemaker has seen them and does not fence them at first sight. */
  readonly seen: ReadonlySet<string>;
  /** Every id in the configuration and the element that has it: a new name must not be among them. */
  readonly ids: ById;
  readonly root: XmlElement;
}

function counter(root: XmlElement, name: string): number {
  const text = root.attributes[name] ?? '';
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new OutriggerError(
    'REPLY_INVALID',
    `the CIB has no usable ${name}: "${printable(shorten(text, 100))}"`,
  );
}

function versionOf(root: XmlElement): CibVersion {
  const adminEpoch = counter(root, 'admin_epoch');
  const epoch = counter(root, 'epoch');
  const numUpdates = counter(root, 'num_updates');
  return { adminEpoch, epoch, numUpdates, text: `${adminEpoch}.${epoch}.${numUpdates}` };
}

/** For cluster options the block of this id counts before any other (3.0.0 lib/pengine/unpack.c, unpack_config). */
const FIRST_PROPERTY_SET = 'cib-bootstrap-options';

function propertiesIn(section: XmlElement, byId: ById): Settings {
  const kind = 'cluster_property_set';
  const later = settings(section, kind, byId, (id) => id === FIRST_PROPERTY_SET);
  const first = settings(section, kind, byId, (id) => id !== FIRST_PROPERTY_SET);
  return new Map([...later, ...first]);
}

const byIdOf = <Entry extends { readonly id: string }>(
  entries: readonly Entry[],
): ReadonlyMap<string, Entry> => new Map(entries.map((entry) => [entry.id, entry]));

const isDefined = <Value>(value: Value | undefined): value is Value => value !== undefined;

const idsOf = (elements: readonly XmlElement[]): readonly string[] =>
  elements.map((entry) => entry.attributes['id']).filter(isDefined);

function resourcesView(
  resources: XmlElement,
  byId: ById,
): Pick<Cib, 'remoteConnections' | 'guestNodes' | 'bundles' | 'primitives' | 'fencingDevices'> {
  const primitives = primitivesIn(resources);
  const fencing = primitives.filter(
    (placed) => agentOf(placed.element, byId).standard === 'stonith',
  );
  return {
    remoteConnections: byIdOf(
      primitives.map((placed) => connectionOf(placed, byId)).filter(isDefined),
    ),
    guestNodes: primitives.map((placed) => guestOf(placed, byId)).filter(isDefined),
    bundles: idsOf(children(resources, 'bundle')),
    primitives: byIdOf(primitives),
    fencingDevices: fencing.map(({ id }) => id),
  };
}

/** The view of a CIB that is already a tree; without its children (`--no-children`) only the header is told. */
export function cibView(root: XmlElement): Cib {
  if (root.name !== 'cib') throw new OutriggerError('REPLY_INVALID', `not a CIB: <${root.name}>`);
  const configuration = at(root, 'configuration') ?? element('configuration');
  const section = (name: string) => at(configuration, name) ?? element(name);
  const ids = indexById(configuration);
  refuseManyReferences(configuration, ids);
  const nodeEntries = nodeEntriesIn(section('nodes'), ids);
  return {
    version: versionOf(root),
    featureSet: root.attributes['crm_feature_set'],
    haveQuorum: booleanOf(root.attributes['have-quorum'] ?? '') === true,
    dcUuid: root.attributes['dc-uuid'],
    properties: propertiesIn(section('crm_config'), ids),
    clusterNodes: [...nodeEntries.values()]
      .filter((entry) => entry.type === 'member')
      .map(({ id, name }) => ({ id, name })),
    nodeEntries,
    ...resourcesView(section('resources'), ids),
    constraints: constraintsIn(section('constraints')),
    seen: new Set(idsOf(children(at(root, 'status') ?? element('status'), 'node_state'))),
    ids,
    root,
  };
}

/** Reads what `cibadmin --query` printed. */
export const readCib = (text: string): Cib => cibView(parseXml(text, 'the CIB'));

/**
 * Whether maintenance mode is written, for who edits it. Whether the cluster is in it: `isInMaintenance` in
 * cluster-options.ts.
 */
export const maintenanceMode = ({ properties }: Cib): boolean =>
  booleanOf(properties.get('maintenance-mode')?.value ?? '') ?? false;

/** What the CIB says of how a Pacemaker Remote node is connected, be it a remote node or a guest node. */
export interface NodeConnection {
  /** The resource that carries our marks: the connection itself, or the VM of a guest node. */
  readonly managedResource: string;
  readonly isGuest: boolean;
  readonly targetRole: string | undefined;
  readonly isManaged: boolean;
  readonly guarded: boolean;
  readonly joining: boolean;
}

/** By name; a remote node before a guest node, the first guest node before another one of its name. */
const connections = oncePer((cib: Cib): ReadonlyMap<string, NodeConnection> => {
  const found = new Map<string, NodeConnection>();
  for (const [name, remote] of cib.remoteConnections)
    found.set(name, { ...remote, managedResource: name, isGuest: false });
  for (const guest of cib.guestNodes)
    if (!found.has(guest.name))
      found.set(guest.name, { ...guest, managedResource: guest.resource, isGuest: true });
  return found;
});

/** The connection of a node; undefined: the CIB has none. */
export const nodeConnection = (cib: Cib, name: string): NodeConnection | undefined =>
  connections(cib).get(name);

/** The resource that carries our marks for a node; a node without a connection is its own. */
export const managedResourceOf = (cib: Cib, name: string): string =>
  nodeConnection(cib, name)?.managedResource ?? name;

/** The names of all Pacemaker Remote nodes that the CIB configures; bundles are none of ours. */
export const connectedNames = oncePer((cib: Cib): readonly string[] => [
  ...cib.remoteConnections.keys(),
  ...cib.guestNodes.map(({ name }) => name),
]);

/** Constraints that name a resource or node by that name. */
export const constraintsNaming = (cib: Cib, name: string): readonly Constraint[] =>
  cib.constraints.filter(
    ({ resources, nodes }) => resources.includes(name) || hasNode(nodes, name),
  );

/** Whether anything in the CIB authenticates with the authkey: only then does replacing the key touch a connection. */
export const hasConnections = (cib: Cib): boolean =>
  cib.remoteConnections.size > 0 || cib.guestNodes.length > 0 || cib.bundles.length > 0;
