import { guestSettings, mayBeGuest, primitivesIn } from '../pacemaker/cib/connections.ts';
import type { GuestNode as HaveGuest, RemoteConnection } from '../pacemaker/cib/connections.ts';
import type { NodeEntry } from '../pacemaker/cib/nodes.ts';
import type { Cib } from '../pacemaker/cib/cib.ts';
import { sameDuration } from '../pacemaker/basics/durations.ts';
import {
  CERTIFICATE_FILES,
  DEFAULT_OPERATIONS,
  DEFAULT_PORT,
  GUEST_META,
} from '../pacemaker/basics/names.ts';
import { isSameNode } from '../pacemaker/basics/node-names.ts';
import { at, child, element, walk, type XmlElement } from '../pacemaker/basics/xml.ts';
import { usesCertificates } from '../credentials/certificates.ts';
import { compareNames } from '../support/text/fold-names.ts';
import type {
  Authentication,
  ClusterNode,
  Connection,
  GuestNode,
  Operations,
  RemoteNode,
} from '../inventory/schema-types.ts';
import type { Draft, DraftEntry } from './draft.ts';
import type { ImportFacts } from '../model/import-facts.ts';
import { given, scalarOf, scalarsOf } from './values.ts';

/** How the one that was asked is reached: the rest of the cluster is presumed to be reached alike. */
export interface ImportTarget {
  readonly address: string;
  readonly connection: Connection | undefined;
}

/** The inventory that says what a cluster is like, checked by nobody yet. */
export function draftOf(facts: ImportFacts, { address, connection }: ImportTarget): Draft {
  const { cib } = facts;
  const inOrder = <Item>(items: readonly Item[], nameOf: (item: Item) => string): Item[] =>
    [...items].sort((one, other) => compareNames(nameOf(one), nameOf(other)));
  const connections = inOrder([...cib.remoteConnections.values()], ({ id }) => id);
  const placed = connections.filter((one) => placeOf(one) === undefined);
  return {
    clusterName: clusterNameOf(facts),
    connection,
    authentication: authenticationOf(facts),
    clusterNodes: inOrder(cib.clusterNodes, ({ name }) => name).map(({ id, name }) =>
      clusterNodeOf(facts, { id, name, ...(isSameNode(name, facts.queryNode) ? { address } : {}) }),
    ),
    remoteNodes: placed.map((one) => remoteNodeOf(cib, one)),
    guestNodes: inOrder(cib.guestNodes, ({ name }) => name).map((one) => guestNodeOf(cib, one)),
    notes: [
      ...connections.flatMap((one) => placeOf(one) ?? []),
      ...misplacedGuests(cib),
      ...cib.bundles.map((id) => `${id}: a bundle, whose nodes the cluster creates: left out`),
    ],
  };
}

/** Letters, digits, `.`, `_` and `-`: it names a folder. */
function clusterNameOf({ cib, clusterName }: ImportFacts): string {
  const reported = cib.properties.get('cluster-name')?.value ?? clusterName ?? '';
  const name = reported.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '');
  return name === '' ? 'cluster' : name.slice(0, 64);
}

function clusterNodeOf(
  { cib, ring }: ImportFacts,
  { id, name, address }: { id: string; name: string; address?: string },
): DraftEntry<ClusterNode> {
  const found = address ?? ring.find((node) => node.id === id)?.address;
  const entry = cib.nodeEntries.get(name);
  const state = (['standby', 'maintenance'] as const).filter((each) => entry?.[each] === true);
  return {
    entry: { name, address: found ?? name },
    notes: [
      ...(found === undefined ? [`${name}: Corosync has no address for it: its name is used`] : []),
      ...state.map((each) => `${name}: it is in ${each}, which is kept`),
    ],
  };
}

/** Why a connection cannot be said: Pacemaker itself cannot handle it there. */
function placeOf({ id, enclosing, agentFromTemplate }: RemoteConnection): string | undefined {
  const [outer] = enclosing;
  if (outer !== undefined)
    return `${id}: left out, because its connection is inside the ${outer.name} ${outer.id}`;
  return agentFromTemplate
    ? `${id}: left out, because only its template makes it a connection`
    : undefined;
}

const misplacedGuests = ({ root }: Cib): readonly string[] =>
  primitivesIn(at(root, 'configuration', 'resources') ?? element('resources')).flatMap((placed) => {
    const name = guestSettings(placed.element).get(GUEST_META.node)?.value;
    if (name === undefined || mayBeGuest(placed)) return [];
    const outer = placed.enclosing.map(({ id }) => id).join(' in ');
    return [`${name}: left out, because its VM ${placed.id} is inside ${outer}`];
  });

/** What the inventory says of a connection by keys of its own. */
const PARAMETERS: readonly string[] = ['server', 'port', 'reconnect_interval'];

/** These are the operator's for the moment, not what a node is. */
const MOMENTARY: readonly string[] = ['target-role', 'is-managed', 'maintenance'];

function remoteNodeOf(cib: Cib, have: RemoteConnection): DraftEntry<RemoteNode> {
  const { id: name, server, port, reconnectInterval, template } = have;
  const meta = scalarsOf(have.meta, (each) => MOMENTARY.includes(each));
  const node = nodeOf(cib.nodeEntries.get(name));
  const kept = MOMENTARY.filter((each) => have.meta.has(each));
  const others = [...have.instance.keys()].filter((each) => !PARAMETERS.includes(each)).sort();
  return {
    entry: {
      name,
      address: server,
      ...(port === DEFAULT_PORT ? {} : { port }),
      ...given('reconnectInterval', durationOf(reconnectInterval)),
      ...given('operations', operationsOf(have)),
      ...given('meta', meta),
      ...node.entry,
    },
    notes: [
      ...(template === undefined ? [] : [`takes settings from the template ${template}`]),
      ...(hasRule(have.element) ? ['has settings under a rule, which are left out'] : []),
      ...listed('of its parameters', others),
      ...listed('of its meta attributes', kept),
      ...operationNotes(have),
      ...node.notes,
      ...(have.guarded || have.quiet ? [UNFINISHED] : []),
    ].map((note) => `${name}: ${note}`),
  };
}

const UNFINISHED = 'a run of outrigger was interrupted there: the next apply continues it';

function guestNodeOf(cib: Cib, have: HaveGuest): DraftEntry<GuestNode> {
  const { name, resource, server, port, connectTimeout, allowMigrate, settings } = have;
  const node = nodeOf(cib.nodeEntries.get(name));
  return {
    entry: {
      name,
      resource,
      address: server,
      ...(port === DEFAULT_PORT ? {} : { port }),
      ...given('connectTimeout', durationOf(connectTimeout)),
      ...(settings.has(GUEST_META.allowMigrate) ? { allowMigrate } : {}),
      ...node.entry,
    },
    notes: [...node.notes, ...(have.guarded ? [UNFINISHED] : [])].map((note) => `${name}: ${note}`),
  };
}

const durationOf = (text: string | undefined): string | number | undefined => {
  const value = text === undefined ? undefined : scalarOf(text);
  return typeof value === 'number' ? value : text;
};

/** Operations that are not as outrigger would make them; of several of one name the first. */
function operationsOf({ operations }: RemoteConnection): Operations {
  const firsts = operations.filter(
    (op, index) => operations.findIndex(({ name }) => name === op.name) === index,
  );
  const reported = firsts.flatMap(({ name, ...op }) => {
    const usual = DEFAULT_OPERATIONS.find((each) => each.name === name);
    const differing = (['interval', 'timeout'] as const).flatMap((key) => {
      const value = op[key];
      if (value === undefined || (usual !== undefined && sameDuration(value, usual[key])))
        return [];
      return [[key, durationOf(value)] as const];
    });
    return differing.length === 0 ? [] : [[name, Object.fromEntries(differing)] as const];
  });
  return Object.fromEntries(reported.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function operationNotes({ operations }: RemoteConnection): readonly string[] {
  return operations.flatMap(({ name, interval, onFail, others }, index) => {
    const isFirst = operations.findIndex((op) => op.name === name) === index;
    if (!isFirst) return [`its other ${name} operation (interval ${interval}) is left out`];
    const settings = [
      ...(onFail === undefined ? [] : ['on-fail']),
      ...Object.keys(others).filter((key) => key !== 'id-ref'),
    ];
    return listed(`of its ${name} operation`, settings);
  });
}

/** What a node is as such: its state and its attributes. */
function nodeOf(have: NodeEntry | undefined): {
  readonly entry: Pick<RemoteNode, 'attributes' | 'state'>;
  readonly notes: readonly string[];
} {
  if (have === undefined) return { entry: {}, notes: [] };
  const { standby, maintenance } = have;
  const attributes = scalarsOf(
    have.attributes,
    (name) => name === 'standby' || name === 'maintenance',
  );
  const isBoth = standby && maintenance;
  const state = standby ? ('standby' as const) : maintenance ? ('maintenance' as const) : undefined;
  return {
    entry: {
      ...given('attributes', attributes),
      ...(state === undefined || isBoth ? {} : { state }),
    },
    notes: [
      ...(isBoth ? ['it is in standby and in maintenance mode, both are kept'] : []),
      ...listed('of its utilization', [...have.utilization.keys()].sort()),
      ...(hasRule(have.element) ? ['has node attributes under a rule, which are left out'] : []),
    ],
  };
}

const listed = (of: string, names: readonly string[]): readonly string[] =>
  names.length === 0 ? [] : [`${of} left out: ${names.join(', ')}`];

const hasRule = (owner: XmlElement): boolean =>
  [...walk(owner)].some((inner) => child(inner, 'rule') !== undefined);

/** What the variables of the node that was asked say; where its name stands in a path, that of each node does. */
function authenticationOf({ environment, queryNode }: ImportFacts): Authentication {
  if (!usesCertificates(environment)) return { method: 'psk', authkey: { source: 'cluster' } };
  const path = ({ variable }: { readonly variable: string }): string =>
    patternOf(environment[variable] ?? '', queryNode);
  const { ca, certificate, key, crl } = CERTIFICATE_FILES;
  return {
    method: 'x509',
    x509: {
      onHosts: {
        ca: path(ca),
        certificate: path(certificate),
        key: path(key),
        ...((environment[crl.variable] ?? '') === '' ? {} : { crl: path(crl) }),
      },
    },
  };
}

/** A path with `{node}` wherever the name of this node stands by itself. */
const patternOf = (path: string, node: string): string => {
  const name = node.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return path.replace(new RegExp(`(?<![A-Za-z0-9])${name}(?![A-Za-z0-9])`, 'g'), '{node}');
};
