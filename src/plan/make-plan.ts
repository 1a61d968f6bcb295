import { connectedNames, hasConnections } from '../pacemaker/cib/cib.ts';
import { isFencingOn, isInMaintenance } from '../pacemaker/cib/cluster-options.ts';
import { isIdle } from '../pacemaker/status/dc-state.ts';
import { REMOTE_UNIT } from '../pacemaker/basics/names.ts';
import type { ItemKind } from '../playbook/item-kinds.ts';
import type { Play, Playbook } from '../playbook/playbook.ts';
import { groupBy } from '../support/text/group-by.ts';
import { changeRisks } from './change-risks.ts';
import type { CredentialChange } from '../model/credential-change.ts';
import { takesPart } from '../credentials/credential-change.ts';
import { NO_REMOVALS, type Removals } from './removal/removals.ts';
import { namesIn, type ClusterFacts, type Facts, type HostFacts } from '../model/facts.ts';
import type { Differences } from './differences.ts';
import type { DesiredX509 } from '../credentials/certificates.ts';
import { forecastRisks } from './forecast-risks.ts';
import { findingsIn } from './findings.ts';
import type { Finding, FindingItem } from '../model/finding.ts';
import { fencingNotes, fencingOf, fencingRisks } from './fencing.ts';
import type { HostDifference, HostItem } from '../model/item.ts';
import { formerNotes, keyNotes, notesOn, unmanagedIn } from './notes.ts';
import { pendingIn } from './pending.ts';
import type { Change, ClusterSummary, Forecast, Plan, Problem, Restart } from '../model/plan.ts';
import type { Risk, RiskCode } from '../model/risk.ts';
import { runningRisks } from './problems/already-active.ts';
import { hindrances } from '../items/why-not-started.ts';

export interface PlanInput {
  readonly clusterName: string;
  readonly playbook: Playbook;
  readonly facts: Facts;
  readonly cluster: ClusterFacts;
  readonly differences: Differences;
  /** Names of the remote nodes and guest nodes that the inventory declares, whether this plan is limited to some of them or not. */
  readonly declared: readonly string[];
  /** Cluster nodes that gave no answer. */
  readonly unreachableClusterNodes: readonly string[];
  /** Cluster nodes of the CIB that the inventory does not name. */
  readonly undeclaredClusterNodes: readonly string[];
  readonly credentialChange: CredentialChange | undefined;
  readonly forecast: Forecast | undefined;
  /** Nodes whose connections are left out, because a simulation does not start them (default: none). */
  readonly leftAsIs?: readonly string[];
  /** What crm_verify remarks on the CIB as it will be, and not on the CIB as it is (default: nothing). */
  readonly remarks?: readonly string[] | undefined;
  /** Nodes that shall be absent (default: none). */
  readonly removals?: Removals;
  /** Another authkey was wanted than the one that this is about. */
  readonly isEarlierKey?: boolean | undefined;
  /** Why the authkey can be guessed that the cluster has already. */
  readonly weakKey?: string | undefined;
  /** Notes on certificates, where they are used. */
  readonly certificates?: Pick<DesiredX509, 'notes' | 'expiring'> | undefined;
}

/** Compares what is desired with what is. Pure: the same input gives the same plan. */
export function makePlan(input: PlanInput): Plan {
  const { facts, cluster, playbook } = input;
  const { removals = NO_REMOVALS } = input;
  const { stoppedGuests } = input.differences;
  const problems = [...input.differences.problems, ...removals.problems].sort(byHost);
  const plays = playbook.plays.map((play) => ({
    name: play.name,
    changes: changesOf(play, input),
  }));
  const changed = new Set(plays.flatMap(({ changes }) => changes.map(({ host }) => host)));
  const left = new Set([...problems, ...stoppedGuests].map(({ host }) => host));
  const joining = joiningIn(input.differences);
  const fencing = fencingOf(facts, cluster, input.differences);
  const unmanaged = unmanagedIn(cluster, input.declared);
  const hindered = hindrances(cluster, facts.servers.keys(), input.leftAsIs);
  const findings = findingsIn({
    facts,
    cluster,
    fencing,
    hindered,
    clusterName: input.clusterName,
    declared: input.declared,
    leaving: removals.names,
    unmanaged,
    explained: new Set([...changed, ...left]),
    expiring: input.certificates?.expiring ?? [],
  });
  const notIn = hostsOf('connection', findings);
  const keptOut = new Set(hostsOf('firewall-port', findings));
  const pending = pendingIn(facts, cluster, new Set([...changed, ...left, ...notIn]));
  const isPending = new Set(pending.map(({ host }) => host));
  const reported = new Set([...notIn, ...isPending]);
  const known = [...namesIn(facts), ...removals.names];
  return {
    formatVersion: '1.0',
    cluster: summarise(input),
    plays,
    problems,
    stoppedGuests,
    pending,
    risks: risksOf(input, [
      ...fencingRisks(fencing, joining),
      ...runningRisks(facts, cluster, joining),
      ...removals.risks,
    ]),
    credentialChange: input.credentialChange,
    fencing,
    findings,
    notes: [
      ...notesOn(facts, cluster, { reported, hindered }),
      ...formerNotes(cluster, input.declared, removals.names),
      ...fencingNotes(fencing, cluster),
      ...removals.notes,
      ...(input.certificates?.notes ?? []),
      ...(input.remarks ?? []).map((remark) => `crm_verify on the planned CIB: ${remark}`),
      ...keyNotes(input),
    ].sort(),
    unmanaged,
    inSync: known
      .filter((name) => [changed, left, isPending, keptOut].every((others) => !others.has(name)))
      .sort(),
    forecast: input.forecast,
  };
}

const hostsOf = (about: FindingItem, findings: readonly Finding[]): readonly string[] =>
  findings.flatMap(({ item, host }) => (item === about ? host : []));

const byHost = (one: Problem, other: Problem): number => (one.host < other.host ? -1 : 1);

const joiningIn = ({ inCib }: Differences): ReadonlySet<string> =>
  new Set([...inCib].filter(([, { joins }]) => joins).map(([{ host }]) => host));

function changesOf(play: Play, input: PlanInput): readonly Change[] {
  const { onHosts, inCib } = input.differences;
  if (play.procedure === 'removal') return removalChanges(play, input.removals ?? NO_REMOVALS);
  if (play.hosts === 'cluster') {
    return [...inCib]
      .filter(([{ kind, host }]) => play.items.includes(kind) && isFor(play, host, input))
      .map(([item, difference]) => ({
        host: item.host,
        item: item.kind,
        action: difference.joins ? 'create' : 'update',
        attributes: difference.attributes,
        restart: 'none',
        isConsequence: false,
      }));
  }
  const { credentialChange: change, facts } = input;
  const isTogether = play.hosts === 'all';
  const hosts =
    play.hosts === 'all'
      ? new Map<string, HostFacts>([
          ...facts.clusterNodes,
          ...facts.remoteNodes,
          ...facts.guestNodes,
        ])
      : facts[play.hosts];
  const planned = [...onHosts].filter(
    ([{ host, kind }]) =>
      hosts.has(host) &&
      play.items.includes(kind) &&
      isTogether === (takesPart(change, host, facts) && change.items.includes(kind)),
  );
  return [...groupBy(planned, ([{ host }]) => host)].flatMap(([name, all]) => {
    const host = hosts.get(name);
    if (host === undefined) return [];
    const own = withoutStaleStart(all);
    const changes = play.items.flatMap((kind) =>
      own
        .filter(([item]) => item.kind === kind)
        .map(([, difference]) => hostChange(host, kind, difference, input)),
    );
    // Who takes part in a change of credentials is restarted with the others.
    if (!isTogether && takesPart(change, name, facts)) return changes;
    return [...changes, ...consequences(host, play, own, input)];
  });
}

/** Node by node in the inventory's order, and what each has in the play's. */
function removalChanges({ items }: Play, { names, inCib, onHosts }: Removals): readonly Change[] {
  const all = [...inCib, ...onHosts];
  return names.flatMap((name) =>
    items.flatMap((kind) =>
      all
        .filter(([item]) => item.host === name && item.kind === kind)
        .map(([{ host, kind: item }, { attributes }]) => ({
          host,
          item,
          action: 'remove',
          attributes,
          restart: 'none',
          isConsequence: false,
        })),
    ),
  );
}

const isFor = (play: Play, host: string, { facts }: PlanInput): boolean =>
  facts.vms.has(host) === (play.for === 'guestNodes');

/** What a daemon takes up when it is started. */
const TAKEN_UP: readonly ItemKind[] = ['package', 'authkey', 'certificate', 'environment'];

type Planned = readonly (readonly [HostItem, HostDifference])[];

/** That a daemon is older than a key, or than certificates, which are about to be replaced is nothing of its own: the restart follows anyway. */
function withoutStaleStart(own: Planned): Planned {
  const isReplaced = own.some(
    ([{ kind }, { needsRestart }]) => TAKEN_UP.includes(kind) && needsRestart,
  );
  const isStaleStart = ([{ kind }, { attributes }]: Planned[number]): boolean =>
    kind === 'service' && attributes.every(({ name }) => name === 'started');
  return isReplaced ? own.filter((entry) => !isStaleStart(entry)) : own;
}

function hostChange(
  host: HostFacts,
  kind: ItemKind,
  difference: HostDifference,
  input: PlanInput,
): Change {
  const isNew = difference.attributes.every(({ before }) => before === undefined);
  return {
    host: host.name,
    item: kind,
    action: isNew ? 'create' : 'update',
    attributes: difference.attributes,
    restart: restartBy(kind, host, difference, input),
    isConsequence: false,
  };
}

const restartBy = (
  kind: ItemKind,
  host: HostFacts,
  { needsRestart }: HostDifference,
  input: PlanInput,
): Restart => {
  if (!needsRestart) return 'none';
  if (kind === 'pacemaker')
    return input.credentialChange?.nodeByNode === undefined
      ? 'maintenance-mode-restart'
      : 'node-by-node-restart';
  return kind === 'service' ? restartOf(host, input) : 'none';
};

const restartOf = (host: HostFacts, { cluster }: PlanInput): Restart =>
  connectedNames(cluster.cib).includes(host.name) ? 'quiet-restart' : 'restart';

/** A running daemon takes up a new key or environment only when it is started again. */
function consequences(
  host: HostFacts,
  play: Play,
  own: Planned,
  input: PlanInput,
): readonly Change[] {
  const isActive = host.units[REMOTE_UNIT]?.activeState === 'active';
  const causes = own.filter(([item, { needsRestart }]) => needsRestart && item.kind !== 'service');
  const alreadyPlanned = own.some(
    ([item, { needsRestart }]) => item.kind === 'service' && needsRestart,
  );
  if (!isActive || causes.length === 0 || alreadyPlanned || !play.items.includes('service'))
    return [];
  const reason = `the running daemon still uses the old ${causes.map(([{ kind }]) => kind).join(' and ')}`;
  return [
    {
      host: host.name,
      item: 'service',
      action: 'update',
      attributes: [{ name: 'daemon', before: 'running', after: 'restarted', reason }],
      restart: restartOf(host, input),
      isConsequence: true,
    },
  ];
}

function summarise({ clusterName, cluster: { cib, mon, dcState } }: PlanInput): ClusterSummary {
  return {
    name: clusterName,
    dc: mon.dc?.name,
    pacemaker: mon.dc?.version,
    hasQuorum: cib.haveQuorum,
    fencing: isFencingOn({ cib, mon }),
    maintenance: isInMaintenance({ cib, mon }),
    isBusy: dcState !== '' && !isIdle({ dcState }),
  };
}

function risksOf(input: PlanInput, others: readonly Risk[]): readonly Risk[] {
  const { onHosts, inCib } = input.differences;
  const subjects = new Map<RiskCode, Set<string>>();
  const add = ({ code, subjects: names }: Risk): void => {
    if (names.length === 0) return;
    const known = subjects.get(code) ?? new Set<string>();
    for (const name of names) known.add(name);
    subjects.set(code, known);
  };
  for (const { risks } of [...onHosts.values(), ...inCib.values()]) risks.forEach(add);
  const connects = [...inCib].some(([, { joins, cleansUp }]) => joins || cleansUp);
  // A new key is as good as a new connection: where it is not known, the connections that exist may fail.
  const rekeys =
    hasConnections(input.cluster.cib) &&
    [...onHosts].some(([{ kind }, { needsRestart }]) => kind === 'authkey' && needsRestart);
  if (connects || rekeys) {
    add({ code: 'cluster-node-unreachable', subjects: input.unreachableClusterNodes });
    add({ code: 'cluster-node-undeclared', subjects: input.undeclaredClusterNodes });
  }
  for (const risk of changeRisks(input)) add(risk);
  for (const risk of others) add(risk);
  for (const risk of forecastRisks(input)) add(risk);
  return [...subjects].map(([code, names]) => ({ code, subjects: [...names].sort() }));
}
