/** What a cluster node gets before its first boot, so that the cluster forms by itself within seconds. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seedFile } from './disk.ts';
import type { Disk } from './disk.ts';
import { definitionOf } from './domains.ts';
import { isOwn, resourceOf } from './options.ts';
import { scripts } from './paths.ts';
import type { LabHost, LabRecord, LabSettings } from './types.ts';

/** `corosyncKey` is the same for all nodes of a cluster. */
export function seedClusterNode(lab: LabRecord, disk: Disk, corosyncKey: Uint8Array): void {
  const nodes = lab.hosts.filter((host) => host.kind === 'cluster');
  seedFile(disk, { path: '/etc/corosync/corosync.conf', content: corosyncConf(lab, nodes) });
  seedFile(disk, { path: '/etc/corosync/authkey', content: corosyncKey, mode: 0o400 });
  seedFile(disk, {
    path: '/var/lib/pacemaker/cib/cib.xml',
    content: cib(lab),
    mode: 0o600,
    owner: 'hacluster',
    group: 'haclient',
  });
  if (lab.hosts.some(({ kind }) => kind === 'virtual')) {
    seedFile(disk, {
      path: '/usr/lib/ocf/resource.d/lab/VirtualMachine',
      content: readFileSync(join(scripts, 'VirtualMachine')),
      mode: 0o755,
    });
  }
  // Debian's package makes a random one on every node, so nodes differ from birth.
  seedFile(disk, {
    path: '/etc/pacemaker/authkey',
    content: randomBytes(4096),
    mode: 0o640,
    group: 'haclient',
  });
}

/** wait_for_all: a node that boots a moment earlier must not fence those it has not seen yet. */
function corosyncConf(lab: LabRecord, nodes: readonly LabHost[]): string {
  const list = nodes.map(
    (node, index) =>
      `  node {\n    ring0_addr: ${node.address}\n    name: ${node.name}\n    nodeid: ${index + 1}\n  }\n`,
  );
  return `totem {
  version: 2
  cluster_name: ${lab.settings.name}
  transport: knet
  crypto_cipher: aes256
  crypto_hash: sha256
}
nodelist {
${list.join('')}}
quorum {
  provider: corosync_votequorum
${nodes.length === 2 ? '  two_node: 1\n' : ''}  wait_for_all: 1
}
logging {
  to_syslog: yes
  to_logfile: no
}
`;
}

/** A feature set no daemon is older than: with a newer one there is no DC, ever. */
function cib(lab: LabRecord): string {
  const { fencing } = lab.settings;
  const properties = {
    'dc-deadtime': '2s',
    'cluster-name': lab.settings.name,
    'stonith-enabled': String(fencing),
  };
  return `<cib crm_feature_set="3.0.0" validate-with="pacemaker-3.0" epoch="1" num_updates="0" admin_epoch="0">
<configuration>
<crm_config><cluster_property_set id="cib-bootstrap-options">
${pairs('cib-bootstrap-options', properties)}</cluster_property_set></crm_config>
<nodes/>
<resources>
${fencing ? fenceDevice(lab) : ''}${lab.hosts
    .flatMap((host) => {
      if (host.kind === 'virtual') return [virtualMachine(host)];
      return host.kind === 'domain' ? [virtualDomain(host)] : [];
    })
    .join('')}</resources>
<constraints/>
</configuration>
<status/>
</cib>
`;
}

function fenceDevice(lab: LabRecord): string {
  const attributes: Record<string, string> = {
    pcmk_host_check: 'static-list',
    pcmk_host_map: Object.entries(powerNames(lab.hosts, lab.settings))
      .map(([node, host]) => `${node}:${host}`)
      .join(';'),
  };
  if (lab.settings.fenceDelay !== undefined) {
    attributes['pcmk_delay_base'] = lab.settings.fenceDelay;
  }
  return `<primitive id="fencing" class="stonith" type="fence_lab">
<instance_attributes id="fencing-instance_attributes">
${pairs('fencing-instance_attributes', attributes)}</instance_attributes>
<operations><op id="fencing-monitor-interval-60s" name="monitor" interval="60s"/></operations>
</primitive>
`;
}

/** Sticky, so that it stays where it is while nodes come and go. */
function virtualMachine(host: LabHost): string {
  const id = resourceOf(host);
  return `<primitive id="${id}" class="ocf" provider="lab" type="VirtualMachine">
<instance_attributes id="${id}-instance_attributes">
${pairs(`${id}-instance_attributes`, { host: host.name })}</instance_attributes>
<meta_attributes id="${id}-meta_attributes">
${pairs(`${id}-meta_attributes`, { 'resource-stickiness': '100' })}</meta_attributes>
<operations>
<op id="${id}-monitor-interval-10s" name="monitor" interval="10s" timeout="30s"/>
<op id="${id}-start-interval-0s" name="start" interval="0s" timeout="90s"/>
<op id="${id}-stop-interval-0s" name="stop" interval="0s" timeout="60s"/>
</operations>
</primitive>
`;
}

/** A machine whose processor is emulated takes its time to shut down, and libvirt to answer. */
function virtualDomain(host: LabHost): string {
  const id = resourceOf(host);
  return `<primitive id="${id}" class="ocf" provider="heartbeat" type="VirtualDomain">
<instance_attributes id="${id}-instance_attributes">
${pairs(`${id}-instance_attributes`, { config: definitionOf(host), hypervisor: 'qemu:///system' })}</instance_attributes>
<meta_attributes id="${id}-meta_attributes">
${pairs(`${id}-meta_attributes`, { 'resource-stickiness': '100' })}</meta_attributes>
<operations>
<op id="${id}-monitor-interval-10s" name="monitor" interval="10s" timeout="120s"/>
<op id="${id}-start-interval-0s" name="start" interval="0s" timeout="180s"/>
<op id="${id}-stop-interval-0s" name="stop" interval="0s" timeout="240s"/>
</operations>
</primitive>
`;
}

/** Node name → the host whose power it is: every host's own name, rN for hN, and what was asked for. Guests are fenced by their machine. */
function powerNames(hosts: readonly LabHost[], settings: LabSettings): Record<string, string> {
  const names: Record<string, string> = {};
  for (const host of hosts) {
    if (isOwn(host)) names[host.name] = host.name;
    if (host.kind === 'bare') names[host.name.replace('h', 'r')] = host.name;
  }
  return { ...names, ...settings.remoteNames };
}

function pairs(set: string, values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `<nvpair id="${set}-${name}" name="${name}" value="${xml(value)}"/>\n`)
    .join('');
}

function xml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
