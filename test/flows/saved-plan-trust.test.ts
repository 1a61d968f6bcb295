/** Whoever hands over a saved plan does not decide what is run, read and connected on this machine. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { exitCodeOf } from '../../src/cli/process/exit-code.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import { chooseSources } from '../../src/cli/sessions/saved-plan-sources.ts';
import { version } from '../../src/cli/process/version.ts';
import { readPlanFile, savePlan, type PlanFile } from '../../src/flows/saved-plan-file.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { planOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';

const stream = Object.assign(new PassThrough(), { isTTY: false }) as unknown as NodeJS.WriteStream;

describe('a saved plan that somebody hands over', () => {
  useStateFolder();
  let folder: string;
  let file: string;
  let inventory: string;
  let mark: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-trust-'));
    file = join(folder, 'handed.plan');
    inventory = join(folder, 'inventory.yml');
    mark = join(folder, 'mark');
    // 192.0.2.1 is for documentation; what is run at all is run before anything is connected.
    writeFileSync(
      inventory,
      JSON.stringify({
        apiVersion: 'outrigger/v1',
        cluster: { name: 'prod' },
        connection: { user: 'root', sshConfig: 'none', connectTimeout: '1s' },
        authentication: { method: 'psk', authkey: { command: ['touch', mark] } },
        clusterNodes: [{ name: 'c1', address: '192.0.2.1' }],
        remoteNodes: [{ name: 'h1', address: '192.0.2.2' }],
      }),
    );
    await save(undefined);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  async function save(playbook: string | undefined): Promise<void> {
    savePlan(
      file,
      await planOf(new FakeLab(['h1'])),
      {
        inventory: { path: inventory, text: readFileSync(inventory, 'utf8') },
        playbook: { path: playbook, text: readFileSync(playbook ?? 'playbooks/site.yml', 'utf8') },
        limit: undefined,
      },
      version(),
    );
  }

  async function run(...argv: string[]) {
    let said = '';
    const terminal = {
      out: (text: string) => (said += text),
      err: (text: string) => (said += text),
      outStream: stream,
      errStream: stream,
      inIsTerminal: false,
      env: process.env,
      signal: AbortSignal.timeout(20_000),
    };
    try {
      return { code: await runCommandLine(argv, terminal), said };
    } catch (thrown) {
      assert.ok(thrown instanceof OutriggerError, String(thrown));
      return { code: exitCodeOf(thrown.code), said: `${said}${thrown.message}\n${thrown.hint}` };
    }
  }

  const digest = (): string => createHash('sha256').update(readFileSync(file)).digest('hex');

  it('runs nothing of the inventory that it names, where nobody can be asked', async () => {
    for (const more of [[], ['--yes'], ['--no-input']]) {
      const { code, said } = await run('apply', file, ...more);
      assert.equal(existsSync(mark), false);
      assert.equal(code, 1, said);
      assert.match(said, /-i INVENTORY/);
      assert.match(said, /--plan-sha256/);
    }
  });

  it('is carried out with the inventory that is given, where that is the one it was made from', async () => {
    await run('apply', file, '-i', inventory, '--yes');
    assert.equal(existsSync(mark), true);
    rmSync(mark);
    writeFileSync(inventory, `${readFileSync(inventory, 'utf8')}\n`);
    const { code, said } = await run('apply', file, '-i', inventory, '--yes');
    assert.equal(existsSync(mark), false);
    assert.deepEqual(
      [code, said.includes(`the inventory ${inventory} has changed`)],
      [5, true],
      said,
    );
  });

  it('is carried out where its digest is given, and refused for any other', async () => {
    for (const given of [digest(), digest().toUpperCase()]) {
      await run('apply', file, '--plan-sha256', given, '--yes');
      assert.equal(existsSync(mark), true);
      rmSync(mark);
    }
    const { code, said } = await run('apply', file, '--plan-sha256', '0'.repeat(64), '--yes');
    assert.deepEqual([code, existsSync(mark)], [5, false], said);
    assert.match(said, new RegExp(digest()));
    for (const wrong of [
      [file, '--plan-sha256', 'abc'],
      ['--plan-sha256', digest(), '-i', inventory],
    ])
      assert.equal((await run('apply', ...wrong)).code, 1);
    assert.equal(existsSync(mark), false);
  });

  it('is not read with a playbook that nobody has named', async () => {
    const playbook = join(folder, 'other.yml');
    writeFileSync(playbook, readFileSync('playbooks/site.yml'));
    await save(playbook);
    const { code, said } = await run('apply', file, '-i', inventory, '--yes');
    assert.deepEqual([code, existsSync(mark)], [1, false], said);
    assert.match(said, /--playbook/);
    await run('apply', file, '-i', inventory, '--playbook', playbook, '--yes');
    assert.equal(existsSync(mark), true);
  });

  it('is refused where others can write it or put another in its place, unless its digest is given', async () => {
    chmodSync(file, 0o666);
    const writable = await run('apply', file, '-i', inventory, '--yes');
    assert.deepEqual([writable.code, existsSync(mark)], [5, false], writable.said);
    assert.match(writable.said, /it is world-writable/);
    chmodSync(file, 0o600);
    chmodSync(folder, 0o777);
    const replaceable = await run('apply', file, '-i', inventory, '--yes');
    assert.deepEqual([replaceable.code, existsSync(mark)], [5, false], replaceable.said);
    assert.match(replaceable.said, /any user can replace it/);
    await run('apply', file, '--plan-sha256', digest(), '--yes');
    assert.equal(existsSync(mark), true);
  });

  it('looks for no records outside those of runs, whatever it calls its cluster', async () => {
    const lab = new FakeLab(['h1']);
    const planned = await planOf(lab);
    const cluster = { ...planned.plan.cluster, name: '../elsewhere' };
    savePlan(
      file,
      { ...planned, plan: { ...planned.plan, cluster } },
      {
        inventory: { path: inventory, text: readFileSync(inventory, 'utf8') },
        playbook: { path: undefined, text: readFileSync('playbooks/site.yml', 'utf8') },
        limit: undefined,
      },
      version(),
    );
    // Whoever looks for runs in a file is told that it is no folder.
    writeFileSync(join(process.env['XDG_STATE_HOME'] ?? '', 'elsewhere'), '');
    const { said } = await run('apply', file, '-i', inventory, '--yes');
    assert.doesNotMatch(said, /records of runs/);
  });

  describe('at a terminal', () => {
    const asked: string[] = [];
    const choose = (plan: PlanFile, given: { yes?: true; playbook?: string } = {}, isSure = true) =>
      chooseSources(
        plan,
        { input: true, ...given },
        {
          inIsTerminal: true,
          ask: (question) => {
            asked.push(question);
            return isSure
              ? Promise.resolve()
              : Promise.reject(new OutriggerError('REFUSED', 'not confirmed'));
          },
        },
      );
    beforeEach(() => {
      asked.length = 0;
    });

    it('its inventory and its playbook are shown, and used after a yes alone', async () => {
      const playbook = join(folder, 'other.yml');
      writeFileSync(playbook, readFileSync('playbooks/site.yml'));
      await save(playbook);
      assert.deepEqual(await choose(readPlanFile(file)), { inventory, playbook });
      assert.equal(asked.length, 1);
      assert.ok(asked[0]?.includes(inventory) && asked[0].includes(playbook), asked[0]);
      await assert.rejects(choose(readPlanFile(file), {}, false), { code: 'REFUSED' });
    });

    it('a path is shown without what a terminal would obey', async () => {
      const plan = readPlanFile(file);
      const path = '/tmp/\u001b[2K\r/root/inventory.yml\u202e';
      await choose({
        ...plan,
        saved: { ...plan.saved, inventory: { ...plan.saved.inventory, path } },
      });
      for (const one of ['\u001b', '\r', '\u202e']) assert.equal(asked.join().includes(one), false);
      assert.match(asked.join(), /\\u\{1b\}/);
    });

    it('a path that depends on where the program runs is none', async () => {
      const plan = readPlanFile(file);
      const path = 'inventory.yml';
      const other = { ...plan.saved, inventory: { ...plan.saved.inventory, path } };
      await assert.rejects(choose({ ...plan, saved: other }), { code: 'INPUT_INVALID' });
    });

    it('--yes is no answer to that question', async () => {
      await assert.rejects(choose(readPlanFile(file), { yes: true }), { code: 'USAGE' });
      assert.deepEqual(asked, []);
    });
  });
});
