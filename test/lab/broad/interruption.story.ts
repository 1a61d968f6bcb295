/** A run that is cut short anywhere: nothing of it stays behind, nobody is fenced, and the next one finishes the job. */
import assert from 'node:assert/strict';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { applied, apply, assertQuiet, isStarted, settled, writeInventory } from '../outrigger.ts';
import type { Line } from '../outrigger.ts';
import {
  AS_SUDOER,
  assertNothingLeft,
  assertNothingToDo,
  skipWithoutLab,
  startApply,
} from '../story-run.ts';
import { waitFor } from '../wait.ts';

const NAME = 'story-interruption';
const KEY = '/etc/pacemaker/authkey';
const REMOTE = ['h1', 'h2', 'h3'];

/** Where a run is killed: at the announcement of an action, or a moment later, in the middle of it. */
type Kill = { action: string; item?: string; delayMs: number };

/** While bare hosts join: each run gets a little further than the one before. */
const KILLS_WHILE_JOINING: readonly Kill[] = [
  { action: 'write-authkey', delayMs: 0 },
  { action: 'install-apt', delayMs: 0 },
  { action: 'install-apt', delayMs: 2000 },
  { action: 'write-authkey', item: 'authkey', delayMs: 150 },
  { action: 'start-service', delayMs: 0 },
  { action: 'write-cib', item: 'connection-resource', delayMs: 0 },
  { action: 'write-cib', item: 'connection-resource', delayMs: 700 },
  { action: 'write-cib', item: 'node-state', delayMs: 0 },
  { action: 'write-cib', item: 'connection-resource', delayMs: 2500 },
  { action: 'write-cib', item: 'node-state', delayMs: 300 },
];

/** In a cluster that is whole: what makes a run begin that action. */
type Tampering = { what: string; on: string; script: string; action: string };

const TAMPERINGS: readonly Tampering[] = [
  {
    what: 'installing a package',
    on: 'h2',
    script: 'dpkg --remove --force-depends pacemaker-cli-utils',
    action: 'install-apt',
  },
  { what: 'setting rights', on: 'h1', script: `chmod 0644 ${KEY}`, action: 'set-permissions' },
  {
    what: 'setting the environment',
    on: 'h2',
    script: 'sed -i /PCMK_remote_port=3122/d /etc/default/pacemaker',
    action: 'set-environment',
  },
  {
    what: 'opening the firewall',
    on: 'h3',
    script:
      'firewall-cmd --quiet --permanent --zone=public --remove-rich-rule=\'rule family="ipv4" source address="10.77.0.11" port port="3121" protocol="tcp" accept\'; firewall-cmd --quiet --reload',
    action: 'open-firewalld',
  },
  {
    what: 'writing the key',
    on: 'h1',
    script: `head -c 64 /dev/urandom >${KEY}`,
    action: 'write-authkey',
  },
  {
    what: 'a link to the key becomes a file',
    on: 'h2',
    script: `rm -rf /srv/keys; install -D -m 0644 ${KEY} /srv/keys/authkey; ln -sf /srv/keys/authkey ${KEY}`,
    action: 'write-authkey',
  },
  {
    // A graceful stop: the cluster lets the node go and does not connect again by itself.
    what: 'a connection is tried again',
    on: 'h3',
    script: 'systemctl stop pacemaker_remote',
    action: 'cleanup',
  },
];

/** Kills every process that has a half-written file open: the script, and what it has started. */
const KILL_WRITERS = `for process in /proc/[0-9]*; do
  if ls -l "$process/fd" 2>/dev/null | grep -q '\\.outrigger\\.'; then kill -9 "\${process#/proc/}"; fi
done
true`;

describe('interruption', function () {
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

  const isAction = (line: Line, { action, item }: { action: string; item?: string }): boolean =>
    line.type === 'action' && line.action === action && (item === undefined || line.item === item);

  /**
   * Runs apply and kills it there; returns whether it got there. What an earlier run has begun on a host goes on there, and may
   * change it between the plan and the lock (the package of Debian writes a key): then it says so, and is run again.
   */
  async function killed(kill: Kill, tries = 3): Promise<boolean> {
    const { ended } = startApply(lab, inventory, (line, child) => {
      if (isAction(line, kill)) setTimeout(() => child.kill('SIGKILL'), kill.delayMs);
    });
    const { code, signal, stderr } = await ended;
    if (code === 5 && tries > 1) {
      assert.match(
        stderr,
        /has changed since the plan was shown; nothing was changed:\n.*\n.*run again/,
      );
      return killed(kill, tries - 1);
    }
    if (signal === null) assert.equal(code, 0, stderr);
    return signal === 'SIGKILL';
  }

  async function assertWhole(): Promise<void> {
    await settled(lab);
    for (const host of REMOTE) assert.ok(await isStarted(lab, host), `${host} is not started`);
    await assertNothingToDo(lab, inventory);
    await assertNothingLeft(lab);
    await assertQuiet(lab);
  }

  it('by SIGKILL again and again while bare hosts join', async () => {
    const missed: string[] = [];
    for (const kill of KILLS_WHILE_JOINING) {
      if (!(await killed(kill))) missed.push(JSON.stringify(kill));
    }
    await applied(lab, 0, ['-i', inventory]);
    await assertWhole();
    assert.deepEqual(missed, []);
  });

  for (const { what, on, script, action } of TAMPERINGS) {
    it(`by SIGKILL while ${what}`, async () => {
      for (const delayMs of [0, 200]) {
        await lab.sh(on, script);
        // A short action may be over before the later kill, and the run with it.
        const wasKilled = await killed({ action, delayMs });
        assert.ok(wasKilled || delayMs > 0, `${action} was not started`);
      }
      await applied(lab, 0, ['-i', inventory]);
      await settled(lab);
      await assertQuiet(lab);
    });
  }

  it('by SIGKILL of what runs on a host, with the key half in place: the next apply removes what it left', async () => {
    const left = async (host: string): Promise<string> =>
      (await lab.exec(host, 'ls -d /run/outrigger.* /etc/pacemaker/.*.outrigger.*')).stdout;
    for (const host of ['h1', 'h2']) {
      await lab.sh(host, `head -c 64 /dev/urandom >${KEY}`);
      // It hangs before the rename, with the content in clear beside the key.
      await lab.sh(host, "printf '#!/bin/sh\\nexec sleep 300\\n' >/usr/local/bin/sync");
      await lab.sh(host, 'chmod 755 /usr/local/bin/sync');
    }
    const { ended } = startApply(lab, inventory, (line, child) => {
      if (!isAction(line, { action: 'write-authkey' }) || line.type !== 'action') return;
      void waitFor('the key is half in place', 60_000, async () => {
        if (!(await left(line.host)).includes('/.authkey.outrigger.')) return 'not yet';
        await lab.sh(line.host, KILL_WRITERS);
        child.kill('SIGKILL');
        return true;
      });
    });
    const { signal } = await ended;
    assert.equal(signal, 'SIGKILL');
    const found = (await Promise.all(['h1', 'h2'].map(left))).join('');
    assert.match(found, /\/\.authkey\.outrigger\./);
    assert.match(found, /\/run\/outrigger\./);
    for (const host of ['h1', 'h2']) await lab.sh(host, `rm /usr/local/bin/sync; ${KILL_WRITERS}`);
    await applied(lab, 0, ['-i', inventory]);
    await assertWhole();
  });

  it('left nothing to do and nothing behind', assertWhole);

  it('by one SIGINT: what is under way is finished, nothing new is begun, and it says so', async () => {
    await lab.sh('h1', `touch ${KEY}`);
    await lab.sh('c1', 'crm_attribute --node h3 --name rack --update b7');
    const { ended, lines } = startApply(lab, inventory, (line, child) => {
      if (isAction(line, { action: 'protect' })) child.kill('SIGINT');
    });
    const { code, stderr } = await ended;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /finishing the current steps/);
    const verdicts = lines.flatMap((line) =>
      line.type === 'verdict' ? [`${line.host} ${line.item} ${line.verdict.kind}`] : [],
    );
    assert.deepEqual(verdicts, ['h1 service changed']);
    assert.equal(lines.at(-1)?.type, 'summary');
    await assertNothingLeft(lab);
    await applied(lab, 0, ['-i', inventory]);
    await assertWhole();
  });

  it('by two SIGINTs: it leaves at once', async () => {
    await lab.sh('h1', `touch ${KEY}`);
    const { ended, lines } = startApply(lab, inventory, (line, child) => {
      if (!isAction(line, { action: 'start-service' })) return;
      child.kill('SIGINT');
      setTimeout(() => child.kill('SIGINT'), 100);
    });
    const { code, stderr } = await ended;
    assert.equal(code, 130, stderr);
    // A run that finishes what is under way proves the connection, and ends with a summary.
    assert.notEqual(lines.at(-1)?.type, 'summary');
    assert.ok(!lines.some(({ type }) => type === 'verdict'), 'it finished what was under way');
    await applied(lab, 0, ['-i', inventory]);
    await assertWhole();
  });

  it('by a lost connection to one host: the others are done, and the message says what happened', async () => {
    for (const host of ['h1', 'h2']) {
      await lab.sh(host, 'dpkg --remove --force-depends pacemaker-cli-utils');
    }
    const run = startApply(lab, inventory, (line) => {
      if (
        isAction(line, { action: 'install-apt' }) &&
        line.type === 'action' &&
        line.host === 'h1'
      ) {
        void lab.block('control', 'h1', 22);
      }
    });
    const { code, stderr } = await run.ended;
    const said = JSON.stringify(run.lines.at(-1));
    assert.equal(code, 4, `${stderr}${said}`);
    assert.match(said, /"host":"h1","message":"package: .*(connection|answer)/);
    const verdicts = run.lines.flatMap((line) =>
      line.type === 'verdict' ? [`${line.host} ${line.item} ${line.verdict.kind}`] : [],
    );
    assert.ok(verdicts.includes('h2 package changed'), verdicts.join());
    const blocked = await apply(lab, ['-i', inventory]);
    assert.equal(blocked.code, 3, 'incomplete while it is unreachable');
    await lab.unblock('control', 'h1', 22);
    await waitFor('apt has ended', 60_000, async () => {
      const { stdout } = await lab.exec('h1', 'pgrep -a apt-get; pgrep -a dpkg');
      return stdout === '' || stdout;
    });
    await applied(lab, 0, ['-i', inventory]);
    await assertWhole();
  });
});
