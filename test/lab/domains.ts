/**
 * Real virtual machines: QEMU under libvirt on the cluster nodes, run by ocf:heartbeat:VirtualDomain. The processor is
 * emulated, since few machines let a lab have KVM: a boot takes a minute where the machine has nothing else to do.
 */
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { controlSocket } from './exec.ts';
import { domainsDir, hostDir, scripts } from './paths.ts';
import { must } from './run.ts';
import { BRIDGE } from './seed-host.ts';
import type { LabHost, LabRecord } from './types.ts';

const DISK_SIZE = '1G';
const DISK_LIMIT_MS = 300_000;
/** Where cluster nodes see the directory (sh/host.sh). */
const SEEN_AT = '/srv/domains';

/** The definition that the agent takes as its `config`. */
export const definitionOf = (host: LabHost): string => `${SEEN_AT}/${host.name}.xml`;

/** The file that takes what the machine says on its console. */
export const domainConsole = (lab: LabRecord, host: LabHost): string =>
  join(domainsDir(lab.dir), `${host.name}.console`);

/** Makes disk and definition of a domain whose host was seeded; whatever was there is gone. */
export async function makeDomain(lab: LabRecord, host: LabHost): Promise<void> {
  const dir = domainsDir(lab.dir);
  mkdirSync(dir, { recursive: true });
  // A connection to the machine that was here before leads nowhere.
  rmSync(controlSocket(lab, host.name), { force: true });
  const boot = join(host.layers[0] ?? '', 'boot');
  for (const file of ['vmlinuz', 'initrd.img']) copyFileSync(join(boot, file), join(dir, file));
  const disk = join(dir, `${host.name}.img`);
  const lower = host.layers.join(':');
  const own = hostDir(lab.dir, host.name);
  await must([join(scripts, 'domain-disk.sh'), lower, own, lab.repo, disk, DISK_SIZE], {
    timeoutMs: DISK_LIMIT_MS,
  });
  writeFileSync(join(dir, `${host.name}.xml`), definition(host));
}

/** VirtualDomain finds the name with a regular expression: its element has a line of its own. */
const definition = ({ name, address }: LabHost): string => `<domain type="qemu">
<name>${name}</name>
<uuid>${randomUUID()}</uuid>
<memory unit="MiB">384</memory>
<vcpu>1</vcpu>
<os>
<type arch="x86_64" machine="q35">hvm</type>
<kernel>${SEEN_AT}/vmlinuz</kernel>
<initrd>${SEEN_AT}/initrd.img</initrd>
<cmdline>root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off</cmdline>
</os>
<features><acpi/></features>
<devices>
<emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type="file" device="disk">
<driver name="qemu" type="raw" cache="unsafe"/>
<source file="${SEEN_AT}/${name}.img"/>
<target dev="vda" bus="virtio"/>
</disk>
<interface type="bridge">
<mac address="${macOf(address)}"/>
<source bridge="${BRIDGE}"/>
<model type="virtio"/>
</interface>
<serial type="file"><source path="${SEEN_AT}/${name}.console" append="on"/></serial>
<rng model="virtio"><backend model="random">/dev/urandom</backend></rng>
<memballoon model="none"/>
</devices>
</domain>
`;

/** QEMU's own prefix (52:54:00), then the end of the address. */
function macOf(address: string): string {
  const end = address
    .split('.')
    .slice(1)
    .map((part) => Number(part).toString(16).padStart(2, '0'));
  return ['52', '54', '00', ...end].join(':');
}
