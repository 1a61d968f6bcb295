/** From bare hosts to a cluster in which nothing is left to do, and back there from every single thing that can be off. */
import assert from 'node:assert/strict';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  assertQuiet,
  epochOf,
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
import { waitFor } from '../wait.ts';

const NAME = 'story-ladder';
const REMOTE = ['h1', 'h2', 'h3'];

/** Every file of a host with its time, size and mode, but for those that change by themselves or by a login. */
const FILES = `find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/tmp -o -path /var/log \
  -o -path /var/lib/pacemaker -o -path /var/lib/systemd -o -path /var/lib/lastlog \\) -prune \
  -o ! -type d -printf '%p %T@ %s %m %u\\n' | sort`;

/** One thing that is off, made so behind outrigger's back; the plan must name it, and nothing else. */
type Tampering = { what: string; on: string; script: string; plan: string; restart?: string };

const KEY = '/etc/pacemaker/authkey';
const RULE =
  'rule family="ipv4" source address="10.77.0.11" port port="3121" protocol="tcp" accept';

const TAMPERINGS: readonly Tampering[] = [
  {
    what: 'a package was removed',
    on: 'h2',
    script: 'dpkg --remove --force-depends pacemaker-cli-utils',
    plan: 'h2 package pacemaker-cli-utils',
  },
  {
    what: 'others may read the key',
    on: 'h2',
    script: `chmod 0644 ${KEY}`,
    plan: 'h2 authkey permissions',
  },
  {
    what: 'the key was overwritten',
    on: 'h1',
    script: `touch -r ${KEY} /run/then; head -c 64 /dev/urandom >${KEY}; touch -r /run/then ${KEY}`,
    plan: 'h1 authkey content',
    restart: 'quiet-restart',
  },
  {
    what: 'the key is newer than the daemon',
    on: 'h3',
    script: `touch ${KEY}`,
    plan: 'h3 service started',
    restart: 'quiet-restart',
  },
  {
    what: 'the port is gone from the environment file, while the daemon still listens there',
    on: 'h2',
    script: 'sed -i /PCMK_remote_port=3122/d /etc/default/pacemaker',
    plan: 'h2 environment PCMK_remote_port', // the daemon runs with it: no restart
  },
  {
    what: 'the service is not enabled',
    on: 'h1',
    script: 'systemctl disable --quiet pacemaker_remote',
    plan: 'h1 service enabled at boot',
  },
  {
    what: 'the firewall closes after its next reload',
    on: 'h3',
    script: `firewall-cmd --quiet --permanent --remove-rich-rule='${RULE}'`,
    plan: 'h3 firewall-port public 3121/tcp from 10.77.0.11',
  },
  {
    what: 'the firewall is closed until its next reload',
    on: 'h3',
    script: `firewall-cmd --quiet --remove-rich-rule='${RULE}'`,
    plan: 'h3 firewall-port public 3121/tcp from 10.77.0.11',
  },
  {
    what: 'the connection has another reconnect_interval',
    on: 'c1',
    script: 'crm_resource --resource h3 --set-parameter reconnect_interval --parameter-value 31s',
    plan: 'h3 connection-resource reconnect_interval',
  },
  {
    what: 'a node attribute has another value',
    on: 'c2',
    script: 'crm_attribute --node h3 --name rack --update b7',
    plan: 'h3 node-state rack',
  },
];

describe('the ladder', function () {
  inOrder(this); // each step stands on the one before
  let lab: Lab;
  let inventory: string;

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, replace: true });
    inventory = writeInventory(lab, {
      remoteNodes: [
        { name: 'h1', host: 'h1', reconnectInterval: '60s', ...AS_SUDOER },
        { name: 'h2', host: 'h2', reconnectInterval: '60s', port: 3122 },
        { name: 'h3', host: 'h3', reconnectInterval: '60s', attributes: { rack: 'a1' } },
      ],
    });
  });

  after(async () => {
    await labDown(NAME);
  });

  const filesOf = async () =>
    Promise.all(lab.hosts.map(async ({ name }) => (await lab.sh(name, FILES)).split('\n')));
  const daemons = async () =>
    Promise.all(
      REMOTE.map((host) =>
        lab.sh(
          host,
          'systemctl show -P MainPID -P ExecMainStartTimestampMonotonic pacemaker_remote',
        ),
      ),
    );

  it('validates without a network', async () => {
    const { code, stdout } = await outrigger(lab, ['validate', '-i', inventory]);
    assert.equal(code, 0);
    assert.match(stdout, /is valid: 2 cluster nodes, 3 remote nodes/);
  });

  it('plans every change, touches nothing, and says the same twice', async () => {
    const files = await filesOf();
    const epoch = await epochOf(lab);
    const { code, changes, text } = await detailedPlan(lab, inventory);
    assert.equal(code, 2);
    assert.deepEqual(
      ownChanges(changes)
        .map((change) => change.split(' ', 2).join(' '))
        .sort(),
      [
        'c2 authkey',
        'h1 authkey',
        'h1 connection-resource',
        'h1 node-state',
        'h1 package',
        'h1 service',
        'h2 authkey',
        'h2 connection-resource',
        'h2 environment',
        'h2 node-state',
        'h2 package',
        'h2 service',
        'h3 authkey',
        'h3 connection-resource',
        'h3 firewall-port',
        'h3 node-state',
        'h3 package',
        'h3 service',
      ],
    );
    assert.equal((await detailedPlan(lab, inventory)).text, text);
    const once = await outrigger(lab, ['plan', '-i', inventory]);
    assert.equal((await outrigger(lab, ['plan', '-i', inventory])).stdout, once.stdout);
    assert.deepEqual(await filesOf(), files);
    assert.equal(await epochOf(lab), epoch);
  });

  it('applies, and nothing is left to do', async () => {
    await applied(lab, 0, ['-i', inventory]);
    for (const host of REMOTE) assert.ok(await isStarted(lab, host), `${host} is not started`);
    await assertNothingToDo(lab, inventory);
    await assertNothingLeft(lab);
    await assertQuiet(lab);
  });

  it('does nothing when it is applied again', async () => {
    const [epoch, started, files] = [await epochOf(lab), await daemons(), await filesOf()];
    const { lines } = await applied(lab, 0, ['-i', inventory]);
    assert.deepEqual(actionsIn(lines), []);
    assert.deepEqual([await epochOf(lab), await daemons()], [epoch, started]);
    assert.deepEqual(await filesOf(), files);
  });

  it('shows who is in', async () => {
    const { code, stdout } = await outrigger(lab, ['status', '-i', inventory]);
    assert.equal(code, 0, stdout);
    for (const host of REMOTE) assert.match(stdout, new RegExp(`\\b${host}\\b`));
  });

  it('leaves out what --limit does not name', async () => {
    await lab.sh('h1', `chmod 0644 ${KEY}`);
    await lab.sh('h2', `chmod 0644 ${KEY}`);
    const only = await detailedPlan(lab, inventory, '--limit', 'h1');
    assert.deepEqual(ownChanges(only.changes), ['h1 authkey permissions']);
    await applied(lab, 0, ['-i', inventory, '--limit', 'h1']);
    const { changes } = await detailedPlan(lab, inventory);
    assert.deepEqual(ownChanges(changes), ['h2 authkey permissions']);
    await applied(lab, 0, ['-i', inventory]);
  });

  // The plan of each also shows that the one before is mended: it names nothing else.
  for (const { what, on, script, plan, restart } of TAMPERINGS) {
    it(`mends: ${what}`, async () => {
      await lab.sh(on, script);
      const { code, changes } = await detailedPlan(lab, inventory);
      assert.deepEqual([code, ownChanges(changes)], [2, [plan]]);
      assert.deepEqual(
        changes.map((change) => change.restart).filter((kind) => kind !== 'none'),
        restart === undefined ? [] : [restart],
      );
      await applied(lab, 0, ['-i', inventory]);
    });
  }

  it('starts a daemon that was stopped while an operator kept the connection', async () => {
    await lab.sh('c1', 'crm_resource --resource h1 --meta -p is-managed -v false');
    await settled(lab);
    await lab.sh('h1', 'systemctl stop pacemaker_remote');
    const { changes } = await detailedPlan(lab, inventory);
    assert.deepEqual(ownChanges(changes), ['h1 service state']);
    await applied(lab, 0, ['-i', inventory]);
    assert.match(await lab.sh('c1', 'cibadmin -Q'), /name="is-managed" value="false"/);
    await lab.sh('c1', 'crm_resource --resource h1 --meta -d is-managed');
    await waitFor('h1 is back', 60_000, async () => (await isStarted(lab, 'h1')) || 'not yet');
  });

  it('ends with nothing to do, nothing left behind, and nobody fenced', async () => {
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
