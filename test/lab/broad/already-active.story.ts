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
  drift,
  isStarted,
  outrigger,
  plan,
  settled,
  tracesOf,
  writeInventory,
} from '../outrigger.ts';
import { skipWithoutLab } from '../story-run.ts';
import { waitFor } from '../wait.ts';

const NAME = 'story-already-active';

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

describe('resources that are already active on a host that joins', function () {
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

  it('are found before anything is touched, and the good copies keep running', async () => {
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
        ['h1', 'RESOURCE_ALREADY_ACTIVE', 'ledger.service is active'],
        ['h2', 'RESOURCE_ALREADY_ACTIVE', 'it has the address 10.77.9.9'],
        ['h3', 'RESOURCE_ALREADY_ACTIVE', '/srv/data is mounted'],
      ],
    );
    assert.deepEqual([changes.filter(({ host }) => host.startsWith('h')), code], [[], 5]);
    await applied(lab, 5, ['-i', inventory]);
    assert.equal(await configurationOf(lab), configured);
    assert.equal(await goodCopies(), before);
  });

  it('are a risk where the unit is only enabled at boot', async () => {
    await lab.sh('h1', 'systemctl stop ledger');
    const inventory = writeInventory(lab, { remoteNodes: [{ name: 'h1', host: 'h1' }] });
    const { stderr } = await applied(lab, 5, ['-i', inventory]);
    assert.match(stderr, /enabled-at-boot: .*\(ledger on h1\)/);
  });

  it('keep no host out once they are gone, and the good copies run as before', async () => {
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

  describe('a daemon that is not the unit', () => {
    const h1 = { name: 'h1', host: 'h1' };
    const h2 = { name: 'h2', host: 'h2' };
    const h3 = { name: 'h3', host: 'h3' };
    const unitOf = (host: string): Promise<string> =>
      lab.sh(
        host,
        'systemctl is-enabled pacemaker_remote; systemctl is-active pacemaker_remote; true',
      );

    /** As a container does it, or a hand. */
    const startForeign = async (): Promise<void> => {
      const key = await lab.sh('c1', 'base64 -w0 /etc/pacemaker/authkey');
      await lab.sh('h3', 'base64 -d >/etc/pacemaker/authkey', { stdin: key });
      await lab.sh('h3', 'systemd-run --quiet --unit=container /usr/sbin/pacemaker-remoted');
      await waitFor('the daemon listens', 30_000, async () => {
        const listening = await lab.sh('h3', "ss -Hltn 'sport = :3121'");
        return listening !== '' || 'not yet';
      });
    };

    it('is refused before anything is changed', async () => {
      await applied(lab, 0, [
        '-i',
        writeInventory(lab, { remoteNodes: [h1, h2, { ...h3, state: 'absent' }] }),
      ]);
      await startForeign();
      const inventory = writeInventory(lab, { remoteNodes: [h1, h2, h3] });
      const configured = await configurationOf(lab);
      const unit = await unitOf('h3');
      assert.equal(unit, 'disabled\ninactive\n');
      const { problems, changes, code } = await plan(lab, inventory);
      assert.deepEqual(
        [problems.map(({ host, code: why }) => `${host} ${why}`), changes, code],
        [['h3 PORT_IN_USE'], [], 5],
      );
      assert.match(problems[0]?.message ?? '', /another process listens on port 3121/);
      const { stderr, stdout } = await applied(lab, 5, ['-i', inventory]);
      assert.match(stdout + stderr, /PORT_IN_USE|another process listens on port 3121/);
      const { refused } = await drift(lab, 5, ['-i', inventory]);
      assert.deepEqual(
        refused.map(({ host, code: why }) => `${host} ${why}`),
        ['h3 PORT_IN_USE'],
      );
      const doctor = await outrigger(lab, ['doctor', '-i', inventory]);
      assert.match(doctor.stdout, /h3: another process listens on port 3121/);
      assert.deepEqual([await unitOf('h3'), await configurationOf(lab)], [unit, configured]);
    });

    it('joins where the cluster’s side alone is managed, and stays its owner’s', async () => {
      const inventory = writeInventory(lab, {
        remoteNodes: [h1, h2, { ...h3, manage: 'cluster-only' }],
      });
      const looked = 'systemctl show container --property=MainPID; cat /etc/default/pacemaker';
      const before = (await unitOf('h3')) + (await lab.sh('h3', looked));
      await applied(lab, 0, ['-i', inventory]);
      await settled(lab);
      assert.equal(await isStarted(lab, 'h3'), true);
      await assertInSync(lab, inventory);
      assert.deepEqual((await drift(lab, 0, ['-i', inventory])).names, []);
      assert.equal((await unitOf('h3')) + (await lab.sh('h3', looked)), before);
      await assertQuiet(lab);
    });

    it('keeps the authkey from being rotated, and is removed with state: absent', async () => {
      const desired = { ...h3, manage: 'cluster-only' };
      const inventory = writeInventory(lab, { remoteNodes: [h1, h2, desired] });
      const key = await lab.sh('c1', 'sha256sum /etc/pacemaker/authkey');
      const { code, stderr } = await outrigger(lab, [
        'rotate',
        'authkey',
        '--yes',
        '-i',
        inventory,
      ]);
      assert.equal(code, 5, stderr);
      assert.match(stderr, /hosts of connected nodes are not managed.*h3/s);
      assert.equal(await lab.sh('c1', 'sha256sum /etc/pacemaker/authkey'), key);
      const without = { ...desired, state: 'absent' };
      const absent = writeInventory(lab, { remoteNodes: [h1, h2, without] });
      await applied(lab, 0, ['-i', absent]);
      assert.deepEqual(await tracesOf(lab, 'h3'), []);
      assert.equal(await lab.sh('h3', 'systemctl is-active container'), 'active\n');
      await assertQuiet(lab);
    });
  });
});
