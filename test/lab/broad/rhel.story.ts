/** Hosts that behave as RHEL 9 does join a cluster of Debian hosts, beside a Debian host, and are kept there. */
import assert from 'node:assert/strict';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  assertQuiet,
  isStarted,
  outrigger,
  settled,
  writeInventory,
} from '../outrigger.ts';
import {
  actionsIn,
  AS_SUDOER,
  assertNothingLeft,
  assertNothingToDo,
  detailedPlan,
  ownChanges,
  skipWithoutLab,
} from '../story-run.ts';
import { photograph, startEach } from '../workload.ts';

const NAME = 'story-rhel';
const KEY = '/etc/pacemaker/authkey';
const SETTINGS = '/etc/sysconfig/pacemaker';
const HIGH_AVAILABILITY = 'rhel-9-for-x86_64-highavailability-rpms';

/** h1 to h3 behave as RHEL; h1 is reached as a user who may not look into /etc/pacemaker, h2 has another port. */
const REMOTE = ['h1', 'h2', 'h3', 'h4'];

/** What the operator of h2 wrote before any package was there. */
const SETTINGS_BEFORE = `# Ours: keep this line
PCMK_debug=no
export PCMK_remote_port=3199
 # PCMK_remote_port=1
PCMK_logpriority="info"
`;
const SETTINGS_AFTER = `# Ours: keep this line
PCMK_debug=no
 # PCMK_remote_port=1
PCMK_logpriority="info"
PCMK_remote_port=3122
`;

const TAMPERINGS = [
  {
    what: 'the key was overwritten',
    on: 'h1',
    script: `touch -r ${KEY} /run/then; head -c 64 /dev/urandom >${KEY}; touch -r /run/then ${KEY}`,
    plan: 'h1 authkey content',
  },
  {
    what: 'the port is gone from the environment file',
    on: 'h2',
    script: `sed -i /^PCMK_remote_port=3122/d ${SETTINGS}`,
    plan: 'h2 environment PCMK_remote_port',
  },
  {
    what: 'the service is not enabled',
    on: 'h3',
    script: 'systemctl disable --quiet pacemaker_remote',
    plan: 'h3 service enabled at boot',
  },
] as const;

describe('hosts of the RHEL family', function () {
  inOrder(this); // each step stands on the one before
  let lab: Lab;
  let inventory: string;

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, replace: true, bareHosts: 4, rhelHosts: 3, firewalld: 0 });
    inventory = writeInventory(lab, {
      remoteNodes: [
        { name: 'h1', host: 'h1', reconnectInterval: '60s', ...AS_SUDOER },
        { name: 'h2', host: 'h2', reconnectInterval: '60s', port: 3122 },
        { name: 'h3', host: 'h3', reconnectInterval: '60s' },
        { name: 'h4', host: 'h4', reconnectInterval: '60s' },
      ],
    });
  });

  after(async () => {
    await labDown(NAME);
  });

  const setRepository = (host: string, id: string, enabled: 0 | 1): Promise<string> =>
    lab.sh(
      host,
      `sed -i '/^\\[${id}\\]/,/^$/s/^enabled=.*/enabled=${enabled}/' /etc/yum.repos.d/redhat.repo`,
    );
  /** When and as which process each daemon was started. */
  const daemons = (): Promise<string[]> =>
    Promise.all(
      REMOTE.map((host) =>
        lab.sh(
          host,
          'systemctl show -P MainPID -P ExecMainStartTimestampMonotonic pacemaker_remote',
        ),
      ),
    );

  it('are bare, and look like RHEL to whoever asks', async () => {
    for (const host of ['h1', 'h2', 'h3']) {
      assert.equal(
        await lab.sh(host, '. /etc/os-release; echo $ID $ID_LIKE ${VERSION_ID%.*}'),
        'rhel fedora 9\n',
      );
      const { stdout } = await lab.exec(
        host,
        'command -v apt-get dpkg; ls -d /etc/pacemaker /usr/sbin/pacemaker* 2>/dev/null; rpm -qa | grep -v ^redhat-release',
      );
      assert.equal(stdout, '');
      assert.equal(await lab.sh(host, 'firewall-cmd --state'), 'running\n');
    }
  });

  it('join with one apply, but for the one whose repository is not enabled: that is told what to do', async () => {
    await setRepository('h3', HIGH_AVAILABILITY, 0);
    await lab.sh('h2', `cat >${SETTINGS}`, { stdin: SETTINGS_BEFORE });
    const { changes } = await detailedPlan(lab, inventory);
    assert.deepEqual(
      ownChanges(changes).filter((change) => change.startsWith('h2')),
      [
        'h2 package pacemaker-remote,pacemaker-cli,resource-agents',
        'h2 authkey content',
        'h2 environment PCMK_remote_port',
        'h2 firewall-port public 3122/tcp from 10.77.0.11,public 3122/tcp from 10.77.0.12',
        'h2 service enabled at boot,state',
        'h2 connection-resource server,port,reconnect_interval',
        'h2 node-state state',
      ],
    );
    const { failures, stdout } = await applied(lab, 4, ['-i', inventory]);
    assert.deepEqual(Object.keys(failures), ['h3'], stdout);
    assert.equal(
      failures['h3'],
      'package: install-dnf: no enabled repository has pacemaker-remote, pacemaker-cli, resource-agents; enable ' +
        `HighAvailability on that host: \`subscription-manager repos --enable ${HIGH_AVAILABILITY}\` ` +
        '(it must be registered, with the High Availability add-on)',
    );
    for (const host of ['h1', 'h2', 'h4']) assert.ok(await isStarted(lab, host), host);
    const untouched = await lab.exec('h3', `ls -d /etc/pacemaker ${SETTINGS} 2>/dev/null`);
    assert.equal(untouched.stdout, '');
    assert.equal(await lab.sh('h3', 'systemctl show -P LoadState pacemaker_remote'), 'not-found\n');
  });

  it('finish with the next apply once it is enabled', async () => {
    await setRepository('h3', HIGH_AVAILABILITY, 1);
    const { changes } = await detailedPlan(lab, inventory);
    assert.deepEqual([...new Set(changes.map(({ host }) => host))], ['h3']);
    await applied(lab, 0, ['-i', inventory]);
    for (const host of REMOTE) assert.ok(await isStarted(lab, host), host);
    await assertNothingToDo(lab, inventory);
    await assertNothingLeft(lab);
    await assertQuiet(lab);
  });

  it('have everything where RHEL has it', async () => {
    for (const host of ['h1', 'h2', 'h3']) {
      assert.equal(
        await lab.sh(host, `stat -c '%a %U:%G' /etc/pacemaker ${KEY} ${SETTINGS}`),
        '750 root:haclient\n400 hacluster:haclient\n644 root:root\n',
      );
      assert.equal(await lab.sh(host, 'systemctl is-enabled pacemaker_remote'), 'enabled\n');
      assert.equal((await lab.exec(host, 'ls /etc/default/pacemaker')).code, 2);
    }
    assert.equal(await lab.sh('h2', `cat ${SETTINGS}`), SETTINGS_AFTER);
    // The files of the packages are as they were: the settings of h1 and h3 too, whose port is the default.
    assert.equal((await lab.exec('h1', 'rpm -V pacemaker-remote pacemaker-cli')).stdout, '');
    const rule = (host: string, port: number): Promise<string> =>
      lab.sh(host, `firewall-cmd --permanent --list-rich-rules | grep -c 'port port="${port}"'`);
    assert.deepEqual([await rule('h1', 3121), await rule('h2', 3122)], ['2\n', '2\n']);
  });

  it('are left alone by a second apply', async () => {
    const started = await daemons();
    const { lines } = await applied(lab, 0, ['-i', inventory]);
    assert.deepEqual(actionsIn(lines), []);
    assert.deepEqual(await daemons(), started);
  });

  it('are mended, all at once', async () => {
    for (const { on, script } of TAMPERINGS) await lab.sh(on, script);
    const { changes } = await detailedPlan(lab, inventory);
    assert.deepEqual(
      ownChanges(changes).sort(),
      TAMPERINGS.map(({ plan }) => plan),
    );
    await applied(lab, 0, ['-i', inventory]);
    await assertNothingToDo(lab, inventory);
    assert.equal(await lab.sh('h2', `cat ${SETTINGS}`), SETTINGS_AFTER);
    await assertQuiet(lab);
  });

  it('get a missing package without an update of their daemon, and lose none for it', async () => {
    const started = await daemons();
    // An update of all of Pacemaker's packages is there, and another host has what resource-agents would remove.
    await lab.sh('h1', 'rpm -e --nodeps pacemaker-cli');
    await setRepository('h1', 'updates', 1);
    await lab.sh(
      'h3',
      'rpm -e --nodeps resource-agents && dnf -q -y --disablerepo="*" --enablerepo=rhel-9-for-x86_64-baseos-rpms install heartbeat-resources',
    );
    const refused = await applied(lab, 4, ['-i', inventory]);
    assert.match(refused.failures['h1'] ?? '', /would update pacemaker-remote, and restart its/);
    assert.match(
      refused.failures['h3'] ?? '',
      /would remove heartbeat-resources, which it replaces/,
    );
    assert.deepEqual(await daemons(), started);
    assert.match(await lab.sh('h3', 'rpm -q heartbeat-resources'), /^heartbeat-resources-3/);
    await setRepository('h1', 'updates', 0);
    await lab.sh('h3', 'rpm -e heartbeat-resources');
    await applied(lab, 0, ['-i', inventory]);
    assert.deepEqual(await daemons(), started);
    await assertNothingToDo(lab, inventory);
  });

  it('wait while another dnf works, and go on when it is done', async () => {
    await lab.sh('h2', 'rpm -e --nodeps resource-agents');
    // A lock file with the process that holds it is all that dnf looks at (dnf/lock.py).
    await lab.sh('h2', 'sleep 20 >/dev/null 2>&1 & echo $! >/var/cache/dnf/metadata_lock.pid');
    await applied(lab, 0, ['-i', inventory]);
    assert.match(await lab.sh('h2', 'rpm -q resource-agents'), /^resource-agents-4/);
  });

  it('take up newer packages, and the resources on them do not notice', async () => {
    await startEach(lab, Object.fromEntries(REMOTE.map((host) => [`on-${host}`, host])));
    for (const host of ['h1', 'h2', 'h3']) {
      await setRepository(host, 'updates', 1);
      await lab.sh(host, 'dnf -q makecache'); // an upgrade goes by the lists that are there
    }
    const [before, started] = [await photograph(lab), await daemons()];
    const { code, stdout, stderr } = await outrigger(lab, ['upgrade', '--yes', '-i', inventory]);
    assert.equal(code, 0, stderr + stdout);
    for (const host of ['h1', 'h2', 'h3'])
      assert.match(await lab.sh(host, 'rpm -q pacemaker-remote'), /-2\.el9\./);
    const restarted = (await daemons()).map((daemon, index) => daemon !== started[index]);
    assert.deepEqual(restarted, [true, true, true, false]);
    await settled(lab);
    assert.deepEqual(await photograph(lab), before);
  });

  it('end with nothing to do, nothing left behind, and nobody fenced', async () => {
    await settled(lab);
    await assertNothingToDo(lab, inventory);
    await assertNothingLeft(lab);
    await assertQuiet(lab);
    assert.deepEqual(
      lab.hosts.map(({ name }) => lab.boots(name)),
      lab.hosts.map(() => 1),
    );
  });
});
