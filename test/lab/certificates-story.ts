/** A cluster without remote nodes takes up certificates of an existing authority, and bare hosts join with them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DAY_MS } from '../support/pki.ts';
import { labDown, labUp } from './lab.ts';
import type { Lab } from './lab.ts';
import {
  applied,
  assertInSync,
  assertQuiet,
  drift,
  isStarted,
  outrigger,
  settled,
  writeInventory,
} from './outrigger.ts';
import { issueInto, makePki, type Pki } from './pki.ts';
import { isRestartOfPacemaker, killedAt, skipWithoutLab } from './story-run.ts';
import { photograph, startOn } from './workload.ts';

const NODES = ['c1', 'c2', 'h1', 'h2'];
const KEYS = 'ls /etc/pacemaker/authkey 2>/dev/null; true';

/** The variables for certificates that Pacemaker on a host was started with. */
const STARTED_WITH =
  "for u in pacemaker pacemaker_remote; do p=$(systemctl show -p MainPID --value $u); [ $p -gt 0 ] && tr '\\0' '\\n' </proc/$p/environ | grep -c '^PCMK_[a-z]*_file='; done; true";

export function certificatesStory(fencing: boolean): void {
  const name = `story-certificates-${fencing ? 'on' : 'off'}`;

  describe(`certificates of an existing authority, fencing ${fencing ? 'on' : 'off'}`, function () {
    let lab: Lab;
    let pki: Pki;

    before(async function () {
      skipWithoutLab(this);
      const kind = { clusterNodes: 2, bareHosts: 2, firewalld: 0, fencing };
      lab = await labUp({ name, replace: true, ...kind });
      pki = await makePki(lab, NODES);
      await lab.sh('c1', 'crm_attribute --type rsc_defaults -n resource-stickiness -v 1000');
      await startOn(lab, 'd1', 'c1');
      await startOn(lab, 'd2', 'c2');
    });

    after(async () => {
      await labDown(name);
    });

    afterEach(async function () {
      if (this.currentTest?.state === 'passed') await assertQuiet(lab);
    });

    const inventoryOf = (...hosts: string[]) =>
      writeInventory(lab, {
        remoteNodes: hosts.map((host) => ({ name: host, host })),
        authentication: pki.authentication,
      });

    it('are refused before any host is touched when one of them has expired', async () => {
      const day = DAY_MS;
      await issueInto(pki, 'h1', {
        notBefore: new Date(Date.now() - 9 * day),
        notAfter: new Date(Date.now() - 2 * day),
      });
      const { code, stderr } = await outrigger(lab, ['apply', '--yes', '-i', inventoryOf('h1')]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /h1\.pem: CN=h1 expired on /);
      assert.equal(await lab.sh('c1', 'ls /etc/pacemaker'), 'authkey\n');
      await issueInto(pki, 'h1');
    });

    it('are taken up and let a bare host join, although the run dies in between; without disruption', async () => {
      const before = await photograph(lab);
      const inventory = inventoryOf('h1');
      await killedAt(lab, ['apply', '-i', inventory], (line) => isRestartOfPacemaker(line));
      assert.match(await lab.crmMon(), /maintenance-mode="true"/);
      await applied(lab, 0, ['-i', inventory]);
      await settled(lab);
      assert.ok(await isStarted(lab, 'h1'));
      assert.match(await lab.crmMon(), /maintenance-mode="false"/);
      assert.deepEqual(await photograph(lab), before);
      await assertInSync(lab, inventory);
      for (const host of ['c1', 'c2', 'h1']) {
        assert.equal(await lab.sh(host, KEYS), '', `${host} has an authkey`);
        assert.equal(await lab.sh(host, STARTED_WITH), '4\n', host);
      }
    });

    it('let a second host join without touching anybody else', async () => {
      const before = await photograph(lab);
      const { lines } = await applied(lab, 0, ['-i', inventoryOf('h1', 'h2')]);
      const touched = lines.flatMap((line) => (line.type === 'action' ? [line.host] : []));
      assert.deepEqual([...new Set(touched)], ['h2']);
      await settled(lab);
      assert.ok(await isStarted(lab, 'h2'));
      assert.deepEqual(await photograph(lab), before);
      await assertInSync(lab, inventoryOf('h1', 'h2'));
    });

    it('are drift where one is another, or where others can read a key', async () => {
      const inventory = inventoryOf('h1', 'h2');
      const drifted = async (code: number): Promise<string[]> =>
        (await drift(lab, code, ['-i', inventory])).names;
      assert.deepEqual(await drifted(0), []);
      const file = '/etc/pacemaker/x509-cert.pem';
      await lab.sh('c2', `cp -p ${file} /root/cert && echo >>${file}`);
      await lab.sh('h1', 'chmod 644 /etc/pacemaker/x509-key.pem');
      assert.deepEqual(await drifted(2), [
        'c2 certificate certificate: configuration',
        'h1 certificate permissions of key: configuration',
      ]);
      await lab.sh('c2', `cp -p /root/cert ${file}`);
      await lab.sh('h1', 'chmod 640 /etc/pacemaker/x509-key.pem');
      assert.deepEqual(await drifted(0), []);
    });

    it('are used alone again after a package has brought an authkey back', async () => {
      await lab.sh('h1', 'DEBIAN_FRONTEND=noninteractive dpkg-reconfigure pacemaker-common');
      assert.notEqual(await lab.sh('h1', KEYS), '', 'the package did not bring it back');
      const { names } = await drift(lab, 2, ['-i', inventoryOf('h1', 'h2')]);
      assert.deepEqual(names, ['h1 authkey-removed /etc/pacemaker/authkey: configuration']);
      await applied(lab, 0, ['-i', inventoryOf('h1', 'h2')]);
      assert.equal(await lab.sh('h1', KEYS), '');
      await assertInSync(lab, inventoryOf('h1', 'h2'));
    });

    it('are renewed on a connected host and on a cluster node; only that host’s daemon is restarted', async () => {
      const before = await photograph(lab);
      await issueInto(pki, 'h1', { notAfter: new Date(Date.now() + 20 * DAY_MS) });
      await issueInto(pki, 'c1');
      const inventory = inventoryOf('h1', 'h2');
      const { lines } = await applied(lab, 0, ['-i', inventory]);
      const restarted = lines.flatMap((line) =>
        line.type === 'action' && /restart|start-service/.test(line.action)
          ? [`${line.host} ${line.action}`]
          : [],
      );
      assert.deepEqual(restarted, ['h1 start-service']);
      await settled(lab);
      assert.ok(await isStarted(lab, 'h1'));
      assert.deepEqual(await photograph(lab), before);
      await assertInSync(lab, inventory);
      const { names } = await drift(lab, 2, ['-i', inventory]);
      assert.deepEqual(names, [`h1 certificate-expiry ${join(pki.dir, 'h1.pem')}: expiring`]);
    });
  });
}
