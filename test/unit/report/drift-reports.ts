import { driftOf, type Drift } from '../../../src/plan/drift/drift.ts';
import type { DriftHost } from '../../../src/plan/drift/drift-hosts.ts';
import type { Plan } from '../../../src/model/plan.ts';
import type { DriftIgnoreSpec } from '../../../src/inventory/spec.ts';
import type { ComparedRun, DriftReport } from '../../../src/report/drift/drift-report.ts';
import { change, quietPlan } from './plans.ts';

const AT = new Date('2026-11-26T10:15:30Z');

const reportOf = (
  result: DriftReport['result'],
  inventory = 'inventories/prod.yml',
): DriftReport => ({
  inventory,
  version: '0.1.0',
  at: AT,
  seconds: 2.5,
  result,
});

const host = (name: string, kind: DriftHost['kind'], more: Partial<DriftHost> = {}): DriftHost => ({
  name,
  kind,
  state: 'in-sync',
  connectedFrom: undefined,
  vm: undefined,
  authkeySeconds: 86_400 * 40,
  certificateEnds: undefined,
  isBeingRemoved: false,
  ...more,
});

const comparedRun = (
  drift: Drift,
  hosts: readonly DriftHost[],
  items: ComparedRun['items'] = [],
): ComparedRun => ({ kind: 'compared', drift, hosts, items });

const members = [host('c1', 'cluster-node'), host('c2', 'cluster-node')];
const everyItem = (name: string): ComparedRun['items'] =>
  (['package', 'authkey', 'service', 'connection-resource'] as const).map((item) => ({
    host: name,
    item,
  }));

/** Two cluster nodes, two remote nodes, nothing wrong. */
export const quietReport = reportOf(
  comparedRun(
    driftOf({ ...quietPlan, inSync: ['c1', 'c2', 'r1', 'r2'] }),
    [
      ...members,
      host('r1', 'remote-node', { connectedFrom: 'c1' }),
      host('r2', 'remote-node', { connectedFrom: 'c2', certificateEnds: new Date('2027-03-01') }),
    ],
    ['r1', 'r2'].flatMap(everyItem),
  ),
);

const started = { before: 'before its key was written', after: 'after its key was written' };

/** One of each kind of trouble. */
const troubledPlan: Plan = {
  ...quietPlan,
  plays: [
    {
      name: 'Prepare the hosts',
      changes: [
        change('r1', 'authkey', [
          { name: 'content', before: 'differs from the cluster', after: 'matches the cluster' },
        ]),
        change('r1', 'service', [
          { name: 'enabled at boot', before: 'no', after: 'yes' },
          { name: 'started', ...started },
        ]),
        change('r2', 'service', [{ name: 'enabled at boot', before: 'no', after: 'yes' }]),
      ],
    },
  ],
  findings: [
    {
      host: 'r3',
      item: 'fencing',
      attribute: 'devices',
      expected: 'at least one',
      actual: 'none',
      message: 'no fence device covers it',
      hint: 'name a device for it',
    },
    {
      host: 'old1',
      item: 'node-record',
      attribute: 'known',
      expected: undefined,
      actual: 'to the cluster',
      message: 'left behind',
      hint: '`crm_node --remove old1`',
    },
    {
      host: 'other1',
      item: 'membership',
      attribute: 'node',
      expected: undefined,
      actual: 'remote node',
      message: 'nobody declared it',
      hint: 'declare it',
    },
  ],
  problems: [
    {
      host: 'r4',
      kind: 'unreachable',
      code: 'HOST_UNREACHABLE',
      message: 'no answer from 192.0.2.24:22',
      hint: 'is the host up?',
    },
    {
      host: 'r5',
      kind: 'refused',
      code: 'HOST_IS_CLUSTER_NODE',
      message: 'it is a cluster node: corosync.service is enabled',
      hint: undefined,
    },
  ],
  stoppedGuests: [{ host: 'g2', resource: 'vm-g2', message: 'its machine vm-g2 is stopped' }],
  pending: [{ host: 'r7', message: 'its connection is not up yet (pending)' }],
  notes: ['r6: its clock is 90 s behind this machine'],
  unmanaged: ['other1'],
  inSync: ['c1', 'c2', 'g1', 'r6'],
};

const ignore: DriftIgnoreSpec = {
  host: 'r2',
  item: 'service',
  attribute: 'enabled at boot',
  reason: 'started by hand until the disks are replaced',
  until: '2026-12-31',
};

const troubledDrift = driftOf(
  troubledPlan,
  [ignore, { ...ignore, host: 'r1', until: '2026-11-25' }],
  '2026-11-26',
);

export const troubledReport = reportOf(
  comparedRun(
    troubledDrift,
    [
      ...members,
      host('r1', 'remote-node', { state: 'drifted', connectedFrom: 'c1' }),
      host('r2', 'remote-node', { connectedFrom: 'c1' }),
      host('r3', 'remote-node', { state: 'drifted', connectedFrom: 'c2' }),
      host('r4', 'remote-node', { state: 'unreachable', authkeySeconds: undefined }),
      host('r5', 'remote-node', { state: 'refused' }),
      host('r6', 'remote-node', {
        connectedFrom: 'c2',
        certificateEnds: new Date('2027-03-01T12:00:00Z'),
      }),
      host('r7', 'remote-node', { state: 'pending', connectedFrom: 'c2' }),
      host('g1', 'guest-node', {
        connectedFrom: 'c1',
        vm: { resource: 'vm-g1', on: 'c1' },
      }),
      host('g2', 'guest-node', {
        state: 'stopped',
        vm: { resource: 'vm-g2', on: undefined },
        authkeySeconds: undefined,
      }),
      host('other1', 'remote-node', {
        state: 'undeclared',
        connectedFrom: 'c2',
        authkeySeconds: undefined,
      }),
    ],
    ['r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'g1'].flatMap(everyItem),
  ),
);

/** 500 nodes of which three have drifted and two give no answer. */
export const fleetReport = ((): DriftReport => {
  const names = Array.from(
    { length: 500 },
    (_, index) => `compute${String(index + 1).padStart(3, '0')}`,
  );
  const silent = names.slice(40, 42);
  const wrong = names.slice(100, 103);
  const drift = driftOf({
    ...quietPlan,
    plays: [
      {
        name: 'Prepare the hosts',
        changes: wrong.map((name) =>
          change(name, 'service', [{ name: 'enabled at boot', before: 'no', after: 'yes' }]),
        ),
      },
    ],
    problems: silent.map((name) => ({
      host: name,
      kind: 'unreachable',
      code: 'HOST_UNREACHABLE',
      message: 'no answer',
      hint: 'is the host up?',
    })),
    inSync: ['c1', 'c2', ...names.filter((name) => ![...silent, ...wrong].includes(name))],
  });
  const stateOf = (name: string): DriftHost['state'] =>
    silent.includes(name) ? 'unreachable' : wrong.includes(name) ? 'drifted' : 'in-sync';
  return reportOf(
    comparedRun(drift, [
      ...members,
      ...names.map((name, index) =>
        host(name, 'remote-node', {
          state: stateOf(name),
          connectedFrom: silent.includes(name) ? undefined : index < 260 ? 'c1' : 'c2',
        }),
      ),
    ]),
  );
})();

export const failedReport = reportOf({
  kind: 'failed',
  cluster: 'prod',
  message: 'no cluster node could be asked; c1: no answer',
  hint: 'is the host up?',
});

/** What would break out of each of the formats. */
export const NASTY = `]]>"'&<script>alert(1)</script>\\" } 1\n# HELP x\u001b[2J\u202e\ud800{{`;

/** Everything that comes from outside is nasty. */
export const hostileReport = reportOf(
  comparedRun(
    driftOf(
      {
        ...quietPlan,
        cluster: { ...quietPlan.cluster, name: NASTY, dc: NASTY },
        plays: [
          {
            name: NASTY,
            changes: [
              change(NASTY, 'service', [
                { name: NASTY, before: NASTY, after: NASTY, reason: NASTY },
              ]),
              change('r2', 'service', [{ name: 'enabled at boot', before: NASTY, after: 'yes' }]),
            ],
          },
        ],
        findings: [
          {
            host: NASTY,
            item: 'constraint',
            attribute: NASTY,
            expected: NASTY,
            actual: NASTY,
            message: NASTY,
            hint: NASTY,
          },
        ],
        problems: [
          {
            host: NASTY,
            kind: 'refused',
            code: 'HOST_IS_CLUSTER_NODE',
            message: NASTY,
            hint: NASTY,
          },
        ],
        stoppedGuests: [{ host: NASTY, resource: NASTY, message: NASTY }],
        pending: [{ host: NASTY, message: NASTY }],
        notes: [NASTY],
        unmanaged: [NASTY],
        inSync: [NASTY],
      },
      [{ ...ignore, reason: NASTY }],
      '2026-11-26',
    ),
    [
      host(NASTY, 'cluster-node'),
      host('r2', 'remote-node', { connectedFrom: NASTY }),
      host(NASTY, 'guest-node', {
        state: 'drifted',
        connectedFrom: NASTY,
        vm: { resource: NASTY, on: NASTY },
      }),
    ],
  ),
  `../${NASTY}/inventory.yml`,
);

export const REPORTS_BY_NAME = {
  quiet: quietReport,
  troubled: troubledReport,
  fleet: fleetReport,
  failed: failedReport,
  hostile: hostileReport,
} as const;
