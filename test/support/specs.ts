import assert from 'node:assert/strict';
import { loadPlaybook } from '../../src/flows/load-document.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import type { Playbook } from '../../src/playbook/playbook.ts';
import type { ConnectionSpec, GuestNodeSpec, RemoteNodeSpec } from '../../src/inventory/spec.ts';

/** The playbook that is used unless somebody names another. */
export const sitePlaybook = ((): Playbook => {
  const { playbook, diagnostics } = loadPlaybook(undefined);
  assert.ok(playbook, JSON.stringify(diagnostics));
  return playbook;
})();

export const sshTo: ConnectionSpec = {
  port: 22,
  user: 'root',
  identityFile: undefined,
  become: 'none',
  becomePassword: undefined,
  hostKeys: { kind: 'strict' },
  knownHostsFile: undefined,
  proxyJump: undefined,
  sshConfig: 'none',
  connectTimeoutMs: 10_000,
};

/** A remote node as the shortest inventory entry gives it. */
export const remoteNode = (name: string, more: Partial<RemoteNodeSpec> = {}): RemoteNodeSpec => ({
  name,
  address: '192.0.2.21',
  server: '192.0.2.21',
  group: undefined,
  port: 3121,
  reconnectInterval: undefined,
  operations: {},
  meta: {},
  attributes: {},
  state: undefined,
  fencing: undefined,
  connection: sshTo,
  ...more,
});

/** A guest node as the shortest inventory entry gives it. */
export const guestNode = (name: string, more: Partial<GuestNodeSpec> = {}): GuestNodeSpec => ({
  name,
  resource: `vm-${name}`,
  address: '192.0.2.41',
  server: '192.0.2.41',
  group: undefined,
  port: 3121,
  connectTimeout: undefined,
  allowMigrate: undefined,
  attributes: {},
  state: undefined,
  connection: sshTo,
  ...more,
});

/** Facts that differ from those of a bare host; `authkey` and `units` may be told in part. */
export type HostFactsPatch = Omit<Partial<HostFacts>, 'authkey'> & {
  readonly authkey?: Partial<HostFacts['authkey']>;
};

const nothingActive: HostFacts['local'] = {
  activeUnits: new Set(),
  enabledUnits: new Set(),
  mountPoints: new Set(),
  addresses: new Set(),
};

/** A bare Debian host. */
export const hostFacts = (name: string, { authkey, ...more }: HostFactsPatch = {}): HostFacts => ({
  name,
  osId: 'debian',
  osIdLike: '',
  osVersion: '13',
  architecture: 'x86_64',
  selinux: 'off',
  packageManager: 'apt-get',
  serviceManager: 'systemd',
  packages: {},
  clockAhead: 0,
  environmentFile: undefined,
  environment: {},
  authkey: {
    path: '/etc/pacemaker/authkey',
    digest: undefined,
    owner: '',
    group: '',
    mode: '',
    modifiedAt: 0,
    ...authkey,
  },
  certificates: {},
  madeKeys: undefined,
  waitingPair: [],
  ownCertificates: undefined,
  knowsCertificates: undefined,
  keepsAuthkey: undefined,
  daemonVariables: undefined,
  units: {},
  listening: [22],
  isConnected: false,
  local: nothingActive,
  firewall: { kind: 'none' },
  hasCorosyncConf: false,
  ...more,
});
