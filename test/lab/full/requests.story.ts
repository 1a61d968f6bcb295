/** Keys are made on the hosts and never leave them; an authority that is not outrigger's signs their requests. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WAITING_PAIR } from '../../../src/pacemaker/basics/names.ts';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  assertInSync,
  assertQuiet,
  guestOn,
  isStarted,
  outrigger,
  plan,
  settled,
  writeInventory,
  type Finished,
} from '../outrigger.ts';
import { assertNoKeyHere, makePki, type Pki } from '../pki.ts';
import { assertNothingLeft, skipWithoutLab, startApply } from '../story-run.ts';
import { photograph, startOn } from '../workload.ts';

/** The guest node has the name of its VM. */
const HOSTS = ['c1', 'c2', 'h1', 'v1'];
const NODES = [...HOSTS, 'h2'];

/** Verifies the certificate of a host there, and tells its fingerprint. */
const CERTIFICATE =
  'cd /etc/pacemaker && openssl verify -purpose sslserver -CAfile x509-ca.pem x509-cert.pem >/dev/null && openssl x509 -noout -fingerprint -sha256 -in x509-cert.pem';
/** The digest of the public half of the key that a host uses. */
const KEY = 'openssl pkey -in /etc/pacemaker/x509-key.pem -pubout | sha256sum';
const RIGHTS = "stat -c '%a %U:%G %n' /etc/pacemaker/x509-*";

for (const fencing of [true, false])
  describe(`keys that are made on the hosts, fencing ${fencing ? 'on' : 'off'}`, function () {
    inOrder(this);
    story(fencing);
  });

function story(fencing: boolean): void {
  const name = `story-requests${fencing ? '' : '-off'}`;
  let lab: Lab;
  let pki: Pki;
  let folder = '';

  before(async function () {
    skipWithoutLab(this);
    const kind = { clusterNodes: 2, bareHosts: 2, virtualMachines: 1, firewalld: 0, fencing };
    lab = await labUp({ name, replace: true, ...kind });
    pki = await makePki(lab, []);
    folder = mkdtempSync(join(lab.dir, 'requests-'));
    makeSigner();
    await lab.sh('c1', 'crm_attribute --type rsc_defaults -n resource-stickiness -v 1000');
    await startOn(lab, 'd1', 'c1');
  });

  after(async () => {
    await labDown(name);
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'passed') await assertQuiet(lab);
  });

  /** A program that signs whatever it gets, as `openssl x509 -req` does, and keeps a record of whom it was for. */
  function makeSigner(): void {
    const { authority } = pki;
    writeFileSync(join(folder, 'authority.key'), authority.key, { mode: 0o600 });
    const lines = [
      '#!/bin/sh',
      `cd ${folder} || exit 1`,
      'echo "$OUTRIGGER_NODE" >>signed',
      `[ ! -e trouble ] || . ./trouble`,
      `exec openssl x509 -req -days 365 -copy_extensions copyall -CA ${pki.dir}/ca.pem -CAkey authority.key`,
    ];
    writeFileSync(join(folder, 'sign'), `${lines.join('\n')}\n`);
    chmodSync(join(folder, 'sign'), 0o755);
  }

  const inventoryOf = (hosts: readonly string[], more: Record<string, unknown>): string =>
    writeInventory(lab, {
      remoteNodes: hosts.map((host) => ({ name: host, host })),
      guestNodes: [guestOn('v1')],
      authentication: {
        method: 'x509',
        x509: {
          ca: join(pki.dir, 'ca.pem'),
          certificate: join(folder, 'signed-{node}.pem'),
          crl: join(pki.dir, 'crl.pem'),
          removeAuthkey: true,
          ...more,
        },
      },
    });
  const bySigner = (hosts: readonly string[] = ['h1']): string =>
    inventoryOf(hosts, { sign: [join(folder, 'sign')] });
  const byHand = (hosts: readonly string[]): string =>
    inventoryOf(hosts, { request: join(folder, '{node}.csr') });

  /** What each host has, by a command there. */
  const onHosts = async (command: string, hosts = HOSTS): Promise<Record<string, string>> => {
    const found: Record<string, string> = {};
    for (const host of hosts) found[host] = (await lab.sh(host, command)).trim();
    return found;
  };

  const signed = (): string[] =>
    existsSync(join(folder, 'signed'))
      ? readFileSync(join(folder, 'signed'), 'utf8').trim().split('\n')
      : [];

  const apply = (inventory: string, ...more: string[]): Promise<Finished> =>
    outrigger(lab, ['apply', '--yes', '--allow', 'guest-joins', '-i', inventory, ...more]);

  it('are shown by a plan, which makes nothing', async () => {
    const { stdout, code } = await outrigger(lab, ['plan', '-i', bySigner()]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /key +absent -> a new key, made there/);
    assert.match(stdout, /certificate +absent -> a new one, signed by \S+\/sign/);
    assert.deepEqual(signed(), []);
    for (const host of HOSTS)
      assert.equal(await lab.sh(host, 'ls /etc/pacemaker/x509-* 2>/dev/null; :'), '', host);
  });

  for (const [what, trouble, said] of [
    ['fails', 'exit 7', /did not sign the CSR of c1: exit code 7/],
    ['prints rubbish', 'echo rubbish; exit 0', /unusable output: it is not in PEM form/],
    [
      'prints a certificate that is cut off',
      'openssl x509 -req -days 365 -CA PKI/ca.pem -CAkey authority.key | head -n 4; exit 0',
      /unusable output: it is truncated/,
    ],
    [
      'prints the certificate of another key',
      'exec cat PKI/ca.pem',
      /c1:\/etc\/pacemaker\/x509-key-new\.pem: it is not the key of what \S+\/sign printed for c1/,
    ],
    [
      'prints one that ends soon',
      'exec openssl x509 -req -days 5 -copy_extensions copyall -CA PKI/ca.pem -CAkey authority.key',
      /it expires in 4 days, on \S+, which is within `renewBefore`/,
    ],
  ] as const) {
    it(`are left as they are when the program ${what}, and so is every daemon`, async () => {
      writeFileSync(join(folder, 'trouble'), trouble.replace('PKI', pki.dir));
      const { code, stderr } = await apply(bySigner());
      assert.notEqual(code, 0);
      assert.match(stderr, said);
      for (const host of HOSTS)
        assert.equal(
          await lab.sh(host, 'ls /etc/pacemaker | grep x509; :'),
          'x509-key-new.pem\n',
          host,
        );
      assert.equal(existsSync(join(folder, 'signed-c1.pem')), false);
      rmSync(join(folder, 'trouble'));
    });
  }

  it('get certificates from a program, and let a bare host and a machine join', async () => {
    const before = await photograph(lab);
    const waiting = await onHosts('sha256sum /etc/pacemaker/x509-key-new.pem | cut -c 1-64');
    rmSync(join(folder, 'signed'), { force: true });
    const { stdout } = await applied(lab, 0, ['-i', bySigner(), '--allow', 'guest-joins']);
    assert.doesNotMatch(stdout, /PRIVATE KEY/);
    assert.deepEqual(signed(), HOSTS, 'each is signed once');
    await settled(lab);
    for (const node of ['h1', 'v1']) assert.ok(await isStarted(lab, node), node);
    assert.deepEqual(await photograph(lab), before);
    const used = await onHosts('sha256sum /etc/pacemaker/x509-key.pem | cut -c 1-64');
    assert.deepEqual(used, waiting, 'keys that waited were used');
    for (const [host, said] of Object.entries(await onHosts(CERTIFICATE)))
      assert.match(said, /^sha256 Fingerprint=/, host);
    for (const [host, said] of Object.entries(await onHosts(RIGHTS)))
      assert.equal(
        said,
        ['ca', 'cert', 'crl', 'key']
          .map((file) => `640 root:haclient /etc/pacemaker/x509-${file}.pem`)
          .join('\n'),
        host,
      );
    assertNoKeyHere(lab);
    await assertInSync(lab, bySigner());
  });

  it('are renewed with new ones while nodes are connected, without disruption', async () => {
    await startOn(lab, 'd2', 'h1');
    await startOn(lab, 'd3', 'v1');
    await lab.clearPowerLog();
    const before = await photograph(lab);
    const [certificates, keys] = [await onHosts(CERTIFICATE), await onHosts(KEY)];
    const { code, stdout, stderr } = await outrigger(lab, [
      'rotate',
      'certificates',
      '--yes',
      '-i',
      bySigner(),
    ]);
    assert.equal(code, 0, `${stdout}${stderr}`);
    await settled(lab);
    const [newCertificates, newKeys] = [await onHosts(CERTIFICATE), await onHosts(KEY)];
    for (const host of HOSTS) {
      assert.notEqual(newCertificates[host], certificates[host], host);
      assert.notEqual(newKeys[host], keys[host], host);
    }
    for (const node of ['h1', 'v1']) assert.ok(await isStarted(lab, node), node);
    assert.deepEqual(await photograph(lab), before);
    assertNoKeyHere(lab);
    await assertInSync(lab, bySigner());
  });

  it('are renewed when their certificates are about to expire', async () => {
    const before = await photograph(lab);
    const keys = await onHosts(KEY);
    const early = inventoryOf(['h1'], { sign: [join(folder, 'sign')], renewBefore: '364d' });
    execFileSync('sed', ['-i', 's/-days 365/-days 366/', join(folder, 'sign')]);
    const late = inventoryOf(['h1'], { sign: [join(folder, 'sign')], renewBefore: '365d' });
    assert.deepEqual((await plan(lab, early)).changes, []);
    await applied(lab, 0, ['-i', late]);
    await settled(lab);
    const now = await onHosts(KEY);
    for (const host of HOSTS) assert.notEqual(now[host], keys[host], host);
    assert.deepEqual(await photograph(lab), before);
    await assertInSync(lab, late);
  });

  it('survive the death of a run after every step', async function () {
    this.timeout(1_500_000);
    const before = await photograph(lab);
    for (const step of [
      'write-certificate',
      'verify-certificates',
      'activate-pair',
      'start-service',
    ]) {
      rmSync(join(folder, 'signed-h1.pem')); // the authority's file is lost: another one is asked for
      const run = startApply(lab, bySigner(), (line, child) => {
        if (line.type === 'action' && line.host === 'h1' && line.action === step)
          child.kill('SIGKILL');
      });
      const { signal } = await run.ended;
      assert.equal(signal, 'SIGKILL', step);
      assert.equal((await onHosts(CERTIFICATE, ['h1']))['h1']?.slice(0, 6), 'sha256', step);
      const [key, certificate] = [
        'openssl pkey -in /etc/pacemaker/x509-key.pem -pubout',
        'openssl x509 -in /etc/pacemaker/x509-cert.pem -noout -pubkey',
      ];
      assert.equal(await lab.sh('h1', key), await lab.sh('h1', certificate), `${step}: a pair`);
      await applied(lab, 0, ['-i', bySigner()]);
      await settled(lab);
      await assertInSync(lab, bySigner());
      assert.deepEqual(await photograph(lab), before, step);
    }
    await assertNothingLeft(lab);
  });

  it('have their requests signed by hand, and the next apply continues', async () => {
    const before = await photograph(lab);
    const hosts = ['h1', 'h2'];
    const inventory = byHand(hosts);
    const planned = await outrigger(lab, ['plan', '-i', inventory]);
    assert.match(planned.stdout, /certificate +absent -> a new one, awaited: \S+signed-h2\.pem/);
    const first = await apply(inventory);
    assert.equal(first.code, 3, first.stderr);
    assert.match(
      first.stderr,
      /certificates have not been issued yet:\n {2}h2: \S+\/signed-h2\.pem, for the request \S+\/h2\.csr/,
    );
    assert.equal(await lab.sh('h2', 'ls /etc/pacemaker'), 'x509-key-new.pem\n');
    const meanwhile = await plan(lab, inventory);
    assert.deepEqual(
      meanwhile.problems.map(({ host, code }) => [host, code]),
      [['h2', 'CERTIFICATE_AWAITED']],
    );
    const sign = (host: string): string =>
      `openssl x509 -req -days 365 -copy_extensions copyall -in ${folder}/${host}.csr -CA ${pki.dir}/ca.pem -CAkey ${folder}/authority.key -out ${folder}/signed-${host}.pem 2>/dev/null`;
    execFileSync('sh', ['-c', sign('h2')]);
    await applied(lab, 0, ['-i', inventory]);
    await settled(lab);
    assert.ok(await isStarted(lab, 'h2'));
    assert.deepEqual(await photograph(lab), before);
    await assertInSync(lab, inventory);

    const rotated = await outrigger(lab, [
      'rotate',
      'certificates',
      '--yes',
      '--limit',
      'h1',
      '-i',
      inventory,
    ]);
    assert.equal(rotated.code, 3, rotated.stderr);
    const { changes, notes } = await plan(lab, inventory);
    assert.deepEqual(changes, [], 'it goes on with the old pair');
    assert.match(notes.join('\n'), /h1: its new certificate has not been issued yet/);
    execFileSync('sh', ['-c', sign('h1')]);
    await applied(lab, 0, ['-i', inventory]);
    await settled(lab);
    assert.deepEqual(await photograph(lab), before);
    assertNoKeyHere(lab);
    await assertInSync(lab, inventory);
  });

  it('go when the authkey is used again, one that waits for its certificate as well', async () => {
    const hosts = ['h1', 'h2'];
    const before = await photograph(lab);
    const waiting = await outrigger(lab, [
      'rotate',
      'certificates',
      '--yes',
      '--limit',
      'h1',
      '-i',
      byHand(hosts),
    ]);
    assert.equal(waiting.code, 3, waiting.stderr);
    assert.equal(await lab.sh('h1', 'ls /etc/pacemaker/*-new.pem'), `${WAITING_PAIR.key}\n`);
    const inventory = writeInventory(lab, {
      remoteNodes: hosts.map((host) => ({ name: host, host })),
      guestNodes: [guestOn('v1')],
      authentication: { method: 'psk' },
    });
    await applied(lab, 0, ['-i', inventory, '--allow', 'credentials-converted']);
    await settled(lab);
    assert.deepEqual(await photograph(lab), before);
    for (const [host, files] of Object.entries(await onHosts('ls /etc/pacemaker', NODES)))
      assert.equal(files, 'authkey', host);
    assert.deepEqual(await lab.powerLog(), []);
    await assertNothingLeft(lab);
    await assertInSync(lab, inventory);
  });
}
