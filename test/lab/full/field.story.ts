/** Clusters and hosts as operators leave them: odd permissions, files edited by hand, other addresses, a DC that dies. */
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  ADD_BY_HAND,
  allIn,
  badIn,
  dcFrom,
  ENVIRONMENT,
  inMaintenance,
  installByName,
  KEY,
  listensOn,
  OPEN_KEY,
  signedRequests,
  startOf,
} from '../field.ts';
import { address6Of } from '../network.ts';
import {
  applied,
  assertInSync,
  assertQuiet,
  drift,
  guestOn,
  outrigger,
  plan,
  settled,
  tracesOf,
  writeInventory,
  type WantedNode,
} from '../outrigger.ts';
import { installByHand } from '../sabotage.ts';
import { assertNothingToDo, detailedPlan, ownChanges, skipWithoutLab } from '../story-run.ts';
import { waitFor } from '../wait.ts';

const NAME = 'story-field';

const X509_KEY = '/etc/pacemaker/x509-key.pem';

/** No protocol that a cluster node with the default would speak. */
const NOT_COMMON = 'NORMAL:-VERS-ALL:+VERS-DTLS1.2';

describe('clusters as they are found in the field', function () {
  inOrder(this); // each step stands on the one before
  let lab: Lab;
  let h1: WantedNode;
  const h2: WantedNode = { name: 'h2', host: 'h2' };
  const g1 = { ...guestOn('v1', 'g1'), connectTimeout: '60s' };

  const inventoryOf = (
    remoteNodes: readonly WantedNode[],
    authentication?: Record<string, unknown>,
  ): string =>
    writeInventory(lab, {
      remoteNodes,
      guestNodes: [g1],
      ...(authentication && { authentication }),
    });

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({
      name: NAME,
      replace: true,
      bareHosts: 3,
      firewalld: 0,
      virtualMachines: 1,
    });
    await lab.sh('c1', 'crm_attribute --type rsc_defaults -n resource-stickiness -v 1000');
    h1 = { name: 'h1', host: 'h1', server: address6Of(lab.addresses['h1'] ?? '') };
  });

  after(() => labDown(NAME));

  describe('a daemon that listens on IPv6 alone', () => {
    it('joins by its IPv6 address', async () => {
      await installByHand(lab, 'h1');
      const address = String(h1['server']);
      await lab.sh('h1', `echo PCMK_remote_address=${address} >>${ENVIRONMENT}`);
      const inventory = inventoryOf([h1, h2]);
      await applied(lab, 0, ['-i', inventory, '--batch', '100%', '--allow', 'guest-joins']);
      assert.equal(await listensOn(lab, 'h1'), `[${address}]:3121\n`);
      await assertInSync(lab, inventory);
      assert.deepEqual((await drift(lab, 0, ['-i', inventory])).names, []);
      await assertQuiet(lab);
    });
  });

  describe('permissions with which a cluster works', () => {
    it('are no change for a plan of what import has written', async () => {
      await lab.sh(
        'c1',
        `chgrp haclient /etc/pacemaker && chmod 750 /etc/pacemaker && ${OPEN_KEY}`,
      );
      await lab.sh('h1', `chown root:root ${KEY} && chmod 400 ${KEY}`);
      const folder = mkdtempSync(join(lab.dir, 'imported-'));
      const file = join(folder, 'imported.yml');
      const { code, stderr } = await outrigger(lab, [
        'import',
        '--from',
        `root@${lab.addresses['c1'] ?? ''}`,
        '-o',
        file,
        '--identity-file',
        join(lab.sshDir, 'id_ed25519'),
        '--ssh-config',
        'none',
        '--known-hosts-file',
        join(lab.sshDir, 'known_hosts'),
      ]);
      assert.equal(code, 0, stderr);
      await assertNothingToDo(lab, file);
      assert.deepEqual((await drift(lab, 0, ['-i', file])).names, []);
    });

    it('are one where everybody can read the key', async () => {
      await lab.sh('h1', OPEN_KEY);
      const { changes } = await detailedPlan(lab, inventoryOf([h1, h2]));
      assert.deepEqual(ownChanges(changes), ['h1 authkey permissions']);
      await lab.sh('h1', `chown root:haclient ${KEY} && chmod 640 ${KEY}`);
    });
  });

  describe('an environment file that was edited by hand', () => {
    it('is refused with what the daemon runs with, and made right without a restart', async () => {
      await lab.sh('h1', ADD_BY_HAND);
      const started = await startOf(lab, 'h1');
      const silent = inventoryOf([h1, h2]);
      const { problems } = await plan(lab, silent);
      assert.deepEqual(
        problems.map(({ host, code }) => `${host} ${code}`),
        ['h1 HOST_USES_CERTIFICATES'],
      );
      assert.match(problems[0]?.message ?? '', /but its daemon does not use them yet/);
      const stated = inventoryOf([h1, h2], { method: 'psk' });
      const [bad, ...others] = await badIn(lab, stated);
      assert.deepEqual(others, []);
      assert.match(bad ?? '', /^credentials h1: .*sets certificates .*does not use them yet/);
      const { changes } = await plan(lab, stated);
      assert.deepEqual(
        changes.map(({ host, item, restart }) => `${host} ${item} ${restart}`),
        ['h1 environment none'],
      );
      await applied(lab, 0, ['-i', stated]);
      assert.equal(await startOf(lab, 'h1'), started);
      await assertInSync(lab, stated);
    });

    it('is told by doctor of a daemon that was started with it', async () => {
      await installByName(lab, 'h1');
      await inMaintenance(lab, async () => {
        await lab.sh('h1', `${ADD_BY_HAND} && systemctl restart pacemaker_remote`);
        await waitFor('h1 is out', 30_000, async () => {
          const mon = await lab.crmMon();
          return /<node name="h1"[^>]* online="false"/.test(mon) || mon;
        });
        assert.deepEqual(
          (await badIn(lab, inventoryOf([h1, h2], { method: 'psk' }))).filter((line) =>
            line.startsWith('credentials '),
          ),
          [
            'credentials h1: its pacemaker_remote uses certificates, but Pacemaker on c1, c2 uses the authkey: they cannot connect',
          ],
        );
        await lab.sh(
          'h1',
          `sed -i '/hand-/d' ${ENVIRONMENT} && rm /etc/pacemaker/hand-* && systemctl restart pacemaker_remote`,
        );
      });
      await allIn(lab, 'h1');
      await assertInSync(lab, inventoryOf([h1, h2], { method: 'psk' }));
      await assertQuiet(lab);
    });
  });

  describe('a guest node on its way in', () => {
    it('is pending and not in sync, and drift ends with 3', async () => {
      const role = 'crm_resource --resource vm-v1 --meta';
      await lab.sh('c1', `${role} --set-parameter target-role --parameter-value Stopped`);
      await waitFor('the VM is off', 60_000, () => !lab.isOn('v1') || 'it is on');
      await settled(lab);
      for (const from of ['c1', 'c2']) await lab.block(from, 'v1', 3121);
      await lab.sh('c1', `${role} --delete-parameter target-role`);
      await waitFor('its connection starts', 60_000, async () => {
        const mon = await lab.crmMon();
        return /<resource id="g1" [^>]*(role="Starting"|pending="Starting")/.test(mon) || mon;
      });
      const inventory = inventoryOf([h1, h2]);
      const { names, pending } = await drift(lab, 3, ['-i', inventory]);
      assert.deepEqual([names, pending.map(({ host }) => host)], [[], ['g1']]);
      const status = await outrigger(lab, ['status', '-i', inventory]);
      assert.match(status.stdout, /0 of 1 guest node in/);
      for (const from of ['c1', 'c2']) await lab.unblock(from, 'v1', 3121);
      await allIn(lab, 'g1');
      assert.deepEqual((await drift(lab, 0, ['-i', inventory])).names, []);
    });
  });

  describe('the state of a removed node that another DC writes anew', () => {
    it('is a note and no drift', async () => {
      const inventory = inventoryOf([h1, { ...h2, state: 'absent' }]);
      await applied(lab, 0, ['-i', inventory]);
      assert.deepEqual(await tracesOf(lab, 'h2'), []);
      const before = await dcFrom(lab, 'c1');
      const other = before === 'c1' ? 'c2' : 'c1';
      // A cluster node without its controller would be fenced otherwise.
      await inMaintenance(lab, async () => {
        await lab.sh(before, 'kill -9 $(pidof pacemaker-controld)');
        await waitFor('another DC has written the state of h2', 60_000, async () => {
          const traces = await tracesOf(lab, 'h2');
          return (
            ((await dcFrom(lab, other)) === other && traces.includes('node_state')) || traces.join()
          );
        });
      });
      await allIn(lab, 'h1', 'g1');
      for (const desired of [inventory, inventoryOf([h1])]) {
        assert.deepEqual((await drift(lab, 0, ['-i', desired])).names, []);
        const { notes, changes } = await plan(lab, desired);
        assert.deepEqual(changes, []);
        assert.match(
          notes.join('\n'),
          /^h2: the cluster has a stale status entry of this removed node, which has no effect/m,
        );
      }
      await assertQuiet(lab);
    });
  });

  describe('PCMK_tls_priorities without anything in common', () => {
    it('is named by a join that fails, and by the plan after it', async () => {
      await lab.sh('h2', `echo 'PCMK_tls_priorities=${NOT_COMMON}' >>${ENVIRONMENT}`);
      const inventory = inventoryOf([h1, h2]);
      const { failures } = await applied(lab, 4, ['-i', inventory]);
      assert.match(
        failures['h2'] ?? '',
        /; PCMK_tls_priorities is "NORMAL:.*" on h2, not set on c1, c2: .* although they have the same authkey; the join was rolled back$/,
      );
      await assertQuiet(lab);
      await lab.sh(
        'h2',
        `sed -i '/^PCMK_tls_priorities/d' ${ENVIRONMENT}; systemctl stop pacemaker_remote`,
      );
    });
  });

  describe('a daemon on an IPv6 address that is not the unit', () => {
    it('is refused before anything is changed', async () => {
      for (const address of ['::', address6Of(lab.addresses['h2'] ?? '')]) {
        await lab.sh(
          'h2',
          `systemd-run --quiet --unit=container --setenv=PCMK_remote_address=${address} /usr/sbin/pacemaker-remoted`,
        );
        await waitFor(
          'it listens',
          30_000,
          async () => (await listensOn(lab, 'h2')) !== '' || 'no',
        );
        const { problems } = await plan(lab, inventoryOf([h1, h2]));
        assert.deepEqual(
          problems.map(({ host, code }) => `${host} ${code}`),
          ['h2 PORT_IN_USE'],
          await listensOn(lab, 'h2'),
        );
        await lab.sh('h2', 'systemctl stop container');
      }
    });
  });

  describe('packages whose dependencies cannot be met', () => {
    it('are found by doctor, and an apply that fails leaves no unit masked', async () => {
      const pin = '/etc/apt/preferences.d/field';
      await lab.sh('h3', `printf 'Package: libqb*\\nPin: release *\\nPin-Priority: -1\\n' >${pin}`);
      const inventory = inventoryOf([h1, { name: 'h3', host: 'h3' }]);
      const bad = await badIn(lab, inventory);
      assert.deepEqual(
        bad.map((line) => line.replace(/: .*/, '')),
        ['packages h3'],
      );
      assert.match(bad[0] ?? '', /Depends:? libqb/);
      const { failures } = await applied(lab, 4, ['-i', inventory]);
      assert.match(failures['h3'] ?? '', /Depends:? libqb/);
      assert.doesNotMatch(failures['h3'] ?? '', /\\u\{a\}/);
      assert.equal(
        await lab.sh('h3', 'systemctl is-enabled pacemaker_remote 2>&1; true'),
        'not-found\n',
      );
      await lab.sh('h3', `rm ${pin}`);
    });
  });

  describe('a key that was made on its host and is a link', () => {
    it('is taken in there by an apply, which the plan shows', async () => {
      const inventory = inventoryOf([h1], await signedRequests(lab));
      await applied(lab, 0, ['-i', inventory, '--allow', 'credentials-converted']);
      const hosts = ['c1', 'h1'];
      const started = await startOf(lab, 'h1');
      for (const host of hosts)
        await lab.sh(
          host,
          `mkdir /srv/keys && mv ${X509_KEY} /srv/keys/key.pem && chmod 644 /srv/keys/key.pem && ln -s /srv/keys/key.pem ${X509_KEY}`,
        );
      const { changes } = await detailedPlan(lab, inventory);
      assert.deepEqual(
        ownChanges(changes),
        hosts.map((host) => `${host} certificate permissions of key`),
      );
      await applied(lab, 0, ['-i', inventory]);
      for (const host of hosts)
        assert.equal(
          await lab.sh(
            host,
            `stat -c '%F %a %U:%G' ${X509_KEY}; stat -c %a /srv/keys/key.pem; cmp ${X509_KEY} /srv/keys/key.pem`,
          ),
          'regular file 640 root:haclient\n644\n',
        );
      assert.equal(await startOf(lab, 'h1'), started);
      await assertInSync(lab, inventory);
      await assertQuiet(lab);
    });
  });
});
