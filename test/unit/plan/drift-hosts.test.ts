import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import { driftOf } from '../../../src/plan/drift/drift.ts';
import { hostsIn, type DriftHost } from '../../../src/plan/drift/drift-hosts.ts';
import type { Plan } from '../../../src/model/plan.ts';
import type { NodeLists, Spec } from '../../../src/inventory/spec.ts';
import { crmMonXml } from '../../support/crm-mon.ts';
import { hostFacts, remoteNode, sshTo } from '../../support/specs.ts';
import { quietPlan } from '../report/plans.ts';

const NOW = 1_800_000_000;

const CIB = `<cib admin_epoch="0" epoch="1" num_updates="0" have-quorum="1" dc-uuid="1">
<configuration><crm_config/><nodes><node id="1" uname="c1"/></nodes><resources>
${['r1', 'old1', 'other1'].map((id) => `<primitive id="${id}" class="ocf" provider="pacemaker" type="remote"/>`).join('')}
</resources><constraints/></configuration><status/></cib>`;

const lists = (...names: string[]): NodeLists => ({
  remoteNodes: names.map((name) => remoteNode(name)),
  guestNodes: [],
});

const spec: Spec = {
  cluster: { name: 'prod' },
  clusterNodes: [{ name: 'c1', address: '192.0.2.11', connection: sshTo }],
  ...lists('r1', 'r2'),
  absent: lists('old1', 'gone1'),
  authentication: { method: 'psk', isStated: false, authkey: { kind: 'cluster' } },
  driftIgnores: [],
};

const key = { digest: 'a'.repeat(64), modifiedAt: NOW - 3600 };

function hosts(more: Partial<Plan> = {}): ReadonlyMap<string, DriftHost> {
  const reported = hostsIn(driftOf({ ...quietPlan, inSync: ['c1', 'r1', 'gone1'], ...more }), {
    spec,
    selected: spec,
    x509: undefined,
    now: NOW,
    facts: {
      clusterNodes: new Map(),
      remoteNodes: new Map([['r1', hostFacts('r1', { authkey: key, clockAhead: 100 })]]),
      guestNodes: new Map(),
      vms: new Map(),
      servers: new Map(),
      unreachable: new Map(),
      cluster: undefined,
    },
    cluster: {
      readFrom: 'c1',
      cibText: CIB,
      cib: readCib(CIB),
      dcState: 'S_IDLE',
      mon: readCrmMon(crmMonXml({ connections: { r1: { on: 'c1' } } })),
    },
  });
  return new Map(reported.map((host) => [host.name, host]));
}

describe('the hosts of a drift', () => {
  it('are those of the inventory, and the nodes that it does not name', () => {
    assert.deepEqual(
      [...hosts()].map(
        ([name, { state, isBeingRemoved }]) => `${name} ${state}${isBeingRemoved ? '!' : ''}`,
      ),
      [
        'c1 in-sync',
        'r1 in-sync',
        'r2 unreachable',
        'old1 unreachable!',
        'gone1 in-sync!',
        'other1 undeclared',
      ],
    );
  });

  it('are in sync only when the drift says so, and what is worse counts', () => {
    const problem = { code: 'HOST_UNREACHABLE', message: '', hint: undefined } as const;
    const reported = hosts({
      findings: [
        {
          host: 'r1',
          item: 'connection',
          attribute: 'state',
          expected: 'in',
          actual: 'failed',
          message: '',
          hint: '',
        },
      ],
      problems: [
        { host: 'r2', kind: 'refused', ...problem },
        { host: 'old1', kind: 'unreachable', ...problem },
      ],
    });
    assert.deepEqual(
      ['r1', 'r2', 'old1'].map((name) => reported.get(name)?.state),
      ['drifted', 'refused', 'unreachable'],
    );
  });

  it('have keys as old as their own clock says', () => {
    assert.equal(hosts().get('r1')?.authkeySeconds, 3700);
    assert.equal(hosts().get('r2')?.authkeySeconds, undefined);
  });

  it('are connected from where the cluster says', () => {
    assert.equal(hosts().get('r1')?.connectedFrom, 'c1');
    assert.equal(hosts().get('other1')?.connectedFrom, undefined);
  });
});
