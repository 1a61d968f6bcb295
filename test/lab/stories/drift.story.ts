/** What is tampered with, one thing at a time, drift names and nothing else; reports of it are read by their readers. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  browsed,
  isAtHand,
  junitObjections,
  metricsObjections,
  sarifObjections,
} from '../../support/report-consumers.ts';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  assertQuiet,
  drift,
  guestOn,
  isStarted,
  settled,
  writeInventory,
  type WantedInventory,
} from '../outrigger.ts';
import { skipWithoutLab } from '../story-run.ts';
import { waitFor } from '../wait.ts';

const NAME = 'story-drift';

/** What is done on a host, what drift says then, and what takes it back; no `mends`: outrigger does. */
interface Tampering {
  readonly what: string;
  readonly host: string;
  readonly does: string;
  /** `host item attribute: kind` of each difference. */
  readonly names: readonly string[];
  readonly mends?: string;
}

const ENTRY = '<node id="gone1" uname="gone1" type="remote"/>';
const RULE = '<rsc_location id="loc-ghost" rsc="fencing" node="ghost" score="-INFINITY"/>';
const ban = (node: string): string =>
  `<rsc_location id="away-${node}" rsc="h2" node="${node}" score="-INFINITY"/>`;

const SAVE_KEY = 'cp -p /etc/pacemaker/authkey /root/key && ';
const OTHER_KEY = 'head -c 256 /dev/urandom >/etc/pacemaker/authkey';
const RESTORE_KEY = 'cp -p /root/key /etc/pacemaker/authkey';
const MAP = 'crm_resource -r fencing -g pcmk_host_map';
const SET_MAP = 'crm_resource -r fencing -p pcmk_host_map -v';

const TAMPERINGS: readonly Tampering[] = [
  {
    what: 'a package that is gone',
    ...{ host: 'h1', does: 'dpkg --remove --force-depends resource-agents' },
    names: ['h1 package resource-agents: configuration'],
  },
  {
    what: 'another key',
    ...{ host: 'h1', does: SAVE_KEY + OTHER_KEY, mends: RESTORE_KEY },
    names: ['h1 authkey content: configuration'],
  },
  {
    what: 'a key that others can read',
    ...{ host: 'h2', does: 'chmod 644 /etc/pacemaker/authkey' },
    ...{ mends: 'chmod 640 /etc/pacemaker/authkey' },
    names: ['h2 authkey rights: configuration'],
  },
  {
    what: 'a key that is newer than the daemon',
    ...{ host: 'h1', does: 'touch /etc/pacemaker/authkey' },
    ...{ mends: "touch -d '1 day ago' /etc/pacemaker/authkey" },
    names: ['h1 service started: running-daemon'],
  },
  {
    what: 'the key of certificates that nobody uses any more',
    ...{ host: 'h1', does: 'touch /etc/pacemaker/x509-key.pem' },
    ...{ mends: 'rm /etc/pacemaker/x509-key.pem' },
    names: ['h1 certificate-removed /etc/pacemaker/x509-key.pem: configuration'],
  },
  {
    what: 'a service that does not start at boot',
    ...{ host: 'h1', does: 'systemctl disable pacemaker_remote' },
    ...{ mends: 'systemctl enable pacemaker_remote' },
    names: ['h1 service at boot: configuration'],
  },
  {
    what: 'a setting of the daemon',
    ...{ host: 'h1', does: 'echo PCMK_remote_port=3199 >>/etc/default/pacemaker' },
    ...{ mends: "sed -i '/^PCMK_remote_port=3199$/d' /etc/default/pacemaker" },
    names: ['h1 environment PCMK_remote_port: configuration'],
  },
  {
    what: 'a closed port',
    host: 'h2',
    does: `firewall-cmd --quiet --permanent --remove-rich-rule='rule family="ipv4" source address="10.77.0.11" port port="3121" protocol="tcp" accept'`,
    names: ['h2 firewall-port public 3121/tcp from 10.77.0.11: configuration'],
  },
  {
    what: 'a cluster node with another key',
    ...{ host: 'c2', does: SAVE_KEY + OTHER_KEY, mends: RESTORE_KEY },
    names: ['c2 authkey content: configuration'],
  },
  {
    what: 'a parameter of a connection',
    ...{ host: 'c1', does: 'crm_resource -r h1 -p reconnect_interval -v 5s' },
    ...{ mends: 'crm_resource -r h1 -p reconnect_interval -v 60s' },
    names: ['h1 connection-resource reconnect_interval: configuration'],
  },
  {
    what: 'a meta attribute of a guest node',
    ...{ host: 'c1', does: 'crm_resource -r vm-v1 --meta -p remote-connect-timeout -v 20s' },
    ...{ mends: 'crm_resource -r vm-v1 --meta -p remote-connect-timeout -v 10s' },
    names: ['g1 guest-node remote-connect-timeout: configuration'],
  },
  {
    what: 'an attribute of a node',
    ...{ host: 'c1', does: 'crm_attribute -N h2 -n rack -v b7' },
    ...{ mends: 'crm_attribute -N h2 -n rack -v a1' },
    names: ['h2 node-state rack: configuration'],
  },
  {
    what: 'a fence device that was not told of a node',
    ...{ host: 'c1', does: `${MAP} >/root/map && ${SET_MAP} "$(sed s/h1:h1// /root/map)"` },
    ...{ mends: `${SET_MAP} "$(cat /root/map)"` },
    names: ['h1 fence-device pcmk_host_map of fencing: configuration'],
  },
  {
    what: 'a node that no device can fence',
    ...{ host: 'c1', does: `${MAP} >/root/map && ${SET_MAP} "$(sed s/[hr]2:h2//g /root/map)"` },
    ...{ mends: `${SET_MAP} "$(cat /root/map)"` },
    names: ['h2 fencing devices: unfenceable'],
  },
  {
    what: 'a node that the cluster does not let in',
    ...{ host: 'c1' },
    does: `cibadmin --create -o constraints -X '${ban('c1')}' && cibadmin --create -o constraints -X '${ban('c2')}'`,
    mends:
      'for n in c1 c2; do cibadmin --delete --xml-text "<rsc_location id=\\"away-$n\\"/>"; done',
    names: ['h2 connection state: not-in'],
  },
  {
    what: 'an entry of a node that was removed',
    ...{ host: 'c1', does: `cibadmin --create -o nodes -X '${ENTRY}'` },
    ...{ mends: 'crm_node --force --remove gone1' },
    names: ['gone1 node-record known: leftover-node'],
  },
  {
    what: 'a constraint that names nobody',
    ...{ host: 'c1', does: `cibadmin --create -o constraints -X '${RULE}'` },
    mends: `cibadmin --delete --xml-text '<rsc_location id="loc-ghost"/>'`,
    names: ['ghost constraint loc-ghost: dangling-constraint'],
  },
];

/** A connection goes without harm only when the cluster has no hand in it (docs/architecture.md, the undo of a join). */
const DISCONNECT = `set -e
crm_resource -r h1 --meta -p is-managed -v false
crm_resource --wait --timeout 30s || true
crm_resource --cleanup -r h1 -q
cibadmin --delete --xml-text '<primitive id="h1"/>'
crm_resource --wait --timeout 30s || true
crm_node --force --remove h1`;

describe('drift of a cluster', function () {
  inOrder(this);
  let lab: Lab;
  let inventory: string;

  const SETTINGS = { reconnectInterval: '60s', attributes: { rack: 'a1' } };
  const H1 = { name: 'h1', host: 'h1', fencing: { device: 'fencing' }, ...SETTINGS };
  const H2 = { name: 'h2', host: 'h2', ...SETTINGS };

  const inventoryOf = (more: Partial<WantedInventory>): string =>
    writeInventory(lab, {
      connectTimeout: '30s', // the machines that tests run on may be busy
      remoteNodes: [H1, H2],
      guestNodes: [guestOn('v1', 'g1')],
      ...more,
    });

  const found = async (code: number, file = inventory, more: readonly string[] = []) => {
    await settled(lab);
    return drift(lab, code, ['-i', file, ...more]);
  };

  const allIn = (): Promise<void> =>
    waitFor('every node is in', 60_000, async () => {
      const out = [];
      for (const name of ['h1', 'h2', 'vm-v1', 'g1'])
        if (!(await isStarted(lab, name))) out.push(name);
      return out.length === 0 || out.join();
    });

  before(async function () {
    skipWithoutLab(this);
    const hosts = { bareHosts: 2, firewalld: 1, virtualMachines: 1 };
    lab = await labUp({ name: NAME, replace: true, ...hosts });
    await lab.clearPowerLog();
    inventory = inventoryOf({});
    await applied(lab, 0, ['-i', inventory, '--limit', 'remoteNodes', '--batch', '100%']);
    await applied(lab, 0, ['-i', inventory, '--allow', 'guest-joins']);
  });

  after(async () => {
    await labDown(NAME);
  });

  it('is none after an apply', async () => {
    assert.deepEqual((await found(0)).inSync, ['c1', 'c2', 'g1', 'h1', 'h2']);
  });

  // Each is mended before the next, which would name it too.
  for (const { what, host, does, names: expected, mends } of TAMPERINGS) {
    it(`is ${what}, and nothing else`, async () => {
      await lab.sh(host, does);
      assert.deepEqual((await found(2)).names, expected);
      if (mends === undefined) await applied(lab, 0, ['-i', inventory]);
      else await lab.sh(host, mends);
      await allIn();
    });
  }

  it('is none when all of that is mended', async () => {
    assert.deepEqual((await found(0)).names, []);
  });

  it('is a node that the inventory does not name, unless it is ignored for a reason that has not ended', async () => {
    const known = { host: 'h*', item: 'membership', reason: 'of others' };
    const without = (until?: string): string =>
      inventoryOf({
        remoteNodes: [H1],
        ...(until === undefined ? {} : { drift: { ignore: [{ ...known, until }] } }),
      });
    assert.deepEqual((await found(2, without())).names, ['h2 membership node: undeclared-node']);
    const { drifted, ignored } = await found(0, without('2999-12-31'));
    assert.deepEqual([drifted, ignored.map(({ host }) => host)], [[], ['h2']]);
    const { endedIgnores } = await found(2, without('2026-01-31'));
    assert.deepEqual(
      endedIgnores.map(({ until }) => until),
      ['2026-01-31'],
    );
  });

  it('is a node that the cluster has lost, and an apply brings it back', async () => {
    await lab.sh('c1', DISCONNECT);
    assert.deepEqual(
      [...new Set((await found(2)).drifted.map(({ host, item }) => `${host} ${item}`))],
      ['h1 connection-resource', 'h1 node-state'],
    );
    await applied(lab, 0, ['-i', inventory]);
    assert.deepEqual((await found(0)).names, []);
    await assertQuiet(lab);
  });

  it('is not told of a host with a cluster stack of its own, which is not touched', async () => {
    await lab.sh('h1', 'apt-get install -y -q --no-remove --no-install-recommends corosync', {
      timeoutMs: 120_000,
    });
    const { refused, inSync } = await found(5);
    assert.deepEqual(
      [refused.map(({ host, code }) => `${host} ${code}`), inSync],
      [['h1 HOST_IS_CLUSTER_NODE'], ['c1', 'c2', 'g1', 'h2']],
    );
    await lab.sh('h1', 'apt-get purge -y -q corosync && rm -rf /etc/corosync');
    assert.deepEqual((await found(0)).names, []);
  });

  it('is not known of a host that is silent, which is never in sync; reports say so', async () => {
    await lab.sh('h1', 'systemctl disable pacemaker_remote');
    await lab.sh('h2', 'systemctl stop ssh.socket ssh');
    const folder = mkdtempSync(join(lab.dir, 'reports-'));
    const path = (kind: string): string => join(folder, `drift.${kind}`);
    const wanted = ['junit', 'sarif', 'prometheus', 'html'];
    const reports = wanted.flatMap((kind) => ['--report', `${kind}=${path(kind)}`]);
    const document = await found(3, inventory, reports);
    assert.deepEqual(document.names, ['h1 service at boot: configuration']);
    assert.deepEqual(
      [document.unreachable.map(({ host }) => host), document.inSync],
      [['h2'], ['c1', 'c2', 'g1']],
    );
    assert.deepEqual(
      readdirSync(folder).sort(),
      wanted.sort().map((kind) => `drift.${kind}`),
    );
    const [html = '', junit = '', metrics = '', sarif = ''] = wanted.map((kind) =>
      readFileSync(path(kind), 'utf8'),
    );
    assert.equal(sarifObjections(sarif), '');
    for (const objections of [junitObjections(junit), metricsObjections(metrics)])
      if (isAtHand(objections)) assert.equal(objections, '');
    for (const said of ['hosts\\{.*state="unreachable"\\} 1', 'hosts\\{.*state="in_sync"\\} 3'])
      assert.match(metrics, new RegExp(`^outrigger_drift_${said}$`, 'm'));
    assert.match(metrics, /^outrigger_authkey_age_seconds\{.*host="h1"\} \d+$/m);
    assert.match(html, /1 of 5 hosts is not as declared/);
    assert.match(html, /<title>h2: remote node, gave no answer<\/title>/);
    assert.match(html, /<title>g1: guest node \(machine vm-v1\), as declared<\/title>/);
    const seen = browsed(path('html'));
    if (!isAtHand(seen)) return;
    assert.equal(seen.complaints, '');
    assert.equal(seen.tree.match(/<g class="node /g)?.length, 5);
  });
});
