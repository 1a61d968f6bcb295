/** A living cluster that uses the authkey gets an authority of outrigger, and all that its life brings. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inOrder } from '../../support/in-order.ts';
import { labDown } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { inventoryWith, liveCluster, onHosts, quietly, restartedIn } from '../living-cluster.ts';
import { applied, outrigger, settled, type Finished } from '../outrigger.ts';

const SERIAL = 'openssl x509 -noout -serial -in /etc/pacemaker/x509-cert.pem';
const ISSUER = 'openssl x509 -noout -issuer -in /etc/pacemaker/x509-cert.pem';
const AUTHORITIES = 'grep -c BEGIN /etc/pacemaker/x509-ca.pem';
const REVOKED =
  "openssl crl -noout -text -in /etc/pacemaker/x509-crl.pem | grep -c 'Serial Number: '";
const DAEMONS = ['g1 start-service', 'h1 start-service'];

/** As an operator takes a node out of a cluster. */
const takeOut = (node: string): string =>
  [
    `crm_resource --resource ${node} --meta --set-parameter target-role --parameter-value Stopped`,
    'crm_resource --wait --timeout 60',
    `cibadmin --delete --xml-text '<primitive id="${node}"/>'`,
    'crm_resource --wait --timeout 60',
    `crm_node --force --remove ${node}`,
  ].join(' && ');

for (const fencing of [true, false]) {
  const name = `story-authority-${fencing ? 'on' : 'off'}`;

  describe(`an authority of outrigger for a living cluster, fencing ${fencing ? 'on' : 'off'}`, function () {
    inOrder(this); // each step stands on the one before
    let lab: Lab;

    before(async function () {
      lab = await liveCluster(this, { name, fencing, bareHosts: 2 }, (made) =>
        Promise.resolve(inventoryWith(made, { method: 'psk' }, ['h2'])),
      );
    });

    after(async () => {
      await labDown(name);
    });

    function inventoryOf(hosts: readonly string[], more: Record<string, unknown> = {}): string {
      const file = join(lab.dir, 'passphrase');
      writeFileSync(file, 'correct horse battery staple\n', { mode: 0o600 });
      const authority = join(lab.dir, 'ca');
      const x509 = { authority, passphrase: { file }, removeAuthkey: true, ...more };
      return inventoryWith(lab, { method: 'x509', x509 }, hosts);
    }

    const rotate = async (what: string, inventory: string): Promise<Finished> => {
      const finished = await outrigger(lab, ['rotate', what, '--yes', '-i', inventory]);
      assert.equal(finished.code, 0, finished.stdout + finished.stderr);
      return finished;
    };

    it('takes the place of the authkey', async () => {
      const inventory = inventoryOf(['h2']);
      await quietly(lab, inventory, () =>
        applied(lab, 0, ['-i', inventory, '--allow', 'credentials-converted']),
      );
      const serials = Object.values(await onHosts(lab, SERIAL));
      assert.equal(new Set(serials).size, serials.length);
    });

    it('issues new certificates for connected nodes', async () => {
      const inventory = inventoryOf(['h2']);
      const before = await onHosts(lab, SERIAL);
      await quietly(lab, inventory, () => rotate('certificates', inventory));
      for (const [host, serial] of Object.entries(await onHosts(lab, SERIAL)))
        assert.notEqual(serial, before[host], host);
    });

    it('revokes those of a node that is no more; only the daemons of nodes are restarted', async () => {
      await lab.sh('c1', takeOut('h2'));
      await settled(lab);
      const inventory = inventoryOf([], { revoked: ['h2'] });
      await quietly(lab, inventory, async () => {
        assert.deepEqual(restartedIn(await applied(lab, 0, ['-i', inventory])), DAEMONS);
      });
      for (const [host, count] of Object.entries(await onHosts(lab, REVOKED)))
        assert.equal(count, '2', host);
    });

    it('is replaced by another one, step by step', async () => {
      const inventory = inventoryOf([], { revoked: ['h2'] });
      await quietly(lab, inventory, async () => {
        const { stdout } = await rotate('authority', inventory);
        assert.equal(
          stdout.match(/step [1-3] of 3/g)?.join(),
          'step 1 of 3,step 2 of 3,step 3 of 3',
        );
      });
      for (const [host, said] of Object.entries(await onHosts(lab, ISSUER)))
        assert.match(said, / 2$/, host);
      for (const [host, count] of Object.entries(await onHosts(lab, AUTHORITIES)))
        assert.equal(count, '1', host);
    });
  });
}
