/** What a lab may be asked for, with its defaults, checked before anything is made. */
import { bareAddress, clusterAddress } from './network.ts';
import type { Images } from './images.ts';
import type { LabHost, LabOptions, LabSettings } from './types.ts';

const MOST_CLUSTER_NODES = 9;
const MOST_BARE_HOSTS = 200;

export function settle(options: LabOptions): LabSettings {
  const bareHosts = options.bareHosts ?? 3;
  const settings: LabSettings = {
    name: options.name ?? 'lab',
    clusterNodes: options.clusterNodes ?? 2,
    bareHosts,
    fencing: options.fencing ?? true,
    firewalld: Math.min(options.firewalld ?? 1, bareHosts),
    suite: options.suite ?? 'trixie',
    pcs: options.pcs ?? false,
    remoteNames: options.remoteNames ?? {},
    fenceDelay: options.fenceDelay,
    parallelBoots: options.parallelBoots ?? 6,
  };
  checkName(settings.name);
  checkCount('cluster nodes', settings.clusterNodes, MOST_CLUSTER_NODES);
  checkCount('bare hosts', settings.bareHosts, MOST_BARE_HOSTS);
  checkCount('hosts with firewalld', settings.firewalld, MOST_BARE_HOSTS);
  if (settings.clusterNodes + settings.bareHosts === 0) throw new Error('lab: no hosts asked for');
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

/** c1, c2, … then h1, h2, …; the last `firewalld` of the bare hosts run firewalld. */
export function hostsOf(settings: LabSettings, images: Images): LabHost[] {
  const clusterLayers = images.layers(settings.pcs ? 'pcs' : 'cluster');
  const cluster = numbers(settings.clusterNodes).map((number): LabHost => {
    const address = clusterAddress(number);
    return { name: `c${number}`, kind: 'cluster', address, layers: clusterLayers };
  });
  const firstWithFirewall = settings.bareHosts - settings.firewalld + 1;
  const bare = numbers(settings.bareHosts).map((number): LabHost => {
    const layers = images.layers(number >= firstWithFirewall ? 'firewalld' : 'bare');
    return { name: `h${number}`, kind: 'bare', address: bareAddress(number), layers };
  });
  const hosts = [...cluster, ...bare];
  for (const [node, host] of Object.entries(settings.remoteNames)) {
    if (!hosts.some(({ name }) => name === host)) {
      throw new Error(`lab: remote name '${node}' is for host '${host}', which there is not`);
    }
  }
  return hosts;
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
