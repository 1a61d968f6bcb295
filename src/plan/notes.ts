import type { RemoteConnection } from '../pacemaker/cib/connections.ts';
import { formerNodes } from '../pacemaker/cib/leftovers.ts';
import { lockedText, lockIn } from '../pacemaker/procedures/lock.ts';
import { connectionState, type NotIn } from '../pacemaker/status/crm-mon.ts';
import { DEFAULT_PORT, OWN_PREFIXES } from '../pacemaker/basics/names.ts';
import { isHeld } from '../pacemaker/procedures/edit.ts';
import {
  allHosts,
  clusterOnlyNodes,
  remoteHosts,
  type ClusterFacts,
  type Facts,
  type HostFacts,
} from '../model/facts.ts';
import { hasCertificates } from '../credentials/credential-change.ts';
import { vmState } from '../pacemaker/status/vm-state.ts';
import { havePrioritiesThatDiffer, whyNoHandshake } from '../credentials/tls-priorities.ts';
import { olderClusterNode } from './problems/versions.ts';
import { notInText, type Hindrance } from '../items/why-not-started.ts';

// Warned about: PSK does not care, but clocks that jump backwards harm a cluster (Pacemaker Explained, nodes.rst).
const CLOCK_TOLERANCE_SECONDS = 60;

/** What is known of connections that are not in. */
export interface KnownOfConnections {
  /** Nodes that a finding reports as not online. */
  readonly reported: ReadonlySet<string>;
  /** Nodes whose connections the scheduler does not start, and why. */
  readonly hindered: ReadonlyMap<string, Hindrance>;
}

/** Things worth knowing from which no change follows, sorted. */
export function notesOn(
  facts: Facts,
  cluster: ClusterFacts,
  known: KnownOfConnections = { reported: new Set(), hindered: new Map() },
): readonly string[] {
  return [
    ...clockNotes(facts),
    ...clusterOnlyNotes(facts),
    ...versionNotes(facts),
    ...priorityNotes(facts, cluster),
    ...selinuxNotes(facts),
    ...leftFileNotes(facts),
    ...directoryNotes(facts),
    ...firewallNotes(facts),
    ...connectionNotes(cluster, known),
    ...guestNotes(cluster, known),
    ...leftoverNotes(cluster),
    ...lockNotes(cluster),
  ].sort();
}

/** What was not examined must not look like something that was found to be in order. */
const clusterOnlyNotes = (facts: Facts): readonly string[] =>
  [...clusterOnlyNodes(facts)].map(
    (name) =>
      `${name}: only its cluster configuration is managed (manage: cluster-only); its owner manages daemon, port and credentials of the host`,
  );

/** What an unfinished run left in the CIB; it goes with the next apply that concerns its node. */
function leftoverNotes({ cib }: ClusterFacts): readonly string[] {
  const left = [...cib.ids]
    .filter(
      ([id, { name }]) => name !== 'nvpair' && OWN_PREFIXES.some((prefix) => id.startsWith(prefix)),
    )
    .map(([id]) => id)
    .sort();
  return left.length === 0
    ? []
    : [
        `temporary markers in the CIB, left by an interrupted run (or one in progress): ${left.join(', ')}; the next apply for the node removes them; to remove them manually, use \`cibadmin --delete-all --force --xpath\``,
      ];
}

/** Notes on the authkey, whatever the hosts are like. */
export const keyNotes = ({
  isEarlierKey,
  weakKey,
}: {
  readonly isEarlierKey?: boolean | undefined;
  readonly weakKey?: string | undefined;
}): readonly string[] => [
  ...(isEarlierKey === true
    ? [
        'no new authkey is created: an interrupted run has installed its key on some cluster nodes only; this run installs that key on all; then run `outrigger rotate authkey` again',
      ]
    : []),
  ...(weakKey === undefined
    ? []
    : [
        `the authkey of the cluster is weak: ${weakKey}; replace it with \`outrigger rotate authkey\``,
      ]),
];

/** Removed nodes whose former state the cluster keeps; one that is declared takes it up when it joins. */
export const formerNotes = (
  { cib }: ClusterFacts,
  declared: readonly string[],
  leaving: readonly string[],
): readonly string[] =>
  formerNodes(cib)
    .filter((name) => !declared.includes(name) || leaving.includes(name))
    .map(
      (name) =>
        `${name}: the cluster has a stale status entry of this removed node, which has no effect: a controller may write it again when the DC changes`,
    );

/** A plan takes no lock; that another run may be under way is worth knowing. */
function lockNotes({ cib }: ClusterFacts): readonly string[] {
  const lock = lockIn(cib);
  return lock === undefined
    ? []
    : [
        `${lockedText(lock)}: another run is in progress or failed; \`outrigger unlock ${lock.id}\` removes the lock`,
      ];
}

export const clockNotes = (facts: Facts): readonly string[] =>
  allHosts(facts)
    .filter(({ clockAhead }) => Math.abs(clockAhead) > CLOCK_TOLERANCE_SECONDS)
    .map(({ name, clockAhead }) => {
      const seconds = Math.round(Math.abs(clockAhead));
      return `${name}: its clock is ${seconds} s ${clockAhead > 0 ? 'ahead of' : 'behind'} this machine's`;
    });

/** A remote node may be older than the cluster; newer by a major version is not supported upstream. */
export const isNewerMajor = ({ packages }: HostFacts, facts: Facts): boolean =>
  olderClusterNode(packages['pacemaker-remote'], facts, 1) !== undefined;

export const versionNotes = (facts: Facts): readonly string[] =>
  remoteHosts(facts)
    .filter((host) => isNewerMajor(host, facts))
    .map(
      ({ name, packages }) =>
        `${name}: pacemaker-remote ${packages['pacemaker-remote'] ?? ''} is newer by a major version than the cluster's Pacemaker`,
    );

/** Not every plan has a step on such a host: an apply removes them all the same. */
const leftFileNotes = (facts: Facts): readonly string[] =>
  allHosts(facts).flatMap(({ name, leftFiles = [] }) =>
    leftFiles.length === 0
      ? []
      : [
          `${name}: leftovers of an interrupted run: ${leftFiles.join(', ')}; the next apply removes them`,
        ],
  );

/** A host where nothing has to be written may stay as it is. */
const directoryNotes = (facts: Facts): readonly string[] =>
  allHosts(facts).flatMap(({ name, unsafeDirectories = [] }) =>
    unsafeDirectories.map((why) => `${name}: files cannot be written: ${why}`),
  );

/**
 * Another port than the default, while nothing listens there yet. No port label is needed: the targeted policy leaves
 * Pacemaker's domain unconfined (`unconfined_domain(cluster_t)` in rhcs.te, branches c9s and c10s of fedora-selinux), and
 * 3121 has no label of its own either (cluster_port_t is 5149, 40040 and 50006-50008: corenetwork.te.in).
 */
const selinuxNotes = (facts: Facts): readonly string[] =>
  remoteHosts(facts).flatMap(({ name, selinux, listening }) => {
    const port = facts.servers.get(name)?.port ?? DEFAULT_PORT;
    return selinux !== 'enforcing' || port === DEFAULT_PORT || listening.includes(port)
      ? []
      : [
          `${name}: SELinux is enforcing: the targeted policy allows Pacemaker (cluster_t) to use port ${port} without a port label, a stricter policy must allow it explicitly`,
        ];
  });

/** Where a node is out: what its daemon and those of the cluster nodes may agree on is not the same. */
function priorityNotes(facts: Facts, { mon }: ClusterFacts): readonly string[] {
  const clusterNodes = [...facts.clusterNodes.values()];
  return remoteHosts(facts).flatMap((host) => {
    const hosts = [...clusterNodes, host];
    const isIn = connectionState(mon, host.name).state === 'node-online';
    if (isIn || !havePrioritiesThatDiffer(hosts)) return [];
    const why = whyNoHandshake(hosts, !hosts.some(hasCertificates));
    return why === undefined ? [] : [`${host.name}: ${why}`];
  });
}

/** busctl prints JSON since systemd 240 (RHEL 8 has 239); firewalld has the call for a zone's settings since 0.9. */
const firewallNotes = (facts: Facts): readonly string[] =>
  remoteHosts(facts).flatMap(({ name, firewall }) =>
    firewall.kind === 'none' || firewall.runtime.zones.length > 0
      ? []
      : [
          `${name}: firewalld runs there, but its zones could not be read (requires systemd 240 and firewalld 0.9): make sure that the cluster nodes reach port ${facts.servers.get(name)?.port ?? DEFAULT_PORT}/tcp`,
        ],
  );

/** What an operator did to a connection is theirs, but nobody should have to guess why a node is not in. */
const connectionNotes = (
  { cib, mon }: ClusterFacts,
  known: KnownOfConnections,
): readonly string[] =>
  [...cib.remoteConnections.values()].flatMap((connection) => {
    const { id } = connection;
    const stateText = connectionStateText(connection);
    if (mon.nodes.get(id)?.unclean === true)
      stateText.push(`${id}: the node is unclean and has not been fenced yet`);
    const state = connectionState(mon, id);
    if (stateText.length === 0 && state.state === 'not-online')
      stateText.push(...notIn(id, state.why, known));
    return stateText;
  });

/** That a node is not online, unless a finding reports it. */
function notIn(name: string, why: NotIn, { reported, hindered }: KnownOfConnections): string[] {
  return reported.has(name) ? [] : [`${name}: ${notInText(why, hindered.get(name))}`];
}

function connectionStateText({
  id,
  isManaged,
  targetRole,
  enclosing,
  agentFromTemplate,
}: RemoteConnection): string[] {
  const parts: string[] = [];
  if (targetRole?.toLowerCase() === 'stopped')
    parts.push(`${id}: its connection is stopped by target-role`);
  if (!isManaged) parts.push(`${id}: its connection is unmanaged by an operator`);
  if (enclosing.length > 0 || agentFromTemplate) {
    parts.push(
      `${id}: its connection is inside a ${enclosing[0]?.name ?? 'template'}, which Pacemaker does not support`,
    );
  }
  return parts;
}

/** A guest node that is not in although its VM is not simply stopped. */
const guestNotes = ({ cib, mon }: ClusterFacts, known: KnownOfConnections): readonly string[] =>
  cib.guestNodes.flatMap(({ name, resource, isManaged }) => {
    const vm = vmState(mon, { name, resource }, isHeld(cib, resource));
    if (vm.kind === 'stopped') return [];
    if (vm.kind === 'on-the-way' && known.reported.has(name)) return [];
    if (!isManaged) return [`${name}: its VM ${resource} is unmanaged by an operator`];
    if (vm.kind !== 'running') return [`${name}: its VM ${resource}: ${vm.why}`];
    const state = connectionState(mon, name);
    return state.state === 'node-online' ? [] : notIn(name, state.why, known);
  });

/** Remote and guest nodes of the cluster that the inventory does not name: they are left alone. */
export const unmanagedIn = (
  { cib }: ClusterFacts,
  declared: readonly string[],
): readonly string[] =>
  [...cib.remoteConnections.keys(), ...cib.guestNodes.map(({ name }) => name)]
    .filter((name) => !declared.includes(name))
    .sort();
