/** A cluster and bare hosts get certificates from an authority that outrigger makes for them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  argvOf,
  assertInSync,
  assertQuiet,
  environmentIn,
  isStarted,
  outrigger,
  plan,
  settled,
  writeInventory,
} from '../outrigger.ts';
import { skipWithoutLab } from '../story-run.ts';
import { photograph, startOn } from '../workload.ts';

const NAME = 'story-authority';
const PASSPHRASE = 'correct horse battery staple';
const HOSTS = ['c1', 'c2', 'h1', 'h2'];

/** The serial number of the certificate that a host has, as openssl prints it. */
const SERIAL = 'openssl x509 -noout -serial -in /etc/pacemaker/x509-cert.pem';
const ISSUER = 'openssl x509 -noout -issuer -in /etc/pacemaker/x509-cert.pem';
/** Verifies the certificate of a host there, against authority and list. */
const VERIFY =
  'cd /etc/pacemaker && openssl verify -x509_strict -crl_check -CAfile x509-ca.pem -CRLfile x509-crl.pem x509-cert.pem';
/** The serial numbers on the list of a host. */
const REVOKED =
  "openssl crl -noout -text -in /etc/pacemaker/x509-crl.pem | sed -n 's/ *Serial Number: //p'";

/** As an operator takes a node out of a cluster. */
const takeOut = (node: string): string =>
  [
    `crm_resource --resource ${node} --meta --set-parameter target-role --parameter-value Stopped`,
    'crm_resource --wait --timeout 60',
    `cibadmin --delete --xml-text '<primitive id="${node}"/>'`,
    'crm_resource --wait --timeout 60',
    `crm_node --force --remove ${node}`,
  ].join(' && ');

describe('an authority of outrigger', function () {
  let lab: Lab;
  let directory = '';
  let inventory = '';

  before(async function () {
    skipWithoutLab(this);
    const kind = { clusterNodes: 2, bareHosts: 2, firewalld: 0, fencing: true };
    lab = await labUp({ name: NAME, replace: true, ...kind });
    directory = join(lab.dir, 'pki', 'ca');
    inventory = inventoryOf(['h1', 'h2']);
    await lab.sh('c1', 'crm_attribute --type rsc_defaults -n resource-stickiness -v 1000');
    await startOn(lab, 'd1', 'c1');
  });

  after(async () => {
    await labDown(NAME);
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'passed') await assertQuiet(lab);
  });

  function inventoryOf(hosts: readonly string[], more: Record<string, unknown> = {}): string {
    const file = join(lab.dir, 'passphrase');
    writeFileSync(file, `${PASSPHRASE}\n`, { mode: 0o600 });
    return writeInventory(lab, {
      remoteNodes: hosts.map((host) => ({ name: host, host })),
      authentication: {
        method: 'x509',
        x509: { authority: directory, passphrase: { file }, removeAuthkey: true, ...more },
      },
    });
  }

  /** What each host has, by a command there. */
  const onHosts = async (command: string, hosts = HOSTS): Promise<Record<string, string>> => {
    const found: Record<string, string> = {};
    for (const host of hosts) found[host] = (await lab.sh(host, command)).trim();
    return found;
  };

  it('is made by apply alone, and lets bare hosts join', async () => {
    const before = await photograph(lab);
    const { changes } = await plan(lab, inventory);
    assert.ok(changes.some(({ item }) => item === 'certificate'));
    assert.throws(() => readdirSync(directory), 'a plan makes nothing');
    const { stdout } = await applied(lab, 0, ['-i', inventory, '--batch', '2']);
    for (const secret of [PASSPHRASE, readFileSync(join(directory, 'nodes', 'h1.key'), 'utf8')])
      assert.ok(!stdout.includes(secret.split('\n')[1] ?? secret));
    await settled(lab);
    for (const host of ['h1', 'h2']) assert.ok(await isStarted(lab, host), host);
    assert.deepEqual(await photograph(lab), before);
    for (const [host, said] of Object.entries(await onHosts(VERIFY)))
      assert.equal(said, 'x509-cert.pem: OK', host);
    const serials = new Set(Object.values(await onHosts(SERIAL)));
    assert.equal(serials.size, HOSTS.length, 'each has a certificate of its own');
    await assertInSync(lab, inventory);
  });

  it('renews keys and certificates of connected nodes, without disruption', async () => {
    await startOn(lab, 'd2', 'h1');
    const before = await photograph(lab);
    const old = await onHosts(SERIAL);
    const { code, stdout, stderr } = await outrigger(lab, [
      'rotate',
      'certificates',
      '--yes',
      '-i',
      inventory,
    ]);
    assert.equal(code, 0, `${stdout}${stderr}`);
    await settled(lab);
    const now = await onHosts(SERIAL);
    for (const host of HOSTS) assert.notEqual(now[host], old[host], host);
    for (const host of ['h1', 'h2']) assert.ok(await isStarted(lab, host), host);
    assert.deepEqual(await photograph(lab), before);
    await assertInSync(lab, inventory);
  });

  it('is for this cluster alone', async () => {
    const text = readFileSync(inventory, 'utf8');
    const other = join(lab.dir, 'other.yml');
    writeFileSync(other, text.replace(`"name": "${NAME}"`, '"name": "other"'));
    const { code, stderr } = await outrigger(lab, ['plan', '-i', other]);
    assert.notEqual(code, 0);
    assert.match(stderr, /belongs to cluster \S+, but this cluster is other/);
  });

  it('lets its key lie in a safe while a renewal is due: plan and apply go on', async () => {
    const old = await onHosts(SERIAL);
    const [key, safe] = [join(directory, 'ca.key'), join(lab.dir, 'safe.key')];
    const due = inventoryOf(['h1', 'h2'], { validity: '2y', renewBefore: '1y' });
    renameSync(key, safe);
    try {
      const { notes, problems, changes } = await plan(lab, due);
      assert.ok(
        notes.some((note) => /^the renewal that is due .* waits for .*ca\.key/.test(note)),
        notes.join('\n'),
      );
      assert.deepEqual([problems, changes], [[], []]);
      await applied(lab, 0, ['-i', due]);
      assert.deepEqual(await onHosts(SERIAL), old);
      const { code, stderr } = await outrigger(lab, ['rotate', 'certificates', '--yes', '-i', due]);
      assert.notEqual(code, 0);
      assert.match(stderr, /ca\.key is missing, but certificates have to be signed/);
    } finally {
      renameSync(safe, key);
      inventory = inventoryOf(['h1', 'h2']);
    }
    await assertInSync(lab, inventory);
  });

  it('is replaced by another one in three steps, although the run dies; without disruption', async () => {
    const issuers = () => onHosts(ISSUER);
    const before = await photograph(lab);
    const rotate = argvOf(['rotate', 'authority', '--yes', '--json', '-i', inventory]);
    const child = lab.controlSpawn(rotate, {
      env: environmentIn(lab),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      // One cluster node trusts both by now, the other one and the hosts do not.
      if (chunk.toString().includes('"action":"verify-certificates"')) child.kill('SIGKILL');
    });
    await once(child, 'close');
    assert.equal(child.signalCode, 'SIGKILL');
    const { notes, risks } = await plan(lab, inventory);
    assert.deepEqual(risks, []);
    assert.ok(
      notes.some((note) => note.includes('step 1 of 3')),
      notes.join(),
    );
    const { code, stdout, stderr } = await outrigger(lab, [
      'rotate',
      'authority',
      '--yes',
      '-i',
      inventory,
    ]);
    assert.equal(code, 0, `${stdout}${stderr}`);
    assert.equal(stdout.match(/step [1-3] of 3/g)?.join(), 'step 1 of 3,step 2 of 3,step 3 of 3');
    await settled(lab);
    for (const host of ['h1', 'h2']) assert.ok(await isStarted(lab, host), host);
    assert.deepEqual(await photograph(lab), before);
    for (const [host, said] of Object.entries(await onHosts(VERIFY)))
      assert.equal(said, 'x509-cert.pem: OK', host);
    for (const [host, said] of Object.entries(await issuers())) assert.match(said, / 2$/, host);
    await assertInSync(lab, inventory);
  });

  it('revokes whatever a node had that is no more', async () => {
    await lab.sh('c1', takeOut('h2'));
    const before = await photograph(lab);
    const gone = inventoryOf(['h1'], { revoked: ['h2'] });
    await applied(lab, 0, ['-i', gone]);
    await settled(lab);
    for (const [host, list] of Object.entries(await onHosts(REVOKED, ['c1', 'c2', 'h1'])))
      assert.equal(list.split('\n').length, 1, `${host}: that of the new authority alone`);
    assert.ok(await isStarted(lab, 'h1'));
    assert.deepEqual(await photograph(lab), before);
    await assertInSync(lab, gone);
  });
});
