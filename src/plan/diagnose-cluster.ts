import { fencingEnabled, maintenanceMode } from '../pacemaker/cib.ts';
import { OutriggerError } from '../support/errors.ts';
import type { Checked } from './diagnose-hosts.ts';
import type { Examination, Finding } from './diagnosis.ts';
import type { ClusterFacts, Facts } from './facts.ts';
import { devicesFor, fencingNotes } from './fencing.ts';
import { disagreement, undeclaredMembers } from './membership.ts';
import { clockNotes, versionNotes } from './notes.ts';
import { changeCount } from './plan.ts';
import { RISKS } from './risk.ts';

type Found = Omit<Finding, 'check'>;

const tell = (level: Found['level'], host: string, message: string, hint: string): Found => ({
  ...{ level, host, message, hint },
});

/** Whether there is one cluster, with quorum and a DC, that is well. */
export function checkCluster({ facts, clusterNodes }: Examination): Checked {
  const { cluster } = facts;
  const stopped = [...facts.clusterNodes.values()]
    .filter(({ membership }) => membership === undefined)
    .map(({ name }) =>
      tell(
        ...(['bad', name, 'Pacemaker does not run there'] as const),
        'start the cluster on it (`systemctl start pacemaker`), or take it out of the inventory',
      ),
    );
  if (cluster === undefined) return { summary: undefined, findings: stopped };
  const { cib, mon } = cluster;
  const known = cib.clusterNodes.map(({ name }) => name);
  const online = known.filter((name) => mon.nodes.get(name)?.online === true).length;
  const dc = mon.dc === undefined ? 'no DC' : `DC ${mon.dc.name}`;
  const quorum = cib.haveQuorum ? 'quorum' : 'no quorum';
  return {
    summary: `${quorum}, ${dc}, ${online} of ${known.length} cluster nodes online`,
    findings: [
      ...stopped,
      ...membershipFindings(facts, cluster),
      ...undeclaredMembers(facts, cib, clusterNodes).map((name) =>
        tell(
          ...([
            'bad',
            name,
            'the cluster has this node and the inventory does not name it',
          ] as const),
          'add it to clusterNodes: nothing can be proven of its key and its path to the nodes',
        ),
      ),
      ...[...new Set([...known, ...mon.nodes.keys()])].flatMap((name) =>
        nodeFinding(name, known.includes(name), cluster),
      ),
      ...mon.failures.map(({ operationKey, node, exitReason, exitStatus }) =>
        tell(
          ...(['attention', ''] as const),
          `${operationKey} failed on ${node}: ${exitReason || exitStatus}`,
          'mend its cause, then `crm_resource --cleanup`',
        ),
      ),
    ],
  };
}

function membershipFindings(facts: Facts, { cib, mon }: ClusterFacts): readonly Found[] {
  const split = disagreement(facts);
  const rules: readonly (readonly [holds: boolean, finding: Found])[] = [
    [split !== undefined, tell('bad', '', split ?? '', 'look at `crm_mon -1` on each of them')],
    [
      !cib.haveQuorum,
      tell(
        ...(['bad', '', 'there is no quorum'] as const),
        'bring cluster nodes back: without quorum nothing is started',
      ),
    ],
    [
      mon.dc === undefined,
      tell(
        ...(['bad', '', 'there is no DC'] as const),
        'wait for the election, or look at the logs of Pacemaker',
      ),
    ],
    [
      maintenanceMode(cib),
      tell(
        ...(['attention', '', 'the cluster is in maintenance mode'] as const),
        'end it when the work is done: nothing is recovered meanwhile',
      ),
    ],
  ];
  return rules.filter(([holds]) => holds).map(([, finding]) => finding);
}

/** What is wrong with one node; whether others are offline their own checks tell. */
function nodeFinding(name: string, isMember: boolean, { mon }: ClusterFacts): readonly Found[] {
  const node = mon.nodes.get(name);
  if (node === undefined)
    return [tell('attention', name, 'the cluster does not list it', 'look at `crm_mon -1`')];
  if (node.unclean)
    return [
      tell(
        ...(['bad', name, 'it is unclean'] as const),
        'it waits to be fenced: see `stonith_admin --history "*"`, and whether its fence device works',
      ),
    ];
  if (!isMember) return [];
  if (!node.online)
    return [
      tell('attention', name, 'it is offline', 'bring it back, or take it out of the cluster'),
    ];
  return node.standby
    ? [tell('attention', name, 'it is in standby', 'fine if somebody wants it so')]
    : [];
}

/** Whether a node that is lost can be fenced. */
export function checkFencing({ facts }: Examination): Checked {
  const { cluster } = facts;
  if (cluster === undefined) return { summary: undefined, findings: [] };
  if (!fencingEnabled(cluster.cib))
    return {
      summary: 'off',
      findings: [
        {
          ...{ level: 'attention', host: '', message: 'fencing is off' },
          hint: 'a node that is lost may still write to shared data while its resources are started elsewhere: use fencing',
        },
      ],
    };
  const nodes = [...facts.servers.keys()].filter((name) => !facts.machines.has(name));
  const devices = nodes.map((name) => [name, devicesFor(facts, name)] as const);
  const findings = devices
    .filter(([, told]) => told === undefined || told.length === 0)
    .map(([host, told]): Found => ({
      ...{ level: 'attention', host },
      message:
        told === undefined
          ? 'no cluster node told in time who can fence it'
          : 'no fence device can fence it',
      hint: 'give it to a device (`fencing: { device: … }`): should it be lost, what ran there is started nowhere else',
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
          ...{ level: 'bad', host: plan.host ?? '', message: `there is no plan: ${plan.message}` },
          hint: plan.hint ?? 'mend that, then plan again',
        },
      ],
    };
  const risks = plan.risks.map(({ code, subjects }): Found => ({
    ...{
      level: 'attention',
      host: '',
      message: `${code} (${subjects.join(', ')}): ${RISKS[code]}`,
    },
    hint: `to allow it: --allow ${code}`,
  }));
  // What other checks tell of in words of their own.
  const told = new Set([
    ...clockNotes(facts),
    ...versionNotes(facts),
    ...(facts.cluster === undefined ? [] : fencingNotes(plan.fencing, facts.cluster)),
  ]);
  const open = plan.notes.filter((note) => !told.has(note));
  const notes = open.map((note): Found => {
    const [, host = '', message = note] = /^(\S+): (.*)$/s.exec(note) ?? [];
    return { level: 'attention', host, message, hint: 'worth knowing' };
  });
  // Who can fence whom has a check of its own.
  const found = plan.findings
    .filter(({ item }) => item !== 'fencing')
    .map(({ host, message, hint }): Found => ({ level: 'attention', host, message, hint }));
  const count = changeCount(plan);
  const summary = count === 0 ? 'nothing to change' : `${count} changes to make`;
  return { summary, findings: [...risks, ...found, ...notes] };
}
