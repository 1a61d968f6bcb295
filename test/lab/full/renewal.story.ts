/** Certificates of an existing authority while nodes are connected: renewed, revoked, and of another authority step by step. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inOrder } from '../../support/in-order.ts';
import { DAY_MS, revoke, type Issued } from '../../support/pki.ts';
import { labDown } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  inventoryWith,
  liveCluster,
  loginsOn,
  NODES,
  onHosts,
  quietly,
  restartedIn,
} from '../living-cluster.ts';
import { applied, assertInSync, isStarted, outrigger, plan, settled } from '../outrigger.ts';
import { issueInto, makePki, type Pki } from '../pki.ts';
import { photograph } from '../workload.ts';

const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS);
const LIST = { from: inDays(-1), until: inDays(30) };
const DAEMONS = ['g1 start-service', 'h1 start-service'];
const KEYS = 'ls /etc/pacemaker/authkey 2>/dev/null; true';
const ISSUER = 'openssl x509 -noout -issuer -in /etc/pacemaker/x509-cert.pem';
const MAIN_PID = 'systemctl show -p MainPID --value pacemaker';

for (const fencing of [true, false]) {
  const name = `story-renewal-${fencing ? 'on' : 'off'}`;

  describe(`certificates of connected nodes, fencing ${fencing ? 'on' : 'off'}`, function () {
    inOrder(this); // each step stands on the one before
    let lab: Lab;
    let pki: Pki;
    let inventory = '';
    const put = (file: string, text: string): void => {
      writeFileSync(join(pki.dir, file), text);
    };

    before(async function () {
      lab = await liveCluster(this, { name, fencing }, async (made) => {
        pki = await makePki(made, NODES);
        return (inventory = inventoryWith(made, pki.authentication));
      });
    });

    after(async () => {
      await labDown(name);
    });

    it('are renewed: the daemons of the nodes are restarted, and nothing else', async () => {
      for (const node of NODES) await issueInto(pki, node);
      await quietly(lab, inventory, async () => {
        assert.deepEqual(restartedIn(await applied(lab, 0, ['-i', inventory])), DAEMONS);
      });
    });

    it('are renewed on cluster nodes without any restart, and used for the next connection', async () => {
      const pids = await onHosts(lab, MAIN_PID, ['c1', 'c2']);
      for (const node of ['c1', 'c2']) await issueInto(pki, node);
      await quietly(lab, inventory, async () => {
        assert.deepEqual(restartedIn(await applied(lab, 0, ['-i', inventory])), []);
      });
      // Whichever cluster node has the connection, another one makes it anew.
      const before = await photograph(lab);
      await lab.sh('c1', 'crm_resource --resource h1 --ban');
      await settled(lab);
      await lab.sh('c1', 'crm_resource --resource h1 --clear');
      await settled(lab);
      assert.ok(await isStarted(lab, 'h1'));
      assert.deepEqual(await photograph(lab), before);
      assert.deepEqual(await onHosts(lab, MAIN_PID, ['c1', 'c2']), pids);
    });

    it('are revoked for a node that is no more, by a new list that the daemons read', async () => {
      await issueInto(pki, 'gone');
      const [pem, key] = ['pem', 'key'].map((end) =>
        readFileSync(join(pki.dir, `gone.${end}`), 'utf8'),
      );
      assert.ok(pem !== undefined && key !== undefined);
      const { X509Certificate } = await import('@peculiar/x509');
      const gone = { certificate: new X509Certificate(pem) } as Issued;
      put('crl.pem', await revoke(pki.authority, [gone], LIST));
      await quietly(lab, inventory, async () => {
        assert.deepEqual(restartedIn(await applied(lab, 0, ['-i', inventory])), DAEMONS);
      });
    });

    it('are told of before they lapse, and refused while time is left, without asking a host', async () => {
      const good = readFileSync(join(pki.dir, 'crl.pem'), 'utf8');
      const logins = await loginsOn(lab);
      put('crl.pem', await revoke(pki.authority, [], { ...LIST, until: inDays(0.49) }));
      for (const command of [['plan'], ['drift'], ['apply', '--yes']]) {
        const { code, stdout, stderr } = await outrigger(lab, [...command, '-i', inventory]);
        assert.equal(code, 1, stderr);
        assert.equal(stdout, '');
        assert.match(stderr, /crl\.pem: its CRL expires in 11 h: get a new one/);
      }
      put('crl.pem', good);
      await issueInto(pki, 'h1', { notBefore: inDays(-9), notAfter: inDays(-2) });
      const { code, stderr } = await outrigger(lab, ['apply', '--yes', '-i', inventory]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /h1\.pem: CN=h1 expired on /);
      assert.deepEqual(await loginsOn(lab), logins, 'a host was asked');
      await issueInto(pki, 'h1', { notAfter: inDays(20.5) });
      for (const [command, end] of [
        ['plan', 0],
        ['drift', 2],
      ] as const) {
        const { code: exit, stdout } = await outrigger(lab, [command, '-i', inventory]);
        assert.equal(exit, end, stdout);
        assert.match(stdout.replace(/\s+/g, ' '), /h1\.pem: CN=h1 expires in 20 days/);
      }
      await issueInto(pki, 'h1');
      await quietly(lab, inventory, () => applied(lab, 0, ['-i', inventory]));
    });

    it('become those of another authority in three steps, without the word for a risk', async () => {
      const other = await makePki(lab, [], 'another authority');
      const pids = await onHosts(lab, MAIN_PID, ['c1', 'c2']);
      const text = (from: Pki, file: string): string => readFileSync(join(from.dir, file), 'utf8');
      const step = async (): Promise<void> => {
        const { risks } = await plan(lab, inventory);
        assert.deepEqual(risks, []);
        await quietly(lab, inventory, async () => {
          assert.deepEqual(restartedIn(await applied(lab, 0, ['-i', inventory])), DAEMONS);
        });
      };
      put('ca.pem', pki.authority.pem + other.authority.pem);
      put('crl.pem', text(pki, 'crl.pem') + text(other, 'crl.pem'));
      await step();
      for (const node of NODES) await issueInto({ dir: pki.dir, authority: other.authority }, node);
      await step();
      put('ca.pem', other.authority.pem);
      put('crl.pem', text(other, 'crl.pem'));
      await step();
      assert.deepEqual(await onHosts(lab, MAIN_PID, ['c1', 'c2']), pids);
      pki = { ...pki, authority: other.authority };
      for (const said of Object.values(await onHosts(lab, ISSUER)))
        assert.match(said, /CN ?= ?another authority$/);
      // Whoever connects from now on can show certificates of the new authority only.
      const before = await photograph(lab);
      await lab.sh('c1', 'crm_resource --resource h1 --ban');
      await settled(lab);
      await lab.sh('c1', 'crm_resource --resource h1 --clear');
      await settled(lab);
      assert.ok(await isStarted(lab, 'h1'));
      assert.deepEqual(await photograph(lab), before);
    });

    it('become those of another authority at once only under the name of the risk', async () => {
      const other = await makePki(lab, NODES);
      const { risks } = await plan(lab, inventoryWith(lab, other.authentication));
      assert.deepEqual(
        risks.map(({ code }) => code),
        ['ca-replaced'],
      );
    });

    it('are used alone again after packages have brought authkeys back', async () => {
      const noninteractive = 'DEBIAN_FRONTEND=noninteractive';
      await lab.sh('h1', `${noninteractive} dpkg-reconfigure pacemaker-common`);
      await lab.sh('c1', `${noninteractive} dpkg-reconfigure pacemaker-common`);
      for (const host of ['h1', 'c1'])
        assert.notEqual(
          await lab.sh(host, KEYS),
          '',
          `the package did not bring it back on ${host}`,
        );
      const { changes } = await plan(lab, inventory);
      assert.deepEqual(
        changes.map(({ host, item }) => `${host} ${item}`),
        ['h1 authkey-removed', 'c1 authkey-removed'],
      );
      await quietly(lab, inventory, async () => {
        assert.deepEqual(restartedIn(await applied(lab, 0, ['-i', inventory])), []);
      });
      assert.ok(Object.values(await onHosts(lab, KEYS)).every((said) => said === ''));
    });

    it('are refused in a cluster with a bundle, in one line', async () => {
      const bundle =
        '<bundle id="boxes"><meta_attributes id="boxes-meta"><nvpair id="boxes-role" name="target-role" value="Stopped"/></meta_attributes><docker image="none" replicas="1"/><network control-port="9999"/></bundle>';
      await lab.sh('c1', 'cibadmin --create --scope resources --xml-pipe', { stdin: bundle });
      await settled(lab);
      const { code, stdout, stderr } = await outrigger(lab, ['apply', '--yes', '-i', inventory]);
      assert.equal(code, 5, stderr);
      assert.equal(stdout, '');
      assert.match(
        stderr,
        /^.*the cluster has bundles \(boxes\): .*\n {2}use `method: psk` .*\n$/m,
      );
      await lab.sh('c1', `cibadmin --delete --xml-text '<bundle id="boxes"/>'`);
      await assertInSync(lab, inventory);
    });
  });
}
