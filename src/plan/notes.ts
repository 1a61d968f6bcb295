import type { RemoteConnection } from '../pacemaker/cib-connections.ts';
import { lockedText, lockIn } from '../pacemaker/cib-lock.ts';
import { connectionState } from '../pacemaker/crm-mon.ts';
import { DEFAULT_PORT, OWN_PREFIXES } from '../pacemaker/names.ts';
import { isHeld } from '../pacemaker/cib-edit.ts';
import { remoteHosts, type ClusterFacts, type Facts, type HostFacts } from './facts.ts';
import { machineState } from './machine.ts';
import { olderMember } from './versions.ts';

// Warned about: PSK does not care, but clocks that jump backwards harm a cluster (Pacemaker Explained, nodes.rst).
const CLOCK_TOLERANCE_SECONDS = 60;

/** Things worth knowing from which no change follows, sorted. `told`: nodes of which a finding tells that they are not in. */
export function notesOn(
  facts: Facts,
  cluster: ClusterFacts,
  told: ReadonlySet<string> = new Set(),
): readonly string[] {
  return [
    ...clockNotes(facts),
    ...versionNotes(facts),
    ...selinuxNotes(facts),
    ...firewallNotes(facts),
    ...connectionNotes(cluster, told),
    ...guestNotes(cluster, told),
    ...leftoverNotes(cluster),
    ...lockNotes(cluster),
  ].sort();
}

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
        `left in the CIB by a run that did not finish (or is under way): ${left.join(', ')}; the next apply that concerns the node takes it away, \`cibadmin --delete-all --force --xpath\` does so by hand`,
      ];
}

/** A plan takes no lock; that another run may be under way is worth knowing. */
function lockNotes({ cib }: ClusterFacts): readonly string[] {
  const lock = lockIn(cib);
  return lock === undefined
    ? []
    : [
        `${lockedText(lock)}: another run is under way, or died; \`outrigger unlock ${lock.id}\` takes it away by hand`,
      ];
}

export const clockNotes = (facts: Facts): readonly string[] =>
  [...facts.clusterNodes.values(), ...remoteHosts(facts)]
    .filter(({ clockAhead }) => Math.abs(clockAhead) > CLOCK_TOLERANCE_SECONDS)
    .map(({ name, clockAhead }) => {
      const seconds = Math.round(Math.abs(clockAhead));
      return `${name}: its clock is ${seconds} s ${clockAhead > 0 ? 'ahead of' : 'behind'} this machine's`;
    });

/** A remote node may be older than the cluster; newer by a major version is not supported upstream. */
export const isNewerMajor = ({ packages }: HostFacts, facts: Facts): boolean =>
  olderMember(packages['pacemaker-remote'], facts, 1) !== undefined;

export const versionNotes = (facts: Facts): readonly string[] =>
  remoteHosts(facts)
    .filter((host) => isNewerMajor(host, facts))
    .map(
      ({ name, packages }) =>
        `${name}: pacemaker-remote ${packages['pacemaker-remote'] ?? ''} is newer by a major version than the cluster's Pacemaker`,
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
          `${name}: SELinux is enforcing there: its targeted policy lets Pacemaker (cluster_t) have port ${port} without a port label, a stricter policy has to allow it`,
        ];
  });

/** busctl prints JSON since systemd 240 (RHEL 8 has 239); firewalld tells a zone's settings as it is asked since 0.9. */
const firewallNotes = (facts: Facts): readonly string[] =>
  remoteHosts(facts).flatMap(({ name, firewall }) =>
    firewall.kind === 'none' || firewall.zones.length > 0
      ? []
      : [
          `${name}: firewalld runs there, and told no zones (that takes systemd 240 and firewalld 0.9): see to it yourself that the cluster nodes reach port ${facts.servers.get(name)?.port ?? DEFAULT_PORT}/tcp`,
        ],
  );

/** What an operator did to a connection is theirs, but nobody should have to guess why a node is not in. */
const connectionNotes = (
  { cib, mon }: ClusterFacts,
  told: ReadonlySet<string>,
): readonly string[] =>
  [...cib.remoteConnections.values()].flatMap((connection) => {
    const { id } = connection;
    const said = saidOfConnection(connection);
    if (mon.nodes.get(id)?.unclean === true)
      said.push(`${id}: the node is unclean and waits to be fenced`);
    const state = connectionState(mon, id);
    if (said.length === 0 && state.state === 'not-in' && !told.has(id))
      said.push(`${id}: not truly in (${state.why})`);
    return said;
  });

function saidOfConnection({
  id,
  isManaged,
  targetRole,
  enclosing,
  agentFromTemplate,
}: RemoteConnection): string[] {
  const said: string[] = [];
  if (targetRole?.toLowerCase() === 'stopped')
    said.push(`${id}: its connection is stopped by target-role`);
  if (!isManaged) said.push(`${id}: its connection is unmanaged by an operator`);
  if (enclosing.length > 0 || agentFromTemplate) {
    said.push(
      `${id}: its connection stands in a ${enclosing[0]?.name ?? 'template'}, which Pacemaker cannot handle`,
    );
  }
  return said;
}

/** A guest node that is not in although its machine is not simply stopped. */
const guestNotes = ({ cib, mon }: ClusterFacts, told: ReadonlySet<string>): readonly string[] =>
  cib.guestNodes.flatMap(({ name, resource, isManaged }) => {
    const machine = machineState(mon, { name, resource }, isHeld(cib, resource));
    if (machine.kind === 'stopped') return [];
    if (!isManaged) return [`${name}: its machine ${resource} is unmanaged by an operator`];
    if (machine.kind === 'other') return [`${name}: its machine ${resource}: ${machine.why}`];
    const state = connectionState(mon, name);
    return state.state === 'truly-in' || told.has(name)
      ? []
      : [`${name}: not truly in (${state.why})`];
  });

/** Remote and guest nodes of the cluster that the inventory does not name: they are left alone. */
export const unmanagedIn = (
  { cib }: ClusterFacts,
  declared: readonly string[],
): readonly string[] =>
  [...cib.remoteConnections.keys(), ...cib.guestNodes.map(({ name }) => name)]
    .filter((name) => !declared.includes(name))
    .sort();
