import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import { findRemovals } from '../../../src/plan/removal/removals.ts';
import type { RemovedNode } from '../../../src/plan/removal/removed-node.ts';
import type { ClusterFacts, Facts } from '../../../src/model/facts.ts';
import { absentItems } from '../../../src/plan/desired/absent-items.ts';
import { crmMonXml, type ReportedConnection } from '../../support/crm-mon.ts';
import { guestNode, hostFacts, remoteNode } from '../../support/specs.ts';
import { fixture } from '../pacemaker/fixtures.ts';

const CIB = fixture('cib.xml');

const clusterWith = (
  connections: Readonly<Record<string, ReportedConnection>>,
  cibText = CIB,
  resources: Readonly<Record<string, string>> = {},
): ClusterFacts => ({
  readFrom: 'c1',
  cib: readCib(cibText),
  cibText,
  mon: readCrmMon(crmMonXml({ connections, resources })),
  dcState: 'S_IDLE',
});

const FACTS: Facts = {
  clusterNodes: new Map(),
  remoteNodes: new Map(),
  guestNodes: new Map(),
  unreachable: new Map(),
  servers: new Map(),
  vms: new Map(),
  cluster: undefined,
};

const answering = (name: string): RemovedNode => ({
  node: remoteNode(name),
  vm: undefined,
  host: hostFacts(name),
  silence: undefined,
});

const silent = (name: string): RemovedNode => ({
  ...answering(name),
  host: undefined,
  silence: { name, code: 'HOST_UNREACHABLE', message: 'no answer', hint: undefined },
});

const asGuest = (removedNode: RemovedNode, vm: string): RemovedNode => ({
  ...removedNode,
  node: guestNode(removedNode.node.name, { resource: vm }),
  vm,
});

function removals(removedNodes: readonly RemovedNode[], cluster: ClusterFacts) {
  const desired = absentItems(removedNodes, FACTS, {
    method: 'psk',
    isStated: false,
    authkey: { kind: 'cluster' },
  });
  const { problems, risks, inCib, notes } = findRemovals(removedNodes, FACTS, cluster, desired);
  return {
    codes: problems.map(({ host, code }) => `${host} ${code}`),
    risks: risks.filter(({ subjects }) => subjects.length > 0),
    items: [...inCib.keys()].map(({ host, kind }) => `${host} ${kind}`),
    notes,
  };
}

const IN = { r1: { on: 'c1' }, r2: { on: 'c2' }, guest1: { on: 'c1' } } as const;
const WHOLE = ['connection-resource', 'constraint', 'node-state', 'node-record'];

describe('a node that shall be absent', () => {
  it('is in sync when it was never there', () => {
    assert.deepEqual(removals([answering('r9')], clusterWith(IN)), {
      codes: [],
      risks: [],
      items: [],
      notes: [],
    });
  });

  it('is in sync when nothing but a state of it is left, which comes back when the DC changes', () => {
    const state = '<node_state id="r9" uname="r9" remote_node="true" in_ccm="false"/>';
    const cluster = clusterWith(IN, CIB.replace('</status>', `${state}</status>`));
    assert.deepEqual(removals([answering('r9')], cluster).items, []);
  });

  it('leaves with all that the cluster has of it', () => {
    const { items, codes } = removals([answering('r1')], clusterWith(IN));
    assert.deepEqual([items, codes], [WHOLE.map((kind) => `r1 ${kind}`), []]);
  });

  it('leaves its machine behind when it is a guest node', () => {
    const { items } = removals([asGuest(answering('guest1'), 'vm1')], clusterWith(IN));
    assert.ok(items.includes('guest1 guest-node'));
    assert.ok(!items.includes('guest1 connection-resource'));
  });

  for (const [what, removedNode, code] of [
    ['it is a cluster node', answering('C1'), 'C1 NAME_TAKEN'],
    ['it is another resource', answering('d2'), 'd2 NAME_TAKEN'],
    ['it is a guest node and not a remote node', answering('guest1'), 'guest1 NAME_TAKEN'],
    ['it is a remote node and not a guest node', asGuest(answering('r1'), 'vm1'), 'r1 NAME_TAKEN'],
    [
      'it is the guest node of another machine',
      asGuest(answering('guest1'), 'd2'),
      'guest1 NAME_TAKEN',
    ],
  ] as const) {
    it(`is refused when ${what}`, () => {
      const { codes, items } = removals([removedNode], clusterWith(IN));
      assert.deepEqual([codes, items], [[code], []]);
    });
  }

  it('is refused while the cluster would not stop what runs there', () => {
    const cluster = clusterWith({ ...IN, r1: { on: 'c1', managed: false } });
    assert.deepEqual(removals([answering('r1')], cluster).codes, ['r1 RESOURCE_UNMANAGED']);
    const inMaintenance = clusterWith({ ...IN, r1: { on: 'c1', maintenance: true } });
    assert.deepEqual(removals([answering('r1')], inMaintenance).codes, ['r1 RESOURCE_UNMANAGED']);
  });

  it('is refused when its host is a cluster node, or connected to from elsewhere', () => {
    const member = { ...answering('r1'), host: hostFacts('r1', { packages: { pacemaker: '3' } }) };
    assert.deepEqual(removals([member], clusterWith(IN)).codes, ['r1 HOST_IS_CLUSTER_NODE']);
    const other = { ...answering('r9'), host: hostFacts('r9', { isConnected: true }) };
    assert.deepEqual(removals([other], clusterWith(IN)).codes, ['r9 HOST_IS_CONNECTED']);
  });
});

describe('a host that gives no answer', () => {
  it('is not taken out while the cluster is connected to it', () => {
    const { codes, items } = removals([silent('r1')], clusterWith(IN));
    assert.deepEqual([codes, items], [['r1 HOST_UNREACHABLE'], []]);
  });

  it('is taken out when the cluster shows it stopped, but the host is not cleaned up', () => {
    const { codes, items, risks } = removals([silent('r1')], clusterWith({ ...IN, r1: {} }));
    assert.deepEqual(codes, ['r1 HOST_UNREACHABLE']);
    assert.deepEqual([items.length, risks], [WHOLE.length, []]);
  });

  it('is taken out on the word that it is off when the cluster shows neither', () => {
    for (const state of [
      { failed: true, on: 'c1' },
      { role: 'Starting', on: 'c1' },
    ]) {
      const { risks, items } = removals([silent('r1')], clusterWith({ ...IN, r1: state }));
      assert.deepEqual(risks, [{ code: 'host-is-off', subjects: ['r1'] }]);
      assert.equal(items.length, WHOLE.length);
    }
  });

  it('is refused as a guest node whose machine is not shown to be stopped', () => {
    const cluster = clusterWith({ ...IN, guest1: { failed: true, on: 'c1' } });
    const { codes } = removals([asGuest(silent('guest1'), 'vm1')], cluster);
    assert.deepEqual(codes, ['guest1 HOST_UNREACHABLE']);
  });

  it('stays unreachable once the cluster has nothing of it', () => {
    const { codes, items } = removals([silent('r9')], clusterWith(IN));
    assert.deepEqual([codes, items], [['r9 HOST_UNREACHABLE'], []]);
  });
});

describe('many nodes at once', () => {
  it('are more than one, and more than 10% of them', () => {
    const all = clusterWith(IN);
    assert.deepEqual(removals([answering('r1')], all).risks, []);
    assert.deepEqual(removals([answering('r1'), answering('r9')], all).risks, []);
    assert.deepEqual(removals([answering('r1'), answering('r2')], all).risks, [
      { code: 'removes-many', subjects: ['r1', 'r2'] },
    ]);
  });
});
