/**
 * Resources of the cluster that run already on a host that joins are found before the CIB is touched.
 *
 * What a join without that did (Pacemaker 3.0.0, resource-stickiness 1000, an active unit and an address on the host):
 * `systemd resource ledger might be active on 2 nodes (attempting recovery)`; the unit was stopped on both nodes and
 * started anew on its cluster node, the address was taken from both nodes and moved to the other cluster node. The
 * scheduler had foreseen nothing of it.
 */
import assert from 'node:assert/strict';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  assertInSync,
  assertQuiet,
  configurationOf,
  plan,
  settled,
  writeInventory,
} from '../outrigger.ts';
import { skipWithoutLab } from '../story-run.ts';
import { waitFor } from '../wait.ts';

const NAME = 'story-runs-there';

const UNIT = `[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
`;

const parameters = (id: string, values: Record<string, string>) =>
  `<instance_attributes id="${id}-i">${Object.entries(values)
    .map(([name, value]) => `<nvpair id="${id}-${name}" name="${name}" value="${value}"/>`)
    .join('')}</instance_attributes>`;

const RESOURCES = `<configuration>
<rsc_defaults><meta_attributes id="d"><nvpair id="d-s" name="resource-stickiness" value="1000"/></meta_attributes></rsc_defaults>
<resources>
<primitive id="ledger" class="systemd" type="ledger"/>
<primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2">${parameters('vip', { ip: '10.77.9.9', cidr_netmask: '32' })}</primitive>
<primitive id="data" class="ocf" provider="heartbeat" type="Filesystem">${parameters('data', { device: 'tmpfs', directory: '/srv/data', fstype: 'tmpfs' })}</primitive>
</resources></configuration>`;

/** Where each resource runs, since when the unit does there, and the file system that is mounted. */
const LOOK = `systemctl show ledger --property=ActiveState,ExecMainStartTimestampMonotonic
ip -o address show to 10.77.9.9/32
grep ' /srv/data ' /proc/self/mountinfo || true`;

describe('what runs already on a host that joins', function () {
  let lab: Lab;

  const goodCopies = async (): Promise<string> =>
    (await Promise.all(['c1', 'c2'].map((member) => lab.sh(member, LOOK)))).join('\n');

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, replace: true, bareHosts: 3, firewalld: 0 });
    for (const { name } of lab.hosts) {
      await lab.sh(
        name,
        // The agent insists on modprobe, which containers do not have.
        `cat >/etc/systemd/system/ledger.service && systemctl daemon-reload && mkdir -p /srv/data
         command -v modprobe || { printf '#!/bin/sh\\n' >/usr/sbin/modprobe; chmod 755 /usr/sbin/modprobe; }`,
        { stdin: UNIT },
      );
    }
    await lab.sh('c1', 'cibadmin --modify --allow-create --xml-pipe', { stdin: RESOURCES });
    await waitFor('the resources run', 60_000, async () => {
      const mon = await lab.crmMon();
      const running = mon.match(/<resource id="(ledger|vip|data)" [^>]*role="Started"/g) ?? [];
      return running.length === 3 || mon;
    });
    await settled(lab);
  });

  after(async () => {
    await labDown(NAME);
  });

  it('is found before anything is touched, and the good copies keep running', async () => {
    await lab.sh('h1', 'systemctl enable --now ledger');
    await lab.sh('h2', 'ip address add 10.77.9.9/32 dev lo');
    await lab.sh('h3', 'mount -t tmpfs tmpfs /srv/data');
    const inventory = writeInventory(lab, {
      remoteNodes: ['h1', 'h2', 'h3'].map((name) => ({ name, host: name })),
    });
    const before = await goodCopies();
    const configured = await configurationOf(lab);
    const { problems, changes, code } = await plan(lab, inventory);
    assert.deepEqual(
      problems.map(({ host, code: why, message }) => [host, why, message.replace(/^.*: /, '')]),
      [
        ['h1', 'RESOURCE_RUNS_THERE', 'ledger.service is active'],
        ['h2', 'RESOURCE_RUNS_THERE', 'it has the address 10.77.9.9'],
        ['h3', 'RESOURCE_RUNS_THERE', '/srv/data is mounted'],
      ],
    );
    assert.deepEqual([changes.filter(({ host }) => host.startsWith('h')), code], [[], 5]);
    await applied(lab, 5, ['-i', inventory]);
    assert.equal(await configurationOf(lab), configured);
    assert.equal(await goodCopies(), before);
  });

  it('is a risk where it is only enabled at boot', async () => {
    await lab.sh('h1', 'systemctl stop ledger');
    const inventory = writeInventory(lab, { remoteNodes: [{ name: 'h1', host: 'h1' }] });
    const { stderr } = await applied(lab, 5, ['-i', inventory]);
    assert.match(stderr, /starts-at-boot: .*\(ledger on h1\)/);
  });

  it('keeps nobody out once it is gone, and the good copies run as before', async () => {
    await lab.sh('h1', 'systemctl disable ledger');
    await lab.sh('h2', 'ip address delete 10.77.9.9/32 dev lo');
    await lab.sh('h3', 'umount /srv/data');
    const inventory = writeInventory(lab, {
      remoteNodes: ['h1', 'h2', 'h3'].map((name) => ({ name, host: name })),
    });
    const before = await goodCopies();
    await applied(lab, 0, ['-i', inventory, '--batch', '100%']);
    await assertInSync(lab, inventory);
    await settled(lab);
    assert.equal(await goodCopies(), before);
    await assertQuiet(lab);
  });
});
