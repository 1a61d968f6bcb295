/** Certificates that are on the hosts already: used where they are, and left as they are. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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
} from '../outrigger.ts';
import { issueInto, makePki, type Pki } from '../pki.ts';
import { assertNothingLeft, skipWithoutLab } from '../story-run.ts';
import { photograph, startOn } from '../workload.ts';

/** The guest node has the name of its VM. */
const NODES = ['c1', 'c2', 'h1', 'v1'];
const CONNECTED = ['h1', 'v1'];
const PKI = '/etc/pki/tls';
const DIGESTS = `cd ${PKI} && find . -type f -exec sha256sum {} + | sort`;

/** The variables for certificates that pacemaker_remote was started with. */
const STARTED_WITH =
  "tr '\\0' '\\n' </proc/$(systemctl show -p MainPID --value pacemaker_remote)/environ | grep '^PCMK_[a-z]*_file=' | sort";

for (const fencing of [true, false])
  describe(`certificates that are on the hosts already, fencing ${fencing ? 'on' : 'off'}`, function () {
    story(fencing);
  });

function story(fencing: boolean): void {
  const name = `story-own-certificates${fencing ? '' : '-off'}`;
  let lab: Lab;
  let pki: Pki;
  let inventory: string;

  /** As a host's own tools would: everybody reads what is public, root alone the key. */
  async function install(node: string): Promise<void> {
    const text = (file: string): string => readFileSync(join(pki.dir, file), 'utf8');
    const put = (path: string, mode: string, content: string): string =>
      `cat >${PKI}/${path} <<'END'\n${content.trimEnd()}\nEND\nchown root:root ${PKI}/${path}; chmod ${mode} ${PKI}/${path}`;
    const lines = [
      `mkdir -p ${PKI}/certs ${PKI}/private`,
      put('certs/ca.pem', '0644', text('ca.pem')),
      put('certs/crl.pem', '0644', text('crl.pem')),
      put(`certs/${node}.pem`, '0644', text(`${node}.pem`)),
      put(`private/${node}.key`, '0600', text(`${node}.key`)),
    ];
    await lab.sh(node, lines.join('\n'));
  }

  before(async function () {
    skipWithoutLab(this);
    const kind = { clusterNodes: 2, bareHosts: 1, virtualMachines: 1, firewalld: 0, fencing };
    lab = await labUp({ name, replace: true, ...kind });
    pki = await makePki(lab, NODES);
    for (const node of NODES) await install(node);
    await lab.sh('c1', 'crm_attribute --type rsc_defaults -n resource-stickiness -v 1000');
    await startOn(lab, 'd1', 'c1');
    inventory = writeInventory(lab, {
      remoteNodes: [{ name: 'h1', host: 'h1' }],
      guestNodes: [guestOn('v1')],
      authentication: {
        method: 'x509',
        x509: {
          onHosts: {
            ca: `${PKI}/certs/ca.pem`,
            certificate: `${PKI}/certs/{node}.pem`,
            key: `${PKI}/private/{node}.key`,
            crl: `${PKI}/certs/crl.pem`,
          },
          removeAuthkey: true,
        },
      },
    });
  });

  after(async () => {
    await labDown(name);
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'passed') await assertQuiet(lab);
  });

  it('leave a host out behind a closed directory, or with the key of another certificate', async () => {
    await lab.sh('h1', `chmod 0700 ${PKI}/private`);
    const [closed] = (await plan(lab, inventory)).problems;
    assert.equal(closed?.code, 'CERTIFICATE_UNREADABLE');
    assert.match(
      closed.message,
      /^hacluster cannot search the directory \/etc\/pki\/tls\/private /,
    );
    await lab.sh(
      'h1',
      `chmod 0755 ${PKI}/private; openssl ecparam -genkey -name prime256v1 -noout -out ${PKI}/private/h1.key`,
    );
    const [other] = (await plan(lab, inventory)).problems;
    assert.equal(other?.code, 'CERTIFICATE_UNUSABLE');
    assert.match(other.message, /private\/h1\.key: it is not the key of h1:/);
    await install('h1');
  });

  it('connect a bare host and a machine, and are what they were', async () => {
    const files = new Map<string, string>();
    for (const node of NODES) files.set(node, await lab.sh(node, DIGESTS));
    const before = await photograph(lab);
    await applied(lab, 0, ['-i', inventory, '--allow', 'guest-joins']);
    await settled(lab);
    for (const node of CONNECTED) assert.ok(await isStarted(lab, node), node);
    assert.deepEqual(await photograph(lab), before);
    for (const node of NODES) {
      assert.equal(await lab.sh(node, DIGESTS), files.get(node), node);
      const rights = await lab.sh(
        node,
        `stat -c '%a %U:%G' ${PKI}/private/${node}.key ${PKI}/private`,
      );
      assert.equal(rights, '640 root:haclient\n755 root:root\n', node);
      assert.equal(await lab.sh(node, 'ls /etc/pacemaker'), '', `${node} got files`);
    }
    for (const node of CONNECTED)
      assert.equal(
        await lab.sh(node, STARTED_WITH),
        [
          `PCMK_ca_file=${PKI}/certs/ca.pem`,
          `PCMK_cert_file=${PKI}/certs/${node}.pem`,
          `PCMK_crl_file=${PKI}/certs/crl.pem`,
          `PCMK_key_file=${PKI}/private/${node}.key`,
          '',
        ].join('\n'),
      );
    await assertInSync(lab, inventory);
  });

  it('are taken up by the daemons after the hosts have renewed them, without disruption', async () => {
    await startOn(lab, 'd2', 'h1');
    await startOn(lab, 'd3', 'v1');
    await lab.clearPowerLog();
    const before = await photograph(lab);
    for (const node of CONNECTED) {
      await issueInto(pki, node);
      await install(node);
    }
    const { stdout } = await outrigger(lab, ['plan', '-i', inventory]);
    assert.match(stdout, /permissions of key {2}0600 root:root -> 0640 root:haclient/);
    assert.match(stdout, /restart without disruption/);
    await applied(lab, 0, ['-i', inventory]);
    await settled(lab);
    assert.deepEqual(await photograph(lab), before);
    assert.deepEqual(await lab.powerLog(), []);
    await assertNothingLeft(lab);
    await assertInSync(lab, inventory);
  });
}
