/**
 * Cluster nodes change their credentials one by one, where Pacemaker must not be restarted under what they run.
 * Pacemaker, Corosync, the remote nodes and SSH are real. What makes it necessary is a stand-in: there is no watchdog for an sbd
 * in a lab, and the kernel has no DLM. So `sbd.service` is a unit that does nothing, and `dlm` an agent called `controld`
 * that writes down when it is started and stopped.
 */
import assert from 'node:assert/strict';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  assertInSync,
  assertQuiet,
  isStarted,
  outrigger,
  plan,
  settled,
  writeInventory,
  type Line,
} from '../outrigger.ts';
import { makePki, type Pki } from '../pki.ts';
import { assertNothingLeft, skipWithoutLab, startApply } from '../story-run.ts';
import { waitFor } from '../wait.ts';
import { photograph, startOn } from '../workload.ts';

const ALLOWED = ['--allow', 'credentials-node-by-node'];

const PLAYBOOK = new URL('../../../playbooks/node-by-node.yml', import.meta.url).pathname;

const MAINTENANCE = 'cibadmin --query --local | grep -c maintenance-mode; true';

const SBD = `cat >/etc/systemd/system/sbd.service <<'END'
[Unit]
Description=stand-in for sbd
[Service]
ExecStart=/bin/sleep infinity
END
systemctl daemon-reload && systemctl start sbd.service`;

const AGENT = '/usr/lib/ocf/resource.d/lab/controld';
const CONTROLD = `#!/bin/sh
case $1 in start | stop) echo "$1 $OCF_RESOURCE_INSTANCE" >>/var/log/lab-dlm.log ;; esac
exec /usr/lib/ocf/resource.d/pacemaker/Dummy "$@"
`;

const DLM = `<configuration><resources><clone id="dlm-clone"><primitive id="dlm" class="ocf" provider="lab" type="controld"><operations><op id="dlm-monitor" name="monitor" interval="5s" timeout="30s"/></operations></primitive></clone></resources>
<constraints><rsc_location id="dlm-members" rsc="dlm-clone"><rule id="dlm-rule" score="-INFINITY"><expression id="dlm-kind" attribute="#kind" operation="eq" value="remote"/></rule></rsc_location></constraints></configuration>`;

const STARTED_WITH =
  "for u in pacemaker pacemaker_remote; do p=$(systemctl show -p MainPID --value $u); [ $p -gt 0 ] && tr '\\0' '\\n' </proc/$p/environ | grep -c '^PCMK_[a-z]*_file='; done; true";

/** How many variables for certificates Pacemaker on these hosts was started with. */
const usedOn = async (lab: Lab): Promise<string> =>
  (await Promise.all(lab.hosts.map(({ name }) => lab.sh(name, STARTED_WITH))))
    .map((count) => count.trim())
    .join();

/**
 * What of the remote nodes' own was started and stopped there, since when, and where the cluster reports it. What a cluster
 * node in standby leaves may come and go there.
 */
async function onNodes(lab: Lab): Promise<string[]> {
  const { lines } = await photograph(lab);
  return lines.filter((line) => /\bon-h\d\b/.test(line));
}

const dlmOn = (lab: Lab, host: string): Promise<string> =>
  lab.sh(host, 'cat /var/log/lab-dlm.log; rm /var/log/lab-dlm.log');

const action =
  (host: string, what: string) =>
  (line: Line): boolean =>
    line.type === 'action' && line.host === host && line.action === what;

interface Kind {
  readonly name: string;
  readonly members: readonly string[];
  readonly nodes: readonly string[];
  readonly fencing: boolean;
}

const KINDS: readonly Kind[] = [
  { name: 'story-node-by-node', members: ['c1', 'c2', 'c3'], nodes: ['h1', 'h2'], fencing: true },
  { name: 'story-node-by-node-off', members: ['c1', 'c2'], nodes: ['h1'], fencing: false },
];

for (const { name, members, nodes, fencing } of KINDS) {
  describe(`credentials of cluster nodes that run sbd and DLM, fencing ${fencing ? 'on' : 'off'}`, function () {
    inOrder(this); // each step stands on the one before
    let lab: Lab;
    let pki: Pki;
    const inventory = (authentication: Record<string, unknown>): string =>
      writeInventory(lab, {
        remoteNodes: nodes.map((node) => ({ name: node, host: node })),
        authentication,
      });
    const withKey = (): string => inventory({ method: 'psk' });
    const withCertificates = (): string => inventory(pki.authentication);

    before(async function () {
      skipWithoutLab(this);
      lab = await labUp({
        name,
        fencing,
        replace: true,
        firewalld: 0,
        clusterNodes: members.length,
        bareHosts: nodes.length,
      });
      pki = await makePki(lab, [...members, ...nodes]);
      await lab.sh('c1', 'crm_attribute --type rsc_defaults -n resource-stickiness -v 1');
      await applied(lab, 0, ['-i', withKey()]);
      for (const node of nodes) await startOn(lab, `on-${node}`, node);
      for (const member of members) {
        await startOn(lab, `on-${member}`, member);
        await lab.sh(member, SBD);
        await lab.sh(member, `cat >${AGENT} && chmod 755 ${AGENT}`, {
          stdin: CONTROLD,
        });
      }
      await lab.sh('c1', 'cibadmin --modify --allow-create --xml-pipe', { stdin: DLM });
      await waitFor('dlm runs', 60_000, async () => {
        const mon = await lab.crmMon();
        const running = mon.match(/<resource id="dlm"[^>]*role="Started"/g)?.length ?? 0;
        return running === members.length || mon;
      });
      // An operator keeps the third one in standby.
      if (members.includes('c3')) await lab.sh('c3', 'crm_standby -N c3 -v on');
      await settled(lab);
      for (const member of members) await dlmOn(lab, member);
      await lab.clearPowerLog();
    });

    after(async () => {
      await labDown(name);
    });

    /** Changes the credentials by a run that is killed and another one. */
    async function changed(desired: string, killedAt: (line: Line) => boolean): Promise<void> {
      const before = await onNodes(lab);
      let isKilled = false;
      const { ended } = startApply(
        lab,
        desired,
        (line, child) => {
          if (!isKilled && killedAt(line)) isKilled = child.kill('SIGKILL');
        },
        ALLOWED,
      );
      const { signal, stderr } = await ended;
      assert.equal(signal, 'SIGKILL', stderr);
      await applied(lab, 0, ['-i', desired, ...ALLOWED]);
      await settled(lab);
      assert.deepEqual(await onNodes(lab), before);
      for (const node of nodes) assert.ok(await isStarted(lab, node), node);
      assert.deepEqual(await lab.powerLog(), []);
      await assertQuiet(lab);
      await assertNothingLeft(lab);
      await assertInSync(lab, desired);
      const standby = /<node name="c3"[^>]* standby="true"/.test(await lab.crmMon());
      assert.equal(standby, members.includes('c3'), 'an operator’s standby is as it was');
      for (const member of ['c1', 'c2'])
        assert.match(await dlmOn(lab, member), /^(?:stop dlm\nstart dlm\n)+$/, member);
    }

    it('are changed node by node, and only with that risk allowed', async () => {
      const desired = withCertificates();
      const { risks, changes } = await plan(lab, desired);
      assert.deepEqual(
        risks.map(({ code }) => code),
        ['credentials-node-by-node'],
      );
      for (const resource of ['on-c1', 'on-c2', 'dlm'])
        assert.ok(risks[0]?.subjects.includes(resource), resource);
      assert.ok(
        changes.some(({ host, restart }) => host === 'c1' && restart === 'node-by-node-restart'),
      );
      const { stdout } = await outrigger(lab, ['plan', '-i', desired]);
      assert.match(stdout, /node by node \(because of sbd\.service on c1/);
      const { stderr, stdout: output } = await applied(lab, 5, ['-i', desired]);
      assert.match(stderr + output, /--allow credentials-node-by-node/);
    });

    it('become certificates, although the run is killed while Pacemaker is restarted', async () => {
      await changed(withCertificates(), action('c1', 'restart-pacemaker'));
      assert.match(await usedOn(lab), /^4(?:,4)*$/);
    });

    it('become the authkey again, although the run is killed while a node changes over', async () => {
      await changed(withKey(), action('h1', 'start-service'));
      assert.match(await usedOn(lab), /^0(?:,0)*$/);
    });

    if (fencing) return;
    it('are changed so by a playbook that selects it, and never in maintenance mode', async () => {
      await lab.sh('c1', `cibadmin --delete --xpath "//rsc_location[@id='dlm-members']"`);
      await lab.sh('c1', `cibadmin --delete --xpath "//clone[@id='dlm-clone']"`);
      for (const member of members) await lab.sh(member, 'systemctl stop sbd.service');
      await settled(lab);
      const desired = withCertificates();
      const { risks } = await plan(lab, desired);
      assert.deepEqual(
        risks.map(({ code }) => code),
        ['credentials-converted'],
      );
      const before = await onNodes(lab);
      let looked: Promise<string> | undefined;
      const { ended } = startApply(
        lab,
        desired,
        (line) => {
          if (action('c1', 'restart-pacemaker')(line)) looked = lab.sh('c2', MAINTENANCE);
        },
        ['--playbook', PLAYBOOK, ...ALLOWED],
      );
      const { code, stderr } = await ended;
      assert.equal(code, 0, stderr);
      assert.equal(await looked, '0\n', 'the cluster was in maintenance mode');
      await settled(lab);
      assert.match(await usedOn(lab), /^4(?:,4)*$/);
      assert.deepEqual(await onNodes(lab), before);
      assert.deepEqual(await lab.powerLog(), []);
      await assertQuiet(lab);
      await assertNothingLeft(lab);
      await assertInSync(lab, desired);
    });
  });
}
