import { OutriggerError } from '../../support/errors.ts';
import { nodeStatuses, resourceStatuses } from './cluster-status.ts';
import type { NodeStatus, ResourceStatus } from './cluster-status.ts';
import { at, children, parseXml, type XmlElement } from '../basics/xml.ts';
import { oncePer } from '../../support/values/once-per.ts';

/** An operation that failed and was not cleaned up. */
export interface Failure {
  readonly operationKey: string;
  readonly node: string;
  readonly task: string;
  readonly exitStatus: string;
  readonly exitReason: string;
  readonly status: string;
}

/** How often a resource failed on a node; `INFINITY` keeps it away from there. */
export interface FailCount {
  readonly node: string;
  readonly resource: string;
  readonly count: string;
}

/** A location constraint of negative score. */
export interface Ban {
  readonly id: string;
  readonly resource: string;
  readonly node: string;
  /** Of -INFINITY and in every role: no other score makes up for it. */
  readonly isAbsolute: boolean;
}

export interface CurrentDc {
  readonly name: string;
  readonly version: string | undefined;
  readonly withQuorum: boolean;
}

/** What `crm_mon -1 -r --output-as=xml` tells. */
export interface CrmMon {
  readonly dc: CurrentDc | undefined;
  /** The cluster options as crm_mon prints them (`stonith-enabled`, `maintenance-mode` ...). */
  readonly options: Readonly<Record<string, string>>;
  readonly nodes: ReadonlyMap<string, NodeStatus>;
  readonly resources: readonly ResourceStatus[];
  readonly failures: readonly Failure[];
  readonly failCounts: readonly FailCount[];
  readonly bans: readonly Ban[];
}

const textOf = (owner: XmlElement, name: string): string => owner.attributes[name] ?? '';

function dcOf(root: XmlElement): CurrentDc | undefined {
  const dc = at(root, 'summary', 'current_dc');
  if (dc?.attributes['present'] !== 'true') return undefined;
  return {
    name: textOf(dc, 'name'),
    version: dc.attributes['version'],
    withQuorum: dc.attributes['with_quorum'] === 'true',
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

/**
 * crm_mon escapes the reason before libxml2 does so for every attribute (3.0.0 lib/pengine/pe_output.c, failed_action_xml):
 * `&lt;node1&gt;` is what is left of `<node1>`.
 */
const onceEscaped = (text: string): string =>
  text.replace(/&(?:lt|gt|quot|apos|amp);|&#x([0-9A-F]{1,2});/g, (entity, code?: string) =>
    code === undefined ? (ENTITIES[entity] ?? entity) : String.fromCodePoint(parseInt(code, 16)),
  );

const failureOf = (failure: XmlElement): Failure => ({
  // The schema allows an id in place of an op_key (xml/api/failure-2.8.rng).
  operationKey: failure.attributes['op_key'] ?? textOf(failure, 'id'),
  node: textOf(failure, 'node'),
  task: textOf(failure, 'task'),
  exitStatus: textOf(failure, 'exitstatus'),
  exitReason: onceEscaped(textOf(failure, 'exitreason')),
  status: textOf(failure, 'status'),
});

const failCountsOn = (node: XmlElement): readonly FailCount[] =>
  children(node, 'resource_history').flatMap((history) => {
    const count = history.attributes['fail-count'];
    if (count === undefined || count === '0') return [];
    return [{ node: textOf(node, 'name'), resource: textOf(history, 'id'), count }];
  });

/** What crm_mon prints for it (3.0.0 lib/pengine/pe_output.c, ban_xml; it lists every negative score, ban_list). */
const MINUS_INFINITY = -1_000_000;

const banOf = (ban: XmlElement): Ban => ({
  id: textOf(ban, 'id'),
  resource: textOf(ban, 'resource'),
  node: textOf(ban, 'node'),
  isAbsolute:
    Number(textOf(ban, 'weight')) <= MINUS_INFINITY && ban.attributes['promoted-only'] !== 'true',
});

const childrenOf = (parent: XmlElement | undefined, name: string): readonly XmlElement[] =>
  parent === undefined ? [] : children(parent, name);

/** Checks that a tool of Pacemaker answered in its XML form, and that it did not answer with an error. */
export function pacemakerResult(text: string, tool: string): XmlElement {
  const root = parseXml(text, `the reply of ${tool}`);
  if (root.name !== 'pacemaker-result') {
    throw new OutriggerError('REPLY_INVALID', `${tool} printed <${root.name}>`);
  }
  const status = at(root, 'status');
  if (status !== undefined && textOf(status, 'code') !== '0') {
    throw new OutriggerError('REPLY_INVALID', `${tool}: ${textOf(status, 'message')}`);
  }
  return root;
}

/** Reads what `crm_mon -1 -r --output-as=xml` printed (checked with 2.1.5, 3.0.0 and 3.0.3). */
export function readCrmMon(text: string): CrmMon {
  const root = pacemakerResult(text, 'crm_mon');
  return {
    dc: dcOf(root),
    options: at(root, 'summary', 'cluster_options')?.attributes ?? {},
    nodes: nodeStatuses(at(root, 'nodes')),
    resources: resourceStatuses(at(root, 'resources')),
    failures: childrenOf(at(root, 'failures'), 'failure').map(failureOf),
    failCounts: childrenOf(at(root, 'node_history'), 'node').flatMap(failCountsOn),
    bans: childrenOf(at(root, 'bans'), 'ban').map(banOf),
  };
}

/** The `<resource>` that is a node's connection: a remote's own, or the one that Pacemaker makes for a guest. */
const connectionsById = oncePer(({ resources }: CrmMon): ReadonlyMap<string, ResourceStatus> => {
  const found = new Map<string, ResourceStatus>();
  for (const resource of resources)
    if (resource.agent.endsWith(':remote') && !found.has(resource.id))
      found.set(resource.id, resource);
  return found;
});

const connectionOf = (mon: CrmMon, name: string): ResourceStatus | undefined =>
  connectionsById(mon).get(name);

const activeByNode = oncePer(({ resources }: CrmMon): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, Set<string>>();
  for (const resource of resources.filter(({ active }) => active))
    for (const node of resource.nodes)
      found.set(node, (found.get(node) ?? new Set()).add(configuredId(resource, node)));
  return new Map([...found].map(([node, ids]) => [node, [...ids].sort()]));
});

/** Where a connection is active, when that is exactly one node. */
export function connectionNode(mon: CrmMon, name: string): string | undefined {
  const nodes = connectionOf(mon, name)?.nodes ?? [];
  return nodes.length === 1 ? nodes[0] : undefined;
}

/** Why a Pacemaker Remote node is not in, as a stable word. */
export type NotIn =
  | 'no-connection'
  | 'orphaned'
  | 'unmanaged'
  | 'blocked'
  | 'failed'
  | 'not-started'
  | 'pending'
  | 'not-on-one-node'
  | 'no-node'
  | 'node-unclean'
  | 'node-pending'
  | 'node-offline';

export type ConnectionState =
  | { readonly state: 'node-online'; readonly on: string }
  | { readonly state: 'not-online'; readonly why: NotIn };

type Rule<Subject> = readonly [why: NotIn, holds: (subject: Subject) => boolean];

/** The most telling reason first: a blocked connection is also failed and unmanaged. */
const CONNECTION_RULES: readonly Rule<ResourceStatus>[] = [
  ['orphaned', ({ orphaned }) => orphaned],
  ['blocked', ({ blocked }) => blocked],
  ['failed', ({ failed, failureIgnored }) => failed || failureIgnored],
  ['unmanaged', ({ managed, maintenance }) => !managed || maintenance],
  ['pending', ({ pending, role }) => pending !== undefined || role.endsWith('ing')],
  ['not-started', ({ role, active }) => role !== 'Started' || !active],
  ['not-on-one-node', ({ nodes }) => nodes.length !== 1],
];

const NODE_RULES: readonly Rule<NodeStatus>[] = [
  ['node-unclean', ({ unclean }) => unclean],
  ['node-pending', ({ pending }) => pending],
  ['node-offline', ({ online }) => !online],
];

const firstBroken = <Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject | undefined,
  absent: NotIn,
): NotIn | undefined =>
  subject === undefined ? absent : rules.find(([, holds]) => holds(subject))?.[0];

/**
 * Whether a Pacemaker Remote node is online and verified the cluster. `online="true"` alone proves nothing: it is shown all through
 * a start in progress, even to a dead host (seen on 3.0.0). One reading may catch a lucky moment, so take two.
 */
export function connectionState(mon: CrmMon, name: string): ConnectionState {
  const connection = connectionOf(mon, name);
  const why =
    firstBroken(CONNECTION_RULES, connection, 'no-connection') ??
    firstBroken(NODE_RULES, mon.nodes.get(name), 'no-node');
  return why === undefined
    ? { state: 'node-online', on: connectionNode(mon, name) ?? '' }
    : { state: 'not-online', why };
}

/** The CIB element that carries the settings of a reported resource: what a bundle makes by itself answers to the bundle. */
function configuredId(resource: ResourceStatus, nodeName: string): string {
  const bundle = resource.parents.find(({ kind }) => kind === 'bundle');
  return bundle === undefined || nodeName.startsWith(`${bundle.id}-`)
    ? resource.primitive
    : bundle.id;
}

/**
 * The resources that are active on a node, each by the id of the primitive or bundle that configures it, sorted.
 * Compare before and after a restart; hand it to `protect` in between.
 */
export const activeOn = (mon: CrmMon, nodeName: string): readonly string[] =>
  activeByNode(mon).get(nodeName) ?? [];
