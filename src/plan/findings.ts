import { nodeConnection } from '../pacemaker/cib/cib.ts';
import { danglingConstraints, leftoverNodes } from '../pacemaker/cib/leftovers.ts';
import { isHeld } from '../pacemaker/procedures/edit.ts';
import { connectionState, type NotIn } from '../pacemaker/status/crm-mon.ts';
import { OWN_PREFIXES } from '../pacemaker/basics/names.ts';
import { nodeKey } from '../pacemaker/basics/node-names.ts';
import {
  endOfOrphans,
  orphanedConnection,
  orphansIn,
  type Orphan,
} from '../pacemaker/cib/orphans.ts';
import { element, serializeXml } from '../pacemaker/basics/xml.ts';
import { quote } from '../shell/quote.ts';
import type { ExpiringFile } from '../credentials/certificates.ts';
import type { ClusterFacts, Facts } from '../model/facts.ts';
import { firewallFindings } from './firewall-findings.ts';
import { isUnfenceable } from './fencing.ts';
import { REMEMBERED, type Finding } from '../model/finding.ts';
import { vmState } from '../pacemaker/status/vm-state.ts';
import { PENDING } from './pending.ts';
import type { NodeFencing } from '../model/plan.ts';
import { notInText, type Hindrance } from '../items/why-not-started.ts';

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
  /** Nodes for which something else is reported already that explains why they are not online. */
  readonly explained: ReadonlySet<string>;
  /** Nodes whose connections the scheduler does not start, and why. */
  readonly hindered: ReadonlyMap<string, Hindrance>;
  readonly fencing: readonly NodeFencing[];
  readonly expiring: readonly ExpiringFile[];
}

/** What is wrong beyond the items, in a fixed order. */
export const findingsIn = (input: FindingsInput): readonly Finding[] => [
  ...firewallFindings(input.facts),
  ...notIn(input),
  ...unfenceable(input),
  ...expiring(input),
  ...orphaned(input),
  // A plan that is limited to some nodes does not look at what belongs to none of them.
  ...(isLimited(input) ? [] : [...leftovers(input), ...dangling(input), ...undeclared(input)]),
];

const isLimited = ({ facts, declared, leaving }: FindingsInput): boolean =>
  declared.some((name) => !facts.servers.has(name) && !leaving.includes(name));

/** What an operator did, and what is under way, is no fault. */
const NO_FAULT: readonly NotIn[] = ['unmanaged', ...PENDING];

/** A node that is not in, and why. */
interface NodeOut {
  readonly name: string;
  readonly why: NotIn;
}

/** Nodes that have a connection in the CIB, are not stopped by an operator, and are not online all the same. */
export const nodesOut = (facts: Facts, cluster: ClusterFacts): readonly NodeOut[] =>
  [...facts.servers.keys()].flatMap((name): readonly NodeOut[] => {
    const state = connectionState(cluster.mon, name);
    if (state.state === 'node-online' || NO_FAULT.includes(state.why)) return [];
    return isMeantToRun(name, facts, cluster) ? [{ name, why: state.why }] : [];
  });

/** What to do about them. */
export const LOOK_WHY =
  'check `outrigger status` and `crm_mon -1` for pending actions and failures';

const notIn = ({ facts, cluster, hindered, explained }: FindingsInput): readonly Finding[] =>
  nodesOut(facts, cluster)
    .filter(({ name }) => !explained.has(name))
    .map(({ name, why }) => {
      const reason = hindered.get(name);
      return {
        host: name,
        item: 'connection',
        attribute: 'state',
        expected: 'in',
        actual: why,
        message: notInText(why, reason),
        hint: reason?.hint ?? LOOK_WHY,
      };
    });

function isMeantToRun(name: string, facts: Facts, { cib, mon }: ClusterFacts): boolean {
  const connection = nodeConnection(cib, name);
  if (connection?.isManaged !== true) return false;
  const resource = facts.vms.get(name);
  if (resource === undefined) return connection.targetRole?.toLowerCase() !== 'stopped';
  return vmState(mon, { name, resource }, isHeld(cib, resource)).kind === 'running';
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
      message: 'no fence device covers it',
      hint: 'declare a device for it in the inventory (`fencing: { device: ... }`) and apply, or add it on a device that queries its own list of nodes',
    }));

const expiring = ({ expiring: files, clusterName }: FindingsInput): readonly Finding[] =>
  files.map(({ host, path, message }) => ({
    host: host ?? clusterName,
    item: 'certificate-expiry',
    attribute: path,
    expected: undefined,
    actual: message,
    message: `${path}: ${message}`,
    hint: 'get a new one from the CA, install it, and apply',
  }));

/** Those that belong to a node or to its fencing: any other resource is the operator's own. */
function orphaned(input: FindingsInput): readonly Finding[] {
  const { facts, cluster } = input;
  return orphansIn(cluster.mon).flatMap((orphan): Finding[] => {
    const host = ownerOf(orphan, input);
    if (host === undefined || (isLimited(input) && !facts.servers.has(host))) return [];
    const { id, on } = orphan;
    const what = id === host ? 'its connection' : id;
    return [
      {
        host,
        item: 'orphan',
        attribute: id,
        expected: undefined,
        actual: `active on ${on.join(', ')}`,
        message: `${what} was deleted from the CIB and still runs on ${on.join(', ')} (orphaned)`,
        hint: endOfOrphans(cluster),
      },
    ];
  });
}

/** The node that an orphan belongs to, or the cluster; undefined: neither. */
function ownerOf(
  { id, agent, isConnection }: Orphan,
  { facts, clusterName }: FindingsInput,
): string | undefined {
  const nodes = [...facts.servers.keys()];
  if (isConnection) return nodes.find((name) => nodeKey(name) === nodeKey(id)) ?? id;
  if (agent.startsWith('stonith:')) return clusterName;
  return [...facts.vms].find(([, resource]) => resource === id)?.[0];
}

const leftovers = ({ cluster, declared }: FindingsInput): readonly Finding[] =>
  leftoverNodes(cluster.cib)
    .filter((name) => !declared.includes(name))
    .filter((name) => orphanedConnection(cluster.mon, name) === undefined)
    .map((name) => ({
      host: name,
      item: 'node-record',
      attribute: REMEMBERED.attribute,
      expected: undefined,
      actual: REMEMBERED.value,
      message: 'the cluster has a record of it, but no connection: leftover of a removal',
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
      message: `the location constraint ${id} names it, but the cluster has no such node`,
      hint: `if that node is not expected to join, run on a cluster node: \`cibadmin --delete --xml-text ${quote(serializeXml(element('rsc_location', { id })).trim())}\``,
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
      message: `the cluster has it as a ${what}, but the inventory does not name it`,
      hint: 'declare it, with `state: absent` to remove it; or ignore it with a reason if others manage it',
    };
  });
