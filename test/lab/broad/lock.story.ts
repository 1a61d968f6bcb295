/** One run at a time changes a cluster, from whatever control seat. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ajv } from 'ajv';
import { loadSchema } from '../../../src/flows/load-document.ts';
import { hostScript } from '../../support/host-script.ts';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  RUN_LIMIT_MS,
  applied,
  argvOf,
  assertInSync,
  assertQuiet,
  configurationOf,
  environmentIn,
  outrigger,
  tracesOf,
  writeInventory,
  type Applied,
  type Finished,
} from '../outrigger.ts';
import { killedAt, skipWithoutLab, startApply, type End } from '../story-run.ts';
import { waitFor } from '../wait.ts';

const NAME = 'story-lock';
const LOCK = hostScript('apply/lock/lock.sh');

const isHistory = new Ajv({ strict: true, allowUnionTypes: true }).compile(loadSchema('history'));

/** A machine of its own, as far as a program can tell: name, processes and home. */
const ELSEWHERE = [
  'unshare',
  '--fork',
  '--pid',
  '--kill-child',
  '--mount-proc',
  '--uts',
  'sh',
  '-c',
  'hostname seat2 && exec "$@"',
  'sh',
];

describe('the lock of the cluster', function () {
  inOrder(this); // each step stands on the one before
  let lab: Lab;
  let inventory = '';

  /** The lock that the CIB holds: its ID, or nothing. */
  const lockId = async (): Promise<string | undefined> => {
    const config = await lab.sh('c1', 'cibadmin --query --scope crm_config');
    return / id="outrigger-lock-id"[^>]* value="(\w+)"/.exec(config)?.[1];
  };

  const tamper = (): Promise<string> =>
    lab.sh('h1', 'head -c 256 /dev/urandom >/etc/pacemaker/authkey');

  /** Starts outrigger on the other seat; `said` waits for what it shall say on stderr. */
  function elsewhere(
    args: readonly string[],
    home = join(lab.dir, 'seat2'),
  ): {
    said: (what: RegExp) => Promise<void>;
    ended: Promise<Finished>;
  } {
    mkdirSync(home, { recursive: true });
    const child = lab.controlSpawn([...ELSEWHERE, ...argvOf(args)], {
      env: { ...environmentIn(lab), HOME: home, XDG_STATE_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: RUN_LIMIT_MS,
    });
    const output = { stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
    return {
      said: (what) =>
        waitFor(`it says ${String(what)}`, 120_000, () =>
          Promise.resolve(what.test(output.stderr) || JSON.stringify(output)),
        ),
      ended: new Promise((resolve) => {
        child.once('close', (code) => {
          resolve({ code: code ?? -1, ...output });
        });
      }),
    };
  }

  const applyElsewhere = (...more: string[]) =>
    elsewhere(['apply', '--yes', '-i', inventory, ...more]);

  const noticesOf = ({ lines }: Pick<Applied, 'lines'>): string[] =>
    lines.flatMap((line) => (line.type === 'notice' ? [line.message] : []));

  /** Tampers, and kills the run that mends it at its first step. */
  async function killedRun(...more: string[]): Promise<End> {
    await tamper();
    const end = await killedAt(
      lab,
      ['apply', '-i', inventory, ...more],
      ({ type }) => type === 'action',
    );
    assert.notEqual(await lockId(), undefined);
    return end;
  }

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, replace: true, bareHosts: 1, firewalld: 0 });
    inventory = writeInventory(lab, { remoteNodes: [{ name: 'r1', host: 'h1' }] });
  });

  after(() => labDown(NAME));

  it('lets one of two seats work; the other is refused, or waits and then goes on', async () => {
    let waiting: ReturnType<typeof elsewhere> | undefined;
    await applied(lab, 0, ['-i', inventory], {
      when: ({ type }) => type === 'action',
      meddle: async () => {
        waiting = applyElsewhere('--lock-wait', '4min');
        const [refused] = await Promise.all([
          applyElsewhere().ended,
          waiting.said(/waiting up to 240 s/),
        ]);
        assert.equal(refused.code, 5, refused.stdout);
        assert.match(
          refused.stderr,
          /the cluster is locked by \S+@\S+, process \d+ since \S+Z until \S+Z \(lock [0-9a-f]{12}\)/,
        );
        assert.match(refused.stderr, /--lock-wait .*outrigger unlock [0-9a-f]{12}/);
      },
    });
    const { code, stdout, stderr } = await (waiting ?? assert.fail('nothing was done')).ended;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /nothing to do|no changes|in sync/i);
    assert.equal(await lockId(), undefined);
  });

  it('is no drift, takes nothing from the cluster, and leaves nothing', async () => {
    const before = await configurationOf(lab);
    const lock = (verb: string, stdin = '') =>
      lab.sh('c2', `cat >/tmp/lock.xml; sh /tmp/lock.sh ${verb} </tmp/lock.xml`, { stdin });
    await lab.sh('c2', 'cat >/tmp/lock.sh', { stdin: LOCK });
    await lock('take 0123456789ab 60', lockXml('0123456789ab'));
    assert.notEqual(await configurationOf(lab), before);
    const drift = await outrigger(lab, ['drift', '-i', inventory]);
    assert.equal(drift.code, 0, drift.stdout);
    const idle = await outrigger(lab, ['apply', '-i', inventory]); // to do nothing needs no lock
    assert.equal(idle.code, 0, idle.stderr);
    assert.match(idle.stdout, /locked by eve@seat3, process 7 since .*another run is in progress/s);
    assert.match((await lab.exec('c1', 'crm_verify --live-check; echo $?')).stdout, /^0$/m);
    await lock('release 0123456789ab');
    assert.equal(await configurationOf(lab), before);
    await assertQuiet(lab);
  });

  it('of a run that was killed is taken over at once where it ran, and not elsewhere', async () => {
    await killedRun();
    const refused = await applyElsewhere().ended;
    assert.equal(refused.code, 5, refused.stdout);
    const run = await applied(lab, 0, ['-i', inventory]);
    assert.match(
      noticesOf(run).join('\n'),
      /^the lock was taken over: its process on this machine has ended \(locked by \S+@\S+, process \d+ /,
    );
    assert.equal(await lockId(), undefined);
  });

  it('is taken over elsewhere once it has expired', async () => {
    await killedRun('--lock-lease', '20s');
    const waiting = await applyElsewhere('--lock-wait', '2min').ended;
    assert.equal(waiting.code, 0, waiting.stderr);
    assert.match(waiting.stderr, /the lock was taken over: it has expired/);
    assert.equal(await lockId(), undefined);
  });

  it('is given to exactly one of twenty who take it over at the same time on two nodes', async () => {
    const race = `cat >/tmp/lock.xml
for i in 0 1 2 3 4 5 6 7 8 9; do
  sed "s/@ID@/$(hostname)$i/" /tmp/lock.xml |
    { sh /tmp/lock.sh take "$(hostname)$i" 60 "$OLD_ID" "$OLD_EXPIRES" >/dev/null && echo "$(hostname)$i"; } &
done
wait`;
    await lab.sh('c1', 'cat >/tmp/lock.sh', { stdin: LOCK });
    const old = await lab.sh('c1', 'sh /tmp/lock.sh take 0123456789ab 1', {
      stdin: lockXml('0123456789ab'),
    });
    const expires = expiresIn(old);
    const winners = await Promise.all(
      ['c1', 'c2'].map((node) =>
        lab.sh(node, `OLD_ID=0123456789ab OLD_EXPIRES=${expires}; ${race}`, {
          stdin: lockXml('@ID@'),
        }),
      ),
    );
    const [winner = '', ...others] = winners.join('').split('\n').filter(Boolean);
    assert.deepEqual(others, []);
    assert.equal(await lockId(), winner);
    await lab.sh('c1', `sh /tmp/lock.sh release ${winner}`);
    assert.equal(await lockId(), undefined);
  });

  it('is given back by a run that is interrupted', async () => {
    await tamper();
    const { ended } = startApply(lab, inventory, ({ type }, child) => {
      if (type === 'action') child.kill('SIGINT');
    });
    assert.equal((await ended).code, 130);
    assert.equal(await lockId(), undefined);
  });

  it('is taken away by its ID; a run without it stops', async () => {
    await tamper();
    const { failures, lines, stdout } = await applied(lab, 4, ['-i', inventory], {
      when: ({ type }) => type === 'action',
      meddle: async () => {
        const id = (await lockId()) ?? assert.fail('it has no lock');
        const unlock = elsewhere(['unlock', id, '-i', inventory, '--yes']);
        assert.equal((await unlock.ended).code, 0);
      },
    });
    assert.match(failures['r1'] ?? stdout, /no longer holds the lock of the cluster/);
    assert.ok(lines.every(({ type }) => type !== 'cib-written'));
  });

  it('lasts longer while a run goes on', async () => {
    // Two steps on the host: the lock is made to last longer between them, before anything is disconnected.
    await lab.sh('h1', 'dpkg --remove --force-depends pacemaker-cli-utils');
    await tamper();
    const { lines } = await applied(lab, 0, ['-i', inventory, '--lock-lease', '20s'], {
      when: ({ type }) => type === 'action',
      meddle: () => sleep(11_000), // more than half of that
    });
    const writes = lines.flatMap((line) => (line.type === 'cib-written' ? [line] : []));
    assert.deepEqual(
      writes.slice(0, 2).map(({ purpose }) => purpose),
      ['lock', 'quiet-restart'],
    );
    const [before, after] = writes.map(({ copy }) => expiresIn(readFileSync(copy, 'utf8')));
    assert.ok(Number(after) - Number(before) >= 10, `${before} ${after}`);
    assert.equal(await lockId(), undefined);
    await assertInSync(lab, inventory);
    await assertQuiet(lab);
  });

  it('is waited for by an undo as well, which then looks anew', async () => {
    const { stdout } = await outrigger(lab, ['history', '-i', inventory, '--json']);
    const history = JSON.parse(stdout) as { runs: { id: string; joined: string[] }[] };
    assert.ok(isHistory(history), JSON.stringify(isHistory.errors));
    const joiners = history.runs.filter(({ joined }) => joined.includes('r1'));
    assert.deepEqual(joiners, history.runs.slice(-1));
    await tamper();
    let undo: ReturnType<typeof elsewhere> | undefined;
    await applied(lab, 0, ['-i', inventory], {
      when: ({ type }) => type === 'action',
      meddle: async () => {
        const args = ['undo', joiners[0]?.id ?? '', '--yes', '--lock-wait', '4min'];
        undo = elsewhere(args, environmentIn(lab)['XDG_STATE_HOME']);
        await undo.said(/waiting up to 240 s/);
      },
    });
    const { code, stdout: said, stderr } = await (undo ?? assert.fail('nothing was done')).ended;
    assert.equal(code, 0, stderr + said);
    assert.match(said, /^Done: r1 removed\.$/m);
    assert.deepEqual(await tracesOf(lab, 'r1'), []);
    assert.equal(await lockId(), undefined);
    await assertQuiet(lab);
  });
});

/** When the lock expires that a CIB holds, in seconds. */
const expiresIn = (cib: string): string =>
  /"outrigger-lock-expires" value="(\d+)"/.exec(cib)?.[1] ?? assert.fail(`no lock: ${cib}`);

/** A lock as a run creates it. */
const lockXml = (id: string): string =>
  `<cluster_property_set id="outrigger-lock">${Object.entries({
    id,
    holder: 'eve@seat3, process 7',
    process: '',
    taken: '@TAKEN@',
    expires: '@EXPIRES@',
  })
    .map(
      ([name, value]) =>
        `<nvpair id="outrigger-lock-${name}" name="outrigger-lock-${name}" value="${value}"/>`,
    )
    .join('')}</cluster_property_set>`;
