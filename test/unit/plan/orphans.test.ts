import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { orphansIn } from '../../../src/pacemaker/cib/orphans.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import { refuseRemoval } from '../../../src/plan/removal/removal-problems.ts';
import type { ClusterFacts, Facts } from '../../../src/model/facts.ts';
import type { Finding } from '../../../src/model/finding.ts';
import { findingsIn } from '../../../src/plan/findings.ts';
import { findProblems } from '../../../src/plan/problems/problems.ts';
import { planAsJson } from '../../../src/report/plan/plan-json.ts';
import { renderPlan } from '../../../src/report/plan/plan-text.ts';
import { overviewOf } from '../../../src/report/status/cluster-overview.ts';
import { statusAsJson } from '../../../src/report/status/status-json.ts';
import { renderStatus } from '../../../src/report/status/status-text.ts';
import { crmMonXml } from '../../support/crm-mon.ts';
import { hostFacts } from '../../support/specs.ts';
import { quietPlan } from '../report/plans.ts';

const options = (name: string, value: string, version = '3.0.0'): string =>
  `<cluster_property_set id="o"><nvpair id="o-0" name="dc-version" value="${version}"/><nvpair id="o-1" name="${name}" value="${value}"/></cluster_property_set>`;

/** A cluster whose connection to r1 was deleted and still runs, as crm_mon of 3.0.0 shows it. */
function clusterWith(option = options('stop-orphan-resources', 'false')): ClusterFacts {
  const cibText = `<cib admin_epoch="0" epoch="1" num_updates="0" have-quorum="1"><configuration>
    <crm_config>${option}</crm_config><nodes><node id="1" uname="c1"/><node id="2" uname="c2"/></nodes>
    <resources/><constraints/></configuration>
    <status><node_state id="r1" uname="r1" remote_node="true"/></status></cib>`;
  const connections = { r1: { on: 'c2', orphaned: true, managed: false } };
  return {
    readFrom: 'c1',
    cibText,
    dcState: 'S_IDLE',
    cib: readCib(cibText),
    mon: readCrmMon(crmMonXml({ connections, resources: { web: 'r1' } })),
  };
}

const factsOf = (cluster: ClusterFacts, names: readonly string[]): Facts => ({
  clusterNodes: new Map(),
  guestNodes: new Map(),
  vms: new Map(),
  unreachable: new Map(),
  cluster,
  remoteNodes: new Map(names.map((name) => [name, hostFacts(name, { isConnected: true })])),
  servers: new Map(names.map((name) => [name, { address: '192.0.2.1', port: 3121 }])),
});

/** An inventory without nodes. */
const NONE = {
  clusterNodes: [],
  remoteNodes: [],
  guestNodes: [],
  absent: { remoteNodes: [], guestNodes: [] },
};

const find = (
  cluster: ClusterFacts,
  declared: readonly string[],
  limitedTo = declared,
): readonly Finding[] =>
  findingsIn({
    facts: factsOf(cluster, limitedTo),
    cluster,
    clusterName: 'prod',
    declared,
    leaving: [],
    unmanaged: [],
    explained: new Set(declared),
    fencing: [],
    expiring: [],
    hindered: new Map(),
  });

describe('a connection that was deleted and still runs', () => {
  it('is drift by its own name, with the cluster node on which it runs', () => {
    for (const declared of [[], ['r1']]) {
      const [finding, ...others] = find(clusterWith(), declared);
      assert.deepEqual(others, []);
      assert.deepEqual(
        [finding?.host, finding?.item, finding?.attribute, finding?.actual],
        ['r1', 'orphan', 'r1', 'active on c2'],
      );
      assert.match(finding?.message ?? '', /still runs on c2/);
      assert.doesNotMatch(finding?.hint ?? '', /crm_node/);
    }
  });

  it('is not looked at where a plan is limited to other nodes', () => {
    assert.deepEqual(find(clusterWith(), ['r1', 'r2'], ['r2']), []);
  });

  it('goes once the option goes that keeps the cluster from stopping it', () => {
    for (const [name, version] of [
      ['stop-orphan-resources', '3.0.0'],
      ['stop-removed-resources', '3.0.2'],
    ] as const) {
      const [finding] = find(clusterWith(options(name, 'no', version)), []);
      assert.match(finding?.hint ?? '', new RegExp(`\`crm_attribute .*--name ${name} --delete\``));
    }
    const off = options('stonith-enabled', 'false');
    assert.match(find(clusterWith(off), [])[0]?.hint ?? '', /stops it automatically/);
    assert.match(find(clusterWith(''), [])[0]?.hint ?? '', /without a fence device/);
    const inMaintenance = options('maintenance-mode', 'true');
    assert.match(find(clusterWith(inMaintenance), [])[0]?.hint ?? '', /maintenance mode ends/);
  });

  it('keeps its node from a join, and from a removal', () => {
    const cluster = clusterWith();
    const facts = factsOf(cluster, ['r1']);
    const [problem] = findProblems(facts);
    assert.deepEqual([problem?.host, problem?.code], ['r1', 'CONNECTION_ORPHANED']);
    assert.match(problem?.message ?? '', /still runs on c2/);
    const removedNode = { node: { name: 'r1' }, vm: undefined, silence: undefined };
    const refused = refuseRemoval(
      { ...removedNode, host: undefined } as unknown as Parameters<typeof refuseRemoval>[0],
      facts,
      cluster,
    );
    assert.equal(refused?.code, 'CONNECTION_ORPHANED');
  });

  it('is told once by a plan, as what keeps its node out of it', () => {
    const cluster = clusterWith();
    const problems = findProblems(factsOf(cluster, ['r1']));
    const plan = { ...quietPlan, problems, findings: find(cluster, ['r1']) };
    const text = renderPlan(plan);
    assert.equal(text.split('was deleted from the CIB').length - 1, 1, text);
    assert.match(text, /r1: its connection was deleted .*ORPHANED/);
    assert.doesNotMatch(JSON.stringify(JSON.parse(planAsJson(plan))), /"notes":[^\]]*was deleted/);
    const undeclared = { ...quietPlan, findings: find(clusterWith(), []) };
    assert.match(renderPlan(undeclared), /r1: its connection was deleted/);
  });

  it('stands in the status, with what runs on its node', () => {
    const { orphans } = overviewOf(clusterWith(), NONE);
    assert.deepEqual(orphans, [
      { id: 'r1', agent: 'ocf:pacemaker:remote', on: ['c2'], resources: ['web'] },
    ]);
    const text = renderStatus(clusterWith(), NONE);
    assert.match(text, /^Orphans .*\n.*\n {2}r1 +ocf:pacemaker:remote +c2 +web$/m);
    assert.match(text, /1 orphan$/m);
    const { orphans: reported } = JSON.parse(statusAsJson(clusterWith(), NONE)) as {
      orphans: unknown;
    };
    assert.deepEqual(reported, orphans);
  });
});

describe('orphans', () => {
  const monOf = (resources: string): ReturnType<typeof readCrmMon> =>
    readCrmMon(
      `<pacemaker-result><resources>${resources}</resources><status code="0"/></pacemaker-result>`,
    );
  const resource = (id: string, agent: string, more: string, on = 'c1'): string =>
    `<resource id="${id}" resource_agent="${agent}" active="true" ${more}><node name="${on}"/></resource>`;

  it('are known by either word, each once, and only while they are active', () => {
    const mon = monOf(
      [
        resource('r1', 'ocf::pacemaker:remote', 'orphaned="true"'),
        resource('d:0', 'ocf:pacemaker:Dummy', 'removed="true"', 'c1'),
        resource('d:1', 'ocf:pacemaker:Dummy', 'removed="true"', 'c2'),
        resource('web', 'ocf:heartbeat:apache', 'orphaned="false"'),
        '<resource id="off" resource_agent="ocf:pacemaker:remote" active="false" orphaned="true"/>',
      ].join(''),
    );
    assert.deepEqual(
      orphansIn(mon).map(({ id, isConnection, on }) => [id, isConnection, on]),
      [
        ['d', false, ['c1', 'c2']],
        ['r1', true, ['c1']],
      ],
    );
  });

  it('that are fence devices, or the machine of a declared guest node, are drift as well', () => {
    const cluster: ClusterFacts = {
      ...clusterWith(),
      mon: monOf(
        resource('fence', 'stonith:fence_ipmilan', 'orphaned="true"') +
          resource('vm1', 'ocf:heartbeat:VirtualDomain', 'orphaned="true"') +
          resource('other', 'ocf:pacemaker:Dummy', 'orphaned="true"'),
      ),
    };
    const facts = { ...factsOf(cluster, ['g1']), vms: new Map([['g1', 'vm1']]) };
    const findings = findingsIn({
      facts,
      cluster,
      clusterName: 'prod',
      declared: ['g1'],
      leaving: [],
      unmanaged: [],
      explained: new Set(['g1']),
      fencing: [],
      expiring: [],
      hindered: new Map(),
    });
    assert.deepEqual(
      findings
        .filter(({ item }) => item === 'orphan')
        .map(({ host, attribute }) => `${host} ${attribute}`),
      ['prod fence', 'g1 vm1'],
    );
  });
});
