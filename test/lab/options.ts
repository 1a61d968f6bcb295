/** What a lab may be asked for, with its defaults, checked before anything is made. */
import { bareAddress, clusterAddress, domainAddress, virtualAddress } from './network.ts';
import type { Images } from './images.ts';
import type { LabHost, LabOptions, LabSettings } from './types.ts';

const MOST_CLUSTER_NODES = 9;
const MOST_BARE_HOSTS = 200;
const MOST_VIRTUAL_MACHINES = 20;
const MOST_DOMAINS = 4;

const DEFAULTS: LabSettings = {
  name: 'lab',
  clusterNodes: 2,
  bareHosts: 3,
  virtualMachines: 0,
  domains: 0,
  fencing: true,
  firewalld: 1,
  rhelHosts: 0,
  suite: 'trixie',
  pcs: false,
  remoteNames: {},
  fenceDelay: undefined,
  parallelBoots: 6,
};

export function settle(options: LabOptions): LabSettings {
  const settings: LabSettings = { ...DEFAULTS, ...options };
  settings.firewalld = Math.min(settings.firewalld, settings.bareHosts);
  checkName(settings.name);
  checkCount('cluster nodes', settings.clusterNodes, MOST_CLUSTER_NODES);
  checkCount('bare hosts', settings.bareHosts, MOST_BARE_HOSTS);
  checkCount('virtual machines', settings.virtualMachines, MOST_VIRTUAL_MACHINES);
  checkCount('domains', settings.domains, settings.clusterNodes > 0 ? MOST_DOMAINS : 0);
  checkCount('hosts with firewalld', settings.firewalld, MOST_BARE_HOSTS);
  checkCount('RHEL-like hosts', settings.rhelHosts, settings.bareHosts);
  if (settings.clusterNodes + settings.bareHosts === 0) {
    throw new Error('lab: no hosts asked for that the lab itself can boot');
  }
  return settings;
}

/** A lab's name becomes part of paths, of a network namespace and of machine names. */
export function checkName(name: string): void {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) {
    throw new Error(
      `lab: '${name}' is no good name (lower-case letters, digits and '-', at most 40)`,
    );
  }
}

function checkCount(what: string, count: number, most: number): void {
  if (!Number.isInteger(count) || count < 0 || count > most) {
    throw new Error(`lab: ${what} must be 0 to ${most}, not ${count}`);
  }
}

/** c1, c2, … then h1, h2, … then v1, v2, … then q1, q2, …; of the bare hosts the first `rhelHosts` behave as RHEL, the last `firewalld` run firewalld. */
export function hostsOf(settings: LabSettings, images: Images): LabHost[] {
  const clusterLayers = [
    ...(settings.domains > 0 ? images.layers('libvirt') : []),
    ...images.layers(settings.pcs ? 'pcs' : 'cluster'),
  ];
  const cluster = numbers(settings.clusterNodes).map((number): LabHost => {
    const address = clusterAddress(number);
    return { name: `c${number}`, kind: 'cluster', address, layers: clusterLayers };
  });
  const firstWithFirewall = settings.bareHosts - settings.firewalld + 1;
  const bare = numbers(settings.bareHosts).map((number): LabHost => {
    const debian = number >= firstWithFirewall ? 'firewalld' : 'bare';
    const layers = images.layers(number <= settings.rhelHosts ? 'rhel' : debian);
    return { name: `h${number}`, kind: 'bare', address: bareAddress(number), layers };
  });
  const virtual = numbers(settings.virtualMachines).map((number): LabHost => {
    const layers = images.layers('bare');
    return { name: `v${number}`, kind: 'virtual', address: virtualAddress(number), layers };
  });
  const domains = numbers(settings.domains).map((number): LabHost => {
    const layers = [...images.layers('kernel'), ...images.layers('bare')];
    return { name: `q${number}`, kind: 'domain', address: domainAddress(number), layers };
  });
  const hosts = [...cluster, ...bare, ...virtual, ...domains];
  for (const [node, host] of Object.entries(settings.remoteNames)) {
    if (!hosts.some(({ name }) => name === host)) {
      throw new Error(`lab: remote name '${node}' is for host '${host}', which there is not`);
    }
  }
  return hosts;
}

/** Those that the lab itself boots; Pacemaker boots the others. */
export const isOwn = ({ kind }: LabHost): boolean => kind === 'cluster' || kind === 'bare';

/** The primitive that runs a virtual machine or a domain. */
export const resourceOf = (host: LabHost): string => `vm-${host.name}`;

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
