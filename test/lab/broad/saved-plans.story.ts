/** A plan is saved, carried out exactly or not at all, recorded, and taken back so that nobody is fenced. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  argvOf,
  assertQuiet,
  guestOn,
  environmentIn,
  isStarted,
  outrigger,
  plan,
  settled,
  tracesOf,
  writeInventory,
  type Applied,
  type Finished,
  type WantedInventory,
} from '../outrigger.ts';
import { skipWithoutLab, startApply } from '../story-run.ts';
import { startOn } from '../workload.ts';

const NAME = 'story-saved';
const KEY = '/etc/pacemaker/authkey';
const JOIN = ['--batch', '100%', '--allow', 'guest-joins'];
/** Somebody has kept an attribute of h2, which the cluster does not have yet. */
const KEPT =
  '<node id="h2" uname="h2" type="remote"><instance_attributes id="kept"><nvpair id="kept-colour" name="colour" value="blue"/></instance_attributes></node>';

describe('a saved plan', function () {
  inOrder(this); // each step stands on the one before
  let lab: Lab;
  let inventory: string;
  let file: string;
  let configuration: string;
  let run: string;
  let machineStarted: string;

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({
      name: NAME,
      replace: true,
      bareHosts: 2,
      firewalld: 0,
      virtualMachines: 1,
    });
    file = join(lab.dir, 'first.plan');
    inventory = inventoryWith({});
    await lab.sh('c1', `cibadmin --modify --allow-create -o nodes -X '${KEPT}'`);
    await settled(lab);
    await lab.clearPowerLog();
    configuration = await configurationOf();
    machineStarted = await startOfMachine();
  });

  after(async () => {
    await labDown(NAME);
  });

  /** x1 and h2 are remote nodes, g1 is the machine v1; with more said of one of them. */
  function inventoryWith(more: Record<string, Record<string, unknown>>): string {
    const desired: WantedInventory = {
      connectTimeout: '30s', // the machines that tests run on may be busy
      remoteNodes: [
        {
          name: 'x1',
          host: 'h1',
          fencing: { device: 'fencing', plug: 'h1' },
          ...more['x1'],
        },
        { name: 'h2', host: 'h2', attributes: { rack: 'a1' }, ...more['h2'] },
      ],
      guestNodes: [guestOn('v1', 'g1')],
    };
    return writeInventory(lab, desired);
  }

  /** The configuration without its version. */
  const configurationOf = (): Promise<string> => lab.sh('c1', 'cibadmin -Q -o configuration');
  const refused = async (args: readonly string[]): Promise<string> => {
    const { code, stderr, stdout } = await outrigger(lab, args);
    assert.equal(code, 5, `${stderr}${stdout}`);
    return stderr;
  };
  /** `host item` of all that a run changed. */
  const changesIn = ({ lines }: Applied): string[] =>
    lines
      .flatMap((line) =>
        line.type === 'verdict' && line.verdict.kind === 'changed'
          ? [`${line.host} ${line.item}`]
          : [],
      )
      .sort();

  it('is kept for its owner, without a secret, and shown again without a network', async () => {
    const { code, stdout, stderr } = await outrigger(lab, ['plan', '-i', inventory, '--out', file]);
    assert.equal(code, 0, stderr);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await lab.block('control', 'c1', 22);
    const shown = await outrigger(lab, ['show', file]);
    await lab.unblock('control', 'c1', 22);
    assert.deepEqual([shown.stdout, shown.code], [stdout, 0]);
    const { stdout: document } = await outrigger(lab, ['show', file, '--json']);
    assert.deepEqual(
      (JSON.parse(document) as { plays: unknown }).plays,
      (await plan(lab, inventory)).plays,
    );
    const bytes = readFileSync(file);
    for (const node of ['c1', 'c2']) {
      const key = Buffer.from(await lab.sh(node, `base64 -w0 ${KEY}`), 'base64');
      const digest = Buffer.from((await lab.sh(node, `sha256sum ${KEY}`)).slice(0, 64), 'hex');
      assert.ok(key.length >= 32);
      for (const secret of [key, key.subarray(0, 24), digest, digest.subarray(0, 12)]) {
        assert.ok(!bytes.includes(secret));
        for (const form of ['hex', 'base64', 'base64url'] as const)
          assert.ok(!bytes.includes(secret.toString(form).replace(/=+$/, '')), form);
      }
    }
  });

  it('is refused while a file that it writes is another, naming it', async () => {
    await lab.sh('h1', `mkdir -p /etc/pacemaker && echo by-hand >${KEY}`);
    const reported = await refused(['apply', '--yes', '-i', inventory, file]);
    assert.match(
      reported,
      /^ {2}x1 authkey: content is now differs from .* -> .*, was absent -> /m,
    );
    await lab.sh('h1', 'rm -r /etc/pacemaker');
    assert.equal(await configurationOf(), configuration);
  });

  it('does exactly what it shows, whatever else has changed in the CIB', async () => {
    const planned = (await plan(lab, inventory)).changes.map(({ host, item }) => `${host} ${item}`);
    await lab.sh('c1', 'crm_attribute --name by-hand --update 1');
    const result = await applied(lab, 0, [file, '-i', inventory, ...JOIN]);
    assert.deepEqual(changesIn(result), [...new Set(planned)].sort());
    run = /log and copies of the CIB: .*\/(\S+)$/m.exec(result.stderr)?.[1] ?? '';
    assert.ok(run !== '', result.stderr);
    for (const node of ['x1', 'h2', 'g1']) assert.ok(await isStarted(lab, node), node);
    await lab.sh('c1', 'crm_attribute --name by-hand --delete');
  });

  it('is refused a second time, by this machine and by any other', async () => {
    const again = ['apply', '--yes', '-i', inventory, file];
    assert.match(await refused(again), new RegExp(`already applied by run ${run}`));
    const elsewhere = await lab.control(argvOf(again), {
      env: { ...environmentIn(lab), XDG_STATE_HOME: join(lab.dir, 'elsewhere') },
      timeoutMs: 600_000,
    });
    assert.equal(elsewhere.code, 5, elsewhere.stderr);
    assert.match(elsewhere.stderr, /^ {2}x1 service: no longer necessary/m);
    assert.match(elsewhere.stderr, /^ {2}h2 connection-resource: no longer necessary/m);
    // The run gave c2 the key of c1.
    assert.match(elsewhere.stderr, /^ {2}the credentials of the cluster nodes have changed/m);
  });

  it('is refused when somebody edits a connection that it changes, naming that, and not for another', async () => {
    const other = inventoryWith({ h2: { reconnectInterval: '77s' } });
    const second = join(lab.dir, 'second.plan');
    const { code } = await outrigger(lab, ['plan', '-i', other, '--out', second]);
    assert.equal(code, 0);
    const priority = (node: string, value: string): Promise<string> =>
      lab.sh('c1', `crm_resource -r ${node} --meta --set-parameter priority -v ${value}`);
    await priority('x1', '7');
    const third = join(lab.dir, 'third.plan');
    const without = inventoryWith({ h2: { state: 'absent' } });
    assert.equal((await outrigger(lab, ['plan', '-i', without, '--out', third])).code, 0);
    assert.doesNotMatch(
      (await outrigger(lab, ['apply', '--no-input', '-i', other, second])).stderr,
      /stale/,
    );
    await priority('h2', '7');
    const reported = await refused(['apply', '--yes', '-i', other, second]);
    const toldOfRemoval = await refused(['apply', '--yes', '-i', without, third]);
    for (const text of [reported, toldOfRemoval])
      assert.deepEqual(text.match(/^ {2}\S.*$/gm), [
        '  CIB <primitive> h2: changed since',
        '  plan again, review the new plan, and apply it',
      ]);
  });

  it('is in the history, and in the system log of each host that it changed', async () => {
    const { stdout } = await outrigger(lab, ['history', '-i', inventory]);
    assert.match(stdout, new RegExp(`^ {2}${run} .* joined g1, h2, x1; .* done$`, 'm'));
    for (const [host, what] of [
      ['h1', 'package, authkey'],
      ['h2', 'package, authkey'],
      ['v1', 'package, authkey'],
      ['c1', 'CIB \\(fence-device\\)'],
    ] as const) {
      const lines = await lab.sh(host, 'journalctl -t outrigger -o cat --no-pager');
      assert.match(lines, new RegExp(`^\\S+@\\S+ run ${run} cluster ${NAME}: .*${what}`), host);
      assert.equal(lines.trim().split('\n').length, 1, host);
    }
  });

  /** Nothing of what the runs have joined is left, what they found is there, and nobody was fenced. */
  async function assertAsFound(): Promise<void> {
    for (const node of ['x1', 'g1']) assert.deepEqual(await tracesOf(lab, node), [], node);
    await settled(lab);
    assert.equal(await configurationOf(), configuration);
    assert.equal(await startOfMachine(), machineStarted);
    await assertQuiet(lab);
  }

  const startOfMachine = (): Promise<string> => lab.sh('v1', 'stat -c %Y /proc/1');

  /** Undoes a run; with `killedAt` it is killed as soon as it tells that. */
  async function undone(of: string, more: readonly string[], killedAt?: RegExp): Promise<Finished> {
    if (killedAt === undefined) return outrigger(lab, ['undo', of, '--yes', ...more]);
    const child = lab.controlSpawn(argvOf(['undo', of, '--yes', ...more]), {
      env: environmentIn(lab),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (killedAt.test(stderr)) child.kill('SIGKILL');
    });
    const signal = await new Promise((resolve) => {
      child.once('close', (_code, by) => {
        resolve(by);
      });
    });
    assert.equal(signal, 'SIGKILL', stderr);
    return { code: -1, stdout: '', stderr };
  }

  /** The runs of which there is a record, the latest first. */
  async function history(): Promise<{ id: string; end: string; undoes: string | null }[]> {
    const { stdout } = await outrigger(lab, ['history', '-i', inventory, '--json']);
    return (JSON.parse(stdout) as { runs: { id: string; end: string; undoes: string | null }[] })
      .runs;
  }

  it('is not undone before somebody has allowed that resources move, and that edits of others go', async () => {
    await startOn(lab, 'app', 'x1');
    const reported = await refused(['undo', run, '--yes']);
    assert.match(reported, /moves-resources: .*\(app\)/);
    assert.match(
      reported,
      /edited-since: .*\(x1: priority absent -> 7, h2: priority absent -> 7\)/,
    );
    assert.ok(await isStarted(lab, 'x1'));
  });

  it('is rolled back, also when the undo is killed half-way: what runs there leaves first', async () => {
    const allow = ['--allow', 'moves-resources', '--allow', 'edited-since'];
    await undone(run, allow, /waiting for the nodes to disappear/);
    const { code, stdout, stderr } = await undone(run, []);
    assert.equal(code, 0, `${stderr}${stdout}`);
    assert.match(stdout, /^Already removed, records still to be deleted\n {2}g1, h2, x1$/m);
    await lab.sh(
      'c1',
      "cibadmin --delete-all --force --xpath \"//rsc_location[@id='app-prefers']|//primitive[@id='app']\"",
    );
    await assertAsFound();
    const again = await undone(run, []);
    assert.match(
      again.stdout,
      /Already removed\n {2}g1, h2, x1\n[^]*Nothing is left to undo of run/,
    );
    assert.equal(again.code, 0);
    const lines = await lab.sh('c1', 'journalctl -t outrigger -o cat --no-pager');
    assert.match(lines, /CIB \(undo-restore\)$/m);
    assert.deepEqual(
      (await history()).map(({ undoes, end }) => [undoes, end]),
      [
        [run, 'done'],
        [run, 'unknown'],
        [null, 'done'],
      ],
    );
  });

  for (const [what, purpose, options] of [
    ['while a second remote node connects', 'connection-resource', []],
    ['while a machine is held for its connection', 'guest-node', ['--batch', '100%']],
  ] as const) {
    it(`that was killed ${what} is undone as well`, async () => {
      let seen = 0;
      const all = ['--allow', 'guest-joins', ...options];
      const killed = startApply(
        lab,
        inventory,
        (line, child) => {
          if (line.type !== 'cib-written' || line.purpose !== purpose) return;
          seen += 1;
          if (seen === (options.length === 0 ? 2 : 1)) child.kill('SIGKILL');
        },
        all,
      );
      assert.equal((await killed.ended).signal, 'SIGKILL');
      const [died] = await history();
      assert.equal(died?.end, 'unknown');
      const { code, stdout, stderr } = await undone(died.id, []);
      assert.equal(code, 0, `${stderr}${stdout}`);
      await assertAsFound();
    });
  }
});
