/** Newer packages on connected nodes: without disruption, with fencing and without, also when a run dies in the middle. */
import assert from 'node:assert/strict';
import { inOrder } from '../../support/in-order.ts';
import type { Lab } from '../lab.ts';
import { labDown } from '../lab.ts';
import { inventoryWith, liveCluster, onHosts, quietly } from '../living-cluster.ts';
import { outrigger, plan, type Line } from '../outrigger.ts';
import { startRun } from '../story-run.ts';

/** The hosts of the remote node and of the guest node. */
const HOSTS = ['h1', 'v1'];

/** Offers the host's own pacemaker-remote again, under a newer version. */
const OFFER = `set -e
rm -rf /srv/newer; mkdir -p /srv/newer /etc/apt/sources.list.d; cd /srv/newer
dpkg-deb -R "$(find /srv/repo/ -name 'pacemaker-remote_*.deb')" unpacked
sed -i "s/^Version: .*/&$1/" unpacked/DEBIAN/control
dpkg-deb -b unpacked pacemaker-remote.deb >/dev/null
{ cat unpacked/DEBIAN/control; echo 'Filename: ./pacemaker-remote.deb'
  echo "Size: $(stat -c %s pacemaker-remote.deb)"
  echo "SHA256: $(sha256sum <pacemaker-remote.deb | cut -d ' ' -f 1)"; } >Packages
echo 'deb [trusted=yes] file:/srv/newer ./' >/etc/apt/sources.list.d/newer.list
apt-get update -qq`;

const offer = async (lab: Lab, build: string): Promise<void> => {
  for (const host of HOSTS) await lab.sh(host, `set -- ${build}\n${OFFER}`);
};

const versionsOn = (lab: Lab): Promise<Record<string, string>> =>
  onHosts(lab, "dpkg-query -W -f '${Version}' pacemaker-remote", HOSTS);

const daemonsOn = (lab: Lab): Promise<Record<string, string>> =>
  onHosts(lab, 'systemctl show -P MainPID pacemaker_remote', HOSTS);

for (const fencing of [true, false])
  describe(`an upgrade of packages, fencing ${fencing ? 'on' : 'off'}`, function () {
    inOrder(this); // each step stands on the one before
    const name = fencing ? 'story-upgrade' : 'story-upgrade-off';
    let lab: Lab;
    let inventory: string;

    before(async function () {
      lab = await liveCluster(this, { name, fencing }, (made) =>
        Promise.resolve((inventory = inventoryWith(made, { method: 'psk' }))),
      );
    });

    after(async () => {
      await labDown(name);
    });

    const upgrade = (...more: string[]) => outrigger(lab, ['upgrade', '-i', inventory, ...more]);

    it('says so when the lists offer nothing newer', async () => {
      const { code, stdout, stderr } = await upgrade('--yes');
      assert.equal(code, 0, stderr);
      assert.match(stderr, /^no newer packages in the package lists of the hosts/m);
      assert.match(stdout, /No changes/);
    });

    it('is shown, and nothing is changed where nobody says yes', async () => {
      await offer(lab, '+new1');
      const before = [await versionsOn(lab), await daemonsOn(lab)];
      const shown = await upgrade('--dry-run');
      assert.equal(shown.code, 0, shown.stderr);
      assert.match(shown.stdout, /pacemaker-remote +\S+ -> \S+\+new1/);
      assert.match(shown.stdout, /restart without disruption/);
      assert.equal((await upgrade()).code, 5);
      assert.deepEqual([await versionsOn(lab), await daemonsOn(lab)], before);
      assert.deepEqual((await plan(lab, inventory)).changes, []);
    });

    it('restarts each daemon, without disruption', async () => {
      const before = await daemonsOn(lab);
      await quietly(lab, inventory, async () => {
        const { code, stdout, stderr } = await upgrade('--yes');
        assert.equal(code, 0, stderr + stdout);
      });
      for (const [host, version] of Object.entries(await versionsOn(lab)))
        assert.match(version, /\+new1$/, host);
      const after = await daemonsOn(lab);
      for (const host of HOSTS) assert.notEqual(after[host], before[host]);
      assert.match((await upgrade('--dry-run')).stdout, /No changes/);
    });

    it('is finished by the next run when the tool is killed while a package is unpacked', async () => {
      await offer(lab, '+new2');
      await quietly(lab, inventory, async () => {
        let isProtected = false;
        const { ended } = startRun(lab, ['upgrade', '-i', inventory], (line: Line, child) => {
          if (line.type !== 'action') return;
          if (line.action === 'protect') isProtected = true;
          if (isProtected && line.action === 'install-apt')
            setTimeout(() => child.kill('SIGKILL'), 300);
        });
        assert.equal((await ended).signal, 'SIGKILL');
        const { code, stdout, stderr } = await upgrade('--yes');
        assert.equal(code, 0, stderr + stdout);
      });
      for (const [host, version] of Object.entries(await versionsOn(lab)))
        assert.match(version, /\+new2$/, host);
    });

    it('recognises a daemon that still runs the program before', async () => {
      await offer(lab, '+new3');
      await lab.sh(
        'h1',
        // An operator's upgrade that holds restarts back: invoke-rc.d(8).
        `printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
         DEBIAN_FRONTEND=noninteractive apt-get install -y -qq pacemaker-remote; rm /usr/sbin/policy-rc.d`,
      );
      const { changes } = await plan(lab, inventory);
      assert.deepEqual(
        changes.map(({ host, item, restart, attributes: [first] }) => [
          host,
          item,
          restart,
          first?.before,
        ]),
        [['h1', 'service', 'quiet-restart', 'before its package was upgraded']],
      );
      await quietly(lab, inventory, async () => {
        const { code, stderr } = await outrigger(lab, ['apply', '--yes', '-i', inventory]);
        assert.equal(code, 0, stderr);
      });
    });

    it('is refused where the cluster nodes are older', async () => {
      await lab.sh(
        'h1',
        `cd /srv/newer; sed -i 's/^Version: .*/Version: 99.0.0-1/' unpacked/DEBIAN/control Packages; apt-get update -qq`,
      );
      const { code, stdout } = await upgrade('--dry-run');
      assert.equal(code, 5, stdout);
      assert.match(stdout, /pacemaker-remote 99\.0\.0-1, but a cluster node has Pacemaker/);
    });
  });
