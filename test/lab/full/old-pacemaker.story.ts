/** A cluster whose Pacemaker does not know certificates: Debian 12 with 2.1.5. */
import assert from 'node:assert/strict';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { assertQuiet, clusterStatus, outrigger, writeInventory } from '../outrigger.ts';
import { makePki } from '../pki.ts';
import { skipWithoutLab } from '../story-run.ts';

const ON_HOSTS = {
  ca: '/etc/pki/ca.pem',
  certificate: '/etc/pki/host.pem',
  key: '/etc/pki/host.key',
};

describe('certificates on a Pacemaker that does not know them', function () {
  const name = 'story-old-pacemaker';
  let lab: Lab;

  before(async function () {
    skipWithoutLab(this);
    const kind = { clusterNodes: 2, bareHosts: 1, firewalld: 0, fencing: true };
    lab = await labUp({ name, replace: true, suite: 'bookworm', ...kind });
  });

  after(async () => {
    await labDown(name);
  });

  it('options by a later name are read as it reads them: not at all', async () => {
    const inventory = writeInventory(lab, { remoteNodes: [{ name: 'h1', host: 'h1' }] });
    const set = 'crm_attribute --type crm_config -n fencing-enabled';
    await lab.sh('c1', `${set} -v false`);
    assert.deepEqual(await clusterStatus(lab, inventory), { fencing: true, maintenance: false });
    await lab.sh('c1', `${set} --delete`);
  });

  for (const where of ['of this machine', 'of the hosts'] as const) {
    it(`${where} are refused in one line, and nothing is touched`, async () => {
      const { authentication } = await makePki(lab, ['c1', 'c2', 'h1']);
      const inventory = writeInventory(lab, {
        remoteNodes: [{ name: 'h1', host: 'h1' }],
        authentication:
          where === 'of this machine'
            ? authentication
            : { method: 'x509', x509: { onHosts: ON_HOSTS } },
      });
      const before = await lab.sh('c1', 'cibadmin --query --no-children; ls -l /etc/pacemaker');
      const { code, stdout, stderr } = await outrigger(lab, ['apply', '--yes', '-i', inventory]);
      assert.equal(code, 5, stderr);
      assert.equal(stdout, '');
      const reported = stderr.split('\n').filter((line) => line.startsWith('c1: '));
      assert.deepEqual(reported, ['c1: its Pacemaker does not support certificates']);
      assert.match(stderr, /upstream supports them from Pacemaker 3\.0\.0/);
      const after = await lab.sh('c1', 'cibadmin --query --no-children; ls -l /etc/pacemaker');
      assert.equal(after, before);
      await assertQuiet(lab);
    });
  }
});
