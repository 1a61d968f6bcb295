/** Daemons that do not use what their files say: Pacemaker 3.0.3, which keeps for life what it has read. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  assertInSync,
  assertQuiet,
  drift,
  guestOn,
  outrigger,
  plan,
  settled,
  writeInventory,
} from '../outrigger.ts';
import { makePki, type Pki } from '../pki.ts';
import { assertNothingLeft, skipWithoutLab } from '../story-run.ts';
import { photograph, startOn } from '../workload.ts';

/** Another content first: only the time tells of it afterwards. */
const REWRITE_KEY = `cp -p /etc/pacemaker/authkey /tmp/authkey && echo other >/etc/pacemaker/authkey &&
  cat /tmp/authkey >/etc/pacemaker/authkey && rm /tmp/authkey`;

const ADD_LIST = `cat >/etc/pacemaker/x509-crl.pem && chown root:haclient /etc/pacemaker/x509-crl.pem &&
  chmod 640 /etc/pacemaker/x509-crl.pem && echo PCMK_crl_file=/etc/pacemaker/x509-crl.pem >>/etc/default/pacemaker`;

for (const fencing of [true, false])
  describe(`a daemon that does not use what its files say, fencing ${fencing ? 'on' : 'off'}`, function () {
    inOrder(this); // each step stands on the one before
    story(fencing);
  });

function story(fencing: boolean): void {
  const name = `story-running-daemons${fencing ? '' : '-off'}`;
  let lab: Lab;
  let pki: Pki;

  const inventoryOf = (authentication: Record<string, unknown>): string =>
    writeInventory(lab, {
      remoteNodes: [{ name: 'h1', host: 'h1' }],
      // The guest node has the name of its VM.
      guestNodes: [guestOn('v1')],
      authentication,
    });
  const withKey = (): string => inventoryOf({ method: 'psk' });
  const withCertificates = (crl?: string): string =>
    inventoryOf({ ...pki.authentication, x509: { ...pki.authentication.x509, crl } });

  before(async function () {
    skipWithoutLab(this);
    const kind = { clusterNodes: 2, bareHosts: 1, virtualMachines: 1, firewalld: 0, fencing };
    lab = await labUp({ name, replace: true, suite: 'sid', ...kind });
    pki = await makePki(lab, ['c1', 'c2', 'h1', 'v1']);
    // All connections are made by c1, so that c2 reads no key.
    await lab.sh('c1', 'crm_attribute --type rsc_defaults -n resource-stickiness -v 1000');
    await lab.sh('c1', 'crm_standby --node c2 --update on');
    await settled(lab);
    await applied(lab, 0, ['-i', withKey(), '--allow', 'guest-joins']);
    await lab.sh('c1', 'crm_standby --node c2 --delete');
    await startOn(lab, 'd1', 'h1');
    await startOn(lab, 'd2', 'v1');
    await lab.clearPowerLog();
  });

  after(async () => {
    await labDown(name);
  });

  const drifted = async (inventory: string): Promise<string[]> =>
    (await drift(lab, 2, ['-i', inventory])).names;

  const planned = async (inventory: string): Promise<string[]> =>
    (await plan(lab, inventory)).changes.flatMap(({ host, item, attributes }) =>
      attributes.map((attribute) => `${host} ${item} ${attribute.name}`),
    );

  /** Whatever mends it, without disruption. */
  async function repaired(inventory: string, ...more: string[]): Promise<void> {
    const before = await photograph(lab);
    await applied(lab, 0, ['-i', inventory, ...more]);
    await assertInSync(lab, inventory);
    assert.deepEqual(await photograph(lab), before);
    assert.deepEqual(await lab.powerLog(), []);
    await assertQuiet(lab);
    await assertNothingLeft(lab);
  }

  for (const [node, what] of [
    ['h1', 'remote node'],
    ['v1', 'guest node'],
  ] as const)
    it(`is told of a ${what} whose authkey is newer than its daemon`, async () => {
      await lab.sh(node, REWRITE_KEY);
      assert.deepEqual(await drifted(withKey()), [`${node} service started: running-daemon`]);
      assert.deepEqual(await planned(withKey()), [`${node} service started`]);
      await repaired(withKey());
    });

  it('is told of a cluster node that has connected with the key from before, and of no other', async () => {
    await lab.sh('c2', REWRITE_KEY);
    await assertInSync(lab, withKey());
    await lab.sh('c1', REWRITE_KEY);
    // When one has to be restarted, whoever is older than its key is.
    const both = ['c1 pacemaker authkey', 'c2 pacemaker authkey'];
    assert.deepEqual(
      await drifted(withKey()),
      both.map((reported) => `${reported}: running-daemon`),
    );
    assert.deepEqual(await planned(withKey()), both);
    const refused = await outrigger(lab, ['apply', '--yes', '-i', withKey()]);
    assert.equal(refused.code, 5, refused.stderr);
    assert.match(refused.stderr, /--allow authkey-replaced/);
    await repaired(withKey(), '--allow', 'authkey-replaced');
  });

  it('is told where the environment was edited without a restart', async () => {
    await applied(lab, 0, ['-i', withCertificates(), '--allow', 'credentials-converted']);
    const crl = join(pki.dir, 'crl.pem');
    for (const host of ['c1', 'c2', 'h1', 'v1'])
      await lab.sh(host, ADD_LIST, { stdin: readFileSync(crl, 'utf8') });
    const desired = withCertificates(crl);
    const expected = [
      'c1 pacemaker certificates',
      'c2 pacemaker certificates',
      'h1 service started',
      'v1 service started',
    ];
    assert.deepEqual(
      (await drifted(desired)).sort(),
      expected.map((reported) => `${reported}: running-daemon`),
    );
    assert.deepEqual((await planned(desired)).sort(), expected);
    assert.equal((await plan(lab, desired)).credentialChange?.kind, 'certificate-files');
    await repaired(desired, '--allow', 'credentials-converted');
  });

  it('is told from one whose file was changed under it', async () => {
    const desired = withCertificates(join(pki.dir, 'crl.pem'));
    for (const host of ['c1', 'h1', 'v1'])
      await lab.sh(host, "sed -i '/^PCMK_crl_file=/d' /etc/default/pacemaker");
    assert.deepEqual((await drifted(desired)).sort(), [
      'c1 environment PCMK_crl_file: configuration',
      'h1 environment PCMK_crl_file: configuration',
      'v1 environment PCMK_crl_file: configuration',
    ]);
    await repaired(desired, '--allow', 'credentials-converted');
  });
}
