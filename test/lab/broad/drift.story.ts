/** What is tampered with, one thing at a time, drift names and nothing else; reports of it are read by their readers. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  browsed,
  junitObjections,
  metricsObjections,
  sarifObjections,
} from '../../support/report-consumers.ts';
import { inOrder } from '../../support/in-order.ts';
import { skipUnless } from '../../support/needs.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  assertQuiet,
  drift,
  guestOn,
  isStarted,
  outrigger,
  settled,
  writeInventory,
  type WantedInventory,
} from '../outrigger.ts';
import { skipWithoutLab } from '../story-run.ts';
import { TAMPERINGS } from '../tamperings.ts';
import { waitFor } from '../wait.ts';

const NAME = 'story-drift';

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

  it('is one clear error where the key of a cluster node is a link to where its daemons cannot read', async () => {
    const [key, away] = ['/etc/pacemaker/authkey', '/root/authkey'];
    await lab.sh('c2', `cp -p ${key} ${away} && ln -sf ${away} ${key}`);
    for (const command of ['drift', 'plan', 'apply']) {
      const { code, stderr } = await outrigger(lab, [command, '-i', inventory]);
      assert.equal(code, 5, stderr);
      assert.match(stderr, /hacluster cannot read \S+, which leads to \/root\/authkey: .* \/root /);
    }
    const { stdout } = await outrigger(lab, ['doctor', '-i', inventory]);
    assert.match(stdout, /c2: hacluster cannot read/);
    await lab.sh('c2', `rm ${key} && mv ${away} ${key}`);
    await allIn();
    assert.deepEqual((await found(0)).names, []);
    await assertQuiet(lab);
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
    const { expiredIgnores } = await found(2, without('2026-01-31'));
    assert.deepEqual(
      expiredIgnores.map(({ until }) => until),
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

  it('is an orphan, with the node on which it runs: a connection that was deleted and that nothing stops', async () => {
    await lab.sh('c1', 'crm_attribute -n stop-orphan-resources -v false');
    await settled(lab);
    const on = (await lab.sh('c1', 'crm_resource --resource h1 --locate'))
      .trim()
      .replace(/.* /, '');
    await lab.sh('c1', `cibadmin --delete -o resources --xml-text '<primitive id="h1"/>'`);
    const orphan = ['h1 orphan h1: orphaned-resource'];
    const others = inventoryOf({ remoteNodes: [H2] });
    assert.deepEqual((await found(2, others)).names, orphan);
    const { refused, names } = await found(5);
    assert.deepEqual(
      [refused.map(({ host, code }) => `${host} ${code}`), names],
      [['h1 CONNECTION_ORPHANED'], orphan],
    );
    const status = await outrigger(lab, ['status', '-i', inventory]);
    assert.match(status.stdout, new RegExp(`^ {2}h1 +ocf:pacemaker:remote +${on} `, 'm'));
    assert.match(status.stdout, /crm_attribute .*--name stop-orphan-resources --delete/);
    await lab.sh('c1', 'crm_attribute --type crm_config --name stop-orphan-resources --delete');
    await waitFor('the orphan is stopped', 60_000, async () => {
      const { stdout } = await outrigger(lab, ['status', '-i', inventory]);
      return !stdout.includes('Orphans') || stdout;
    });
    await applied(lab, 0, ['-i', inventory]);
    await allIn();
    assert.deepEqual((await found(0)).names, []);
    await assertQuiet(lab);
  });

  it('is not told of a host with a cluster stack of its own, which is not touched', async () => {
    await lab.sh('h1', 'apt-get install -y -q --no-remove --no-install-recommends corosync', {
      timeoutMs: 600_000,
    });
    const { refused, inSync } = await found(5);
    assert.deepEqual(
      [refused.map(({ host, code }) => `${host} ${code}`), inSync],
      [['h1 HOST_IS_CLUSTER_NODE'], ['c1', 'c2', 'g1', 'h2']],
    );
    await lab.sh('h1', 'apt-get purge -y -q corosync && rm -rf /etc/corosync');
    assert.deepEqual((await found(0)).names, []);
  });

  it('is not known of a host that is silent, which is never in sync; reports say so', async function () {
    await lab.sh('h1', 'systemctl disable pacemaker_remote');
    await lab.sh('h2', 'systemctl stop ssh.socket ssh');
    const folder = mkdtempSync(join(lab.dir, 'reports-'));
    const path = (kind: string): string => join(folder, `drift.${kind}`);
    const desired = ['junit', 'sarif', 'prometheus', 'html'];
    const reports = desired.flatMap((kind) => ['--report', `${kind}=${path(kind)}`]);
    const document = await found(3, inventory, reports);
    assert.deepEqual(document.names, ['h1 service enabled at boot: configuration']);
    assert.deepEqual(
      [document.unreachable.map(({ host }) => host), document.inSync],
      [['h2'], ['c1', 'c2', 'g1']],
    );
    assert.deepEqual(
      readdirSync(folder).sort(),
      desired.sort().map((kind) => `drift.${kind}`),
    );
    const [html = '', junit = '', metrics = '', sarif = ''] = desired.map((kind) =>
      readFileSync(path(kind), 'utf8'),
    );
    assert.equal(sarifObjections(sarif), '');
    for (const said of ['hosts\\{.*state="unreachable"\\} 1', 'hosts\\{.*state="in_sync"\\} 3'])
      assert.match(metrics, new RegExp(`^outrigger_drift_${said}$`, 'm'));
    assert.match(metrics, /^outrigger_authkey_age_seconds\{.*host="h1"\} \d+$/m);
    assert.match(html, /1 of 5 hosts is not as declared/);
    assert.match(html, /<title>h2: remote node, unreachable<\/title>/);
    assert.match(html, /<title>g1: guest node \(VM vm-v1\), as declared<\/title>/);
    skipUnless(this, 'xmllint', 'promtool', 'chromium');
    assert.deepEqual([junitObjections(junit), metricsObjections(metrics)], ['', '']);
    const seen = browsed(path('html'));
    assert.equal(seen.complaints, '');
    assert.equal(seen.tree.match(/<g class="node /g)?.length, 5);
  });
});
