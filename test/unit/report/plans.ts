import type { AttributeChange } from '../../../src/model/item.ts';
import type { Change, Forecast, Plan } from '../../../src/model/plan.ts';

/** A plan in which nothing changes. */
export const quietPlan: Plan = {
  formatVersion: '1.0',
  cluster: {
    name: 'prod',
    dc: 'c1',
    pacemaker: '3.0.0-5.1',
    hasQuorum: true,
    fencing: true,
    maintenance: false,
    isBusy: false,
  },
  plays: [
    { name: 'Prepare the hosts', changes: [] },
    { name: 'Connect', changes: [] },
  ],
  problems: [],
  credentialChange: undefined,
  fencing: [],
  stoppedGuests: [],
  pending: [],
  risks: [],
  findings: [],
  notes: [],
  unmanaged: [],
  inSync: ['c1', 'c2', 'compute1', 'compute2', 'compute3'],
  forecast: undefined,
};

export const quietEffects: Forecast['effects'] = {
  connectionStarts: [],
  probes: 0,
  starts: [],
  stops: [],
  moves: [],
  others: [],
  fences: [],
  cloneGrowth: [],
};

export const change = (
  host: string,
  item: Change['item'],
  attributes: readonly AttributeChange[],
  more: Partial<Change> = {},
): Change => ({
  host,
  item,
  action: 'create',
  attributes,
  restart: 'none',
  isConsequence: false,
  ...more,
});

const installed = (name: string): AttributeChange => ({
  name,
  before: undefined,
  after: 'installed',
});

const bareHost = (host: string): readonly Change[] => [
  change(host, 'package', [installed('pacemaker-remote'), installed('resource-agents')]),
  change(host, 'authkey', [{ name: 'content', before: undefined, after: 'matches the cluster' }]),
  change(host, 'firewall-port', [
    { name: 'public 3121/tcp from 192.0.2.11', before: 'closed', after: 'open' },
    {
      name: 'public 3121/tcp from 192.0.2.12',
      before: 'open until the next reload',
      after: 'open',
    },
  ]),
  change(host, 'service', [
    { name: 'enabled at boot', before: undefined, after: 'yes' },
    { name: 'state', before: undefined, after: 'active' },
  ]),
];

const connection = (host: string, server: string): Change =>
  change(host, 'connection-resource', [
    { name: 'server', before: undefined, after: server },
    { name: 'reconnect_interval', before: undefined, after: '60s' },
  ]);

/** A fleet of bare hosts that joins; with it a host whose key is wrong, and hosts that give no answer. */
export function fleetPlan(): Plan {
  const fleet = Array.from(
    { length: 480 },
    (_, index) => `compute${String(index + 1).padStart(3, '0')}`,
  );
  return {
    ...quietPlan,
    plays: [
      {
        name: 'Prepare the hosts',
        changes: [...fleet.flatMap(bareHost), ...wrongKey('storage1'), ...bareHost('storage2')],
      },
      {
        name: 'Connect',
        changes: [
          ...fleet.map((name) => connection(name, `${name}.example.net`)),
          connection('storage2', '192.0.2.22'),
        ],
      },
      {
        name: 'Clear standby',
        changes: [
          change('storage2', 'node-state', [{ name: 'rack', before: 'a1', after: undefined }], {
            action: 'update',
          }),
        ],
      },
    ],
    problems: [
      ...['web1', 'web2', 'web3'].map((host, index) => ({
        host,
        kind: 'unreachable' as const,
        code: 'HOST_UNREACHABLE' as const,
        message: `cannot reach 192.0.2.3${index}:22: connection refused`,
        hint: 'check that the host is up, its address and port, and that sshd runs there',
      })),
      {
        host: 'db1',
        kind: 'refused',
        code: 'HOST_IS_CLUSTER_NODE',
        message: 'it is a cluster node: corosync.service is active',
        hint: 'a host is either a cluster node or a remote node',
      },
    ],
    risks: [
      { code: 'moves-resources', subjects: ['web'] },
      { code: 'fences-nodes', subjects: ['storage2'] },
    ],
    notes: [
      'web10: not truly in (failed)',
      'web11: not truly in (failed)',
      "storage1: its clock is 75 s ahead of this machine's",
    ],
    unmanaged: ['old2', 'old1'],
    inSync: ['c1', 'c2'],
    forecast: {
      effects: {
        ...quietEffects,
        connectionStarts: [
          ...fleet.map((node, index) => ({ node, on: index < 240 ? 'c1' : 'c2' })),
          { node: 'storage2', on: 'c1' },
        ],
        probes: 962,
        starts: [{ resource: 'cache', on: 'storage2' }],
        moves: [{ resource: 'web', from: 'c1', to: 'storage2' }],
        others: [{ action: 'restart', resource: 'db', on: 'c2' }],
        cloneGrowth: [{ clone: 'ping-clone', by: 481 }],
      },
      fencedOnFailure: ['storage2'],
      withoutEligibleNode: [],
    },
  };
}

export const wrongKey = (host: string): readonly Change[] => [
  change(
    host,
    'authkey',
    [{ name: 'content', before: 'differs from the cluster', after: 'matches the cluster' }],
    { action: 'update' },
  ),
  change(
    host,
    'service',
    [
      {
        name: 'daemon',
        before: 'running',
        after: 'restarted',
        reason: 'it uses the new authkey only from then on',
      },
    ],
    { action: 'update', restart: 'quiet-restart', isConsequence: true },
  ),
];
