import {
  isFencingOn,
  isInMaintenance,
  startsByQuorum,
} from '../../pacemaker/cib/cluster-options.ts';
import { OutriggerError } from '../../support/errors.ts';
import type { Checked, Found } from './checked.ts';
import type { Examination } from '../../model/diagnosis.ts';
import { remoteHosts, type ClusterFacts, type Facts } from '../../model/facts.ts';
import { devicesFor, fencingNotes } from '../fencing.ts';
import { LOOK_WHY, nodesOut } from '../findings.ts';
import { hindrances, leftAsItIs, notInText } from '../../items/why-not-started.ts';
import { disagreement, undeclaredClusterNodes } from '../../model/membership.ts';
import { clockNotes, versionNotes } from '../notes.ts';
import { changeCount, type Plan } from '../../model/plan.ts';
import { RISKS } from '../../model/risk.ts';

const report = (level: Found['level'], host: string, message: string, hint: string): Found => ({
  level,
  host,
  message,
  hint,
});

/** Whether there is one cluster, with quorum and a DC, that is well. */
export function checkCluster({ facts, clusterNodes }: Examination): Checked {
  const { cluster } = facts;
  const stopped = [...facts.clusterNodes.values()]
    .filter(({ membership }) => membership === undefined)
    .map(({ name }) =>
      report(
        ...(['bad', name, 'Pacemaker does not run there'] as const),
        'start the cluster on it (`systemctl start pacemaker`), or remove it from the inventory',
      ),
    );
  if (cluster === undefined) return { summary: undefined, findings: stopped };
  const { cib, mon } = cluster;
  const hindered = hindrances(cluster, facts.servers.keys());
  const known = cib.clusterNodes.map(({ name }) => name);
  const online = known.filter((name) => mon.nodes.get(name)?.online === true).length;
  const dc = mon.dc === undefined ? 'no DC' : `DC ${mon.dc.name}`;
  const quorum = cib.haveQuorum ? 'quorum' : 'no quorum';
  return {
    summary: `${quorum}, ${dc}, ${online} of ${known.length} cluster nodes online`,
    findings: [
      ...stopped,
      ...membershipFindings(facts, cluster),
      ...undeclaredClusterNodes(facts, cib, clusterNodes).map((name) =>
        report(
          ...([
            'bad',
            name,
            'the cluster has this node, but the inventory does not name it',
          ] as const),
          'add it to clusterNodes: otherwise its key and its network path to the nodes are not verified',
        ),
      ),
      ...[...new Set([...known, ...mon.nodes.keys()])].flatMap((name) =>
        nodeFinding(name, known.includes(name), cluster),
      ),
      ...nodesOut(facts, cluster).map(({ name, why }) => {
        const reason = hindered.get(name);
        const message =
          reason === undefined ? `it is not in the cluster (${why})` : leftAsItIs(reason);
        return report('bad', name, message, reason?.hint ?? LOOK_WHY);
      }),
      ...mon.failures.map(({ operationKey, node, exitReason, exitStatus }) =>
        report(
          ...(['attention', ''] as const),
          `${operationKey} failed on ${node}: ${exitReason || exitStatus}`,
          'fix the cause, then run `crm_resource --cleanup`',
        ),
      ),
    ],
  };
}

function membershipFindings(facts: Facts, { cib, mon }: ClusterFacts): readonly Found[] {
  const split = disagreement(facts);
  const rules: readonly (readonly [holds: boolean, finding: Found])[] = [
    [split !== undefined, report('bad', '', split ?? '', 'check `crm_mon -1` on each of them')],
    [
      !cib.haveQuorum,
      report(
        ...(['bad', '', 'there is no quorum'] as const),
        startsByQuorum({ cib, mon })
          ? 'bring cluster nodes back online: with no-quorum-policy=ignore each partition of a split cluster starts all resources'
          : 'bring cluster nodes back online: without quorum nothing is started',
      ),
    ],
    [
      mon.dc === undefined,
      report(
        ...(['bad', '', 'there is no DC'] as const),
        'wait for the election, or check the Pacemaker logs',
      ),
    ],
    [
      isInMaintenance({ cib, mon }),
      report(
        ...(['attention', '', 'the cluster is in maintenance mode'] as const),
        'end it when the work is done: failures are not recovered until then',
      ),
    ],
  ];
  return rules.filter(([holds]) => holds).map(([, finding]) => finding);
}

/** What is wrong with one node; whether others are offline is reported by their own checks. */
function nodeFinding(
  name: string,
  isClusterNode: boolean,
  { mon }: ClusterFacts,
): readonly Found[] {
  const node = mon.nodes.get(name);
  if (node === undefined)
    return [report('attention', name, 'the cluster does not list it', 'check `crm_mon -1`')];
  if (node.unclean)
    return [
      report(
        ...(['bad', name, 'it is unclean'] as const),
        'it has not been fenced yet: check `stonith_admin --history "*"` and its fence device',
      ),
    ];
  if (!isClusterNode) return [];
  if (!node.online)
    return [
      report(
        'attention',
        name,
        'it is offline',
        'bring it back online, or remove it from the cluster',
      ),
    ];
  return node.standby
    ? [report('attention', name, 'it is in standby', 'no action if this is intended')]
    : [];
}

/** Whether a node that is lost can be fenced. */
export function checkFencing({ facts }: Examination): Checked {
  const { cluster } = facts;
  if (cluster === undefined) return { summary: undefined, findings: [] };
  if (!isFencingOn(cluster))
    return {
      summary: 'off',
      findings: [
        {
          level: 'attention',
          host: '',
          message: 'fencing is off',
          hint: 'a lost node may still write to shared data while its resources are started elsewhere: enable fencing',
        },
      ],
    };
  const nodes = [...facts.servers.keys()].filter((name) => !facts.vms.has(name));
  const devices = nodes.map((name) => [name, devicesFor(facts, name)] as const);
  const findings = devices
    .filter(([, reported]) => reported === undefined || reported.length === 0)
    .map(([host, reported]): Found => ({
      level: 'attention',
      host,
      message:
        reported === undefined
          ? 'no cluster node reported its fence devices in time'
          : 'no fence device covers it',
      hint: 'assign a device to it (`fencing: { device: … }`): otherwise its resources are not recovered if it is lost',
    }));
  const count = nodes.length - findings.length;
  return { summary: `on; ${count} of ${nodes.length} remote nodes can be fenced`, findings };
}

/** What a plan would do, what it would need the operator's word for, and what it holds worth knowing. */
export function checkPlan({ plan, facts }: Examination): Checked {
  if (plan instanceof OutriggerError)
    return {
      summary: undefined,
      findings: [
        {
          level: 'bad',
          host: plan.host ?? '',
          message: `no plan is possible: ${plan.message}`,
          hint: plan.hint ?? 'fix this, then plan again',
        },
      ],
    };
  const risks = plan.risks.map(({ code, subjects }): Found => ({
    level: 'attention',
    host: '',
    message: `${code} (${subjects.join(', ')}): ${RISKS[code]}`,
    hint: `to allow it: --allow ${code}`,
  }));
  // What other checks report in their own words.
  const reported = new Set([
    ...clockNotes(facts),
    ...versionNotes(facts),
    ...(facts.cluster === undefined ? [] : reportedOfCluster(plan, facts, facts.cluster)),
  ]);
  const open = plan.notes.filter((note) => !reported.has(note));
  const notes = open.map((note): Found => {
    const [, host = '', message = note] = /^(\S+): (.*)$/s.exec(note) ?? [];
    return { level: 'attention', host, message, hint: 'note' };
  });
  // Who can fence whom has a check of its own, and nodes that are not online are reported by that of the cluster.
  const found = plan.findings
    .filter(({ item }) => item !== 'fencing' && item !== 'connection')
    .map(({ host, message, hint }): Found => ({ level: 'attention', host, message, hint }));
  const count = changeCount(plan);
  const changes = count === 0 ? 'no changes' : `${count} changes`;
  const leftOut = plan.problems.filter(({ kind }) => kind === 'unreachable').length;
  const isEmpty = leftOut > 0 && remoteHosts(facts).length === 0 && count === 0;
  const left = leftOut === 0 ? '' : ` (without ${leftOut} unreachable)`;
  return {
    summary: isEmpty ? undefined : `${changes}${left}`,
    findings: [...risks, ...found, ...notes],
  };
}

function reportedOfCluster(plan: Plan, facts: Facts, cluster: ClusterFacts): readonly string[] {
  const hindered = hindrances(cluster, facts.servers.keys());
  return [
    ...fencingNotes(plan.fencing, cluster),
    ...nodesOut(facts, cluster).map(
      ({ name, why }) => `${name}: ${notInText(why, hindered.get(name))}`,
    ),
  ];
}
