import { nodeConnection } from '../pacemaker/cib.ts';
import { danglingConstraints, leftoverNodes } from '../pacemaker/cib-debris.ts';
import { isHeld } from '../pacemaker/cib-edit.ts';
import { connectionState, type NotIn } from '../pacemaker/crm-mon.ts';
import { OWN_PREFIXES } from '../pacemaker/names.ts';
import { element, serializeXml } from '../pacemaker/xml.ts';
import { quote } from '../shell/quote.ts';
import type { ExpiringFile } from './certificates.ts';
import type { ClusterFacts, Facts } from './facts.ts';
import { isUnfenceable } from './fencing.ts';
import { REMEMBERED, type Finding } from './finding.ts';
import { machineState } from './machine.ts';
import type { NodeFencing } from './plan.ts';

/** What findings are looked for with, besides the live state. */
export interface FindingsInput {
  readonly facts: Facts;
  readonly cluster: ClusterFacts;
  readonly clusterName: string;
  /** Every node that the inventory names, whether this plan is limited to some of them or not. */
  readonly declared: readonly string[];
  /** Those of them that shall be absent and that this plan is about. */
  readonly leaving: readonly string[];
  /** Remote nodes and guest nodes that the cluster has and the inventory does not name. */
  readonly unmanaged: readonly string[];
  /** Nodes of which something else is told already that explains why they are not in. */
  readonly explained: ReadonlySet<string>;
  readonly fencing: readonly NodeFencing[];
  readonly expiring: readonly ExpiringFile[];
}

/** What is wrong beyond the items, in a fixed order. */
export const findingsIn = (input: FindingsInput): readonly Finding[] => [
  ...notIn(input),
  ...unfenceable(input),
  ...expiring(input),
  // A plan that is limited to some nodes does not look at what belongs to none of them.
  ...(isLimited(input) ? [] : [...leftovers(input), ...dangling(input), ...undeclared(input)]),
];

const isLimited = ({ facts, declared, leaving }: FindingsInput): boolean =>
  declared.some((name) => !facts.servers.has(name) && !leaving.includes(name));

/** What an operator did, and what is under way, is no fault. */
const NO_FAULT: readonly NotIn[] = ['unmanaged', 'pending', 'node-pending'];

/** Nodes that the CIB connects, that nobody stopped, and that are not in all the same. */
function notIn({ facts, cluster, explained }: FindingsInput): readonly Finding[] {
  return [...facts.servers.keys()].flatMap((name): readonly Finding[] => {
    const state = connectionState(cluster.mon, name);
    if (explained.has(name) || state.state === 'truly-in' || NO_FAULT.includes(state.why))
      return [];
    if (!isMeantToRun(name, facts, cluster)) return [];
    return [
      {
        host: name,
        item: 'connection',
        attribute: 'state',
        expected: 'in',
        actual: state.why,
        message: `not truly in (${state.why})`,
        hint: 'look at `outrigger status` and `crm_mon -1`: the cluster says there what it waits for',
      },
    ];
  });
}

function isMeantToRun(name: string, facts: Facts, { cib, mon }: ClusterFacts): boolean {
  const connection = nodeConnection(cib, name);
  if (connection?.isManaged !== true) return false;
  const resource = facts.machines.get(name);
  if (resource === undefined) return connection.targetRole?.toLowerCase() !== 'stopped';
  return machineState(mon, { name, resource }, isHeld(cib, resource)).kind === 'running';
}

const unfenceable = ({ fencing, cluster }: FindingsInput): readonly Finding[] =>
  fencing
    .filter((entry) => isUnfenceable(entry) && cluster.cib.remoteConnections.has(entry.node))
    .map(({ node }) => ({
      host: node,
      item: 'fencing',
      attribute: 'devices',
      expected: 'at least one',
      actual: 'none',
      message: 'no fence device can fence it',
      hint: 'name a device for it in the inventory (`fencing: { device: ... }`) and apply, or teach a device that finds its nodes by itself',
    }));

const expiring = ({ expiring: files, clusterName }: FindingsInput): readonly Finding[] =>
  files.map(({ host, path, message }) => ({
    host: host ?? clusterName,
    item: 'certificate-expiry',
    attribute: path,
    expected: undefined,
    actual: message,
    message: `${path}: ${message}`,
    hint: 'get a new one from the authority, put it in its place, and apply',
  }));

const leftovers = ({ cluster, declared }: FindingsInput): readonly Finding[] =>
  leftoverNodes(cluster.cib)
    .filter((name) => !declared.includes(name))
    .map((name) => ({
      host: name,
      item: 'node-record',
      attribute: REMEMBERED.attribute,
      expected: undefined,
      actual: REMEMBERED.value,
      message: 'the cluster remembers it, but has no connection to it: a removal left it behind',
      hint: `on a cluster node: \`crm_node --force --remove ${quote(name)}\``,
    }));

const dangling = ({ facts, cluster, declared }: FindingsInput): readonly Finding[] =>
  danglingConstraints(cluster.cib, [...declared, ...facts.clusterNodes.keys()])
    .filter(({ id }) => OWN_PREFIXES.every((prefix) => !id.startsWith(prefix)))
    .map(({ id, node }) => ({
      host: node,
      item: 'constraint',
      attribute: id,
      expected: undefined,
      actual: `names ${node}`,
      message: `the location constraint ${id} names it, and the cluster has no such node`,
      hint: `if nobody waits for that node, on a cluster node: \`cibadmin --delete --xml-text ${quote(serializeXml(element('rsc_location', { id })).trim())}\``,
    }));

const undeclared = ({ cluster: { cib }, unmanaged }: FindingsInput): readonly Finding[] =>
  unmanaged.map((name) => {
    const what = cib.remoteConnections.has(name) ? 'remote node' : 'guest node';
    return {
      host: name,
      item: 'membership',
      attribute: 'node',
      expected: undefined,
      actual: what,
      message: `the cluster has it as a ${what}, and the inventory does not name it`,
      hint: 'declare it, with `state: absent` if it shall go; or ignore it with a reason if it is in the care of others',
    };
  });
