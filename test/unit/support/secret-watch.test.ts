import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertNoSecretShown, watch } from '../../lab/secret-watch.ts';

const KEY = randomBytes(256);

describe('the watch over the outputs of stories', () => {
  let dir: string;
  let inventory: string;
  let log: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'outrigger-watch-'));
    log = '';
    inventory = join(dir, 'inventory.yml');
    writeFileSync(join(dir, 'passphrase'), 'open sesame\n', { mode: 0o600 });
    writeFileSync(
      inventory,
      `apiVersion: outrigger/v1
cluster: { name: watched }
clusterNodes: [{ name: c1, address: 192.0.2.11 }]
authentication:
  method: x509
  x509: { authority: pki, passphrase: { file: passphrase } }
`,
    );
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  /** One run of outrigger in a lab whose only host holds the key. */
  const ran = (output: string, ...args: readonly string[]): Promise<void> =>
    ranAs('/x/src/cli/main.ts', output, ...args);
  const ranAs = async (
    program: string,
    output: string,
    ...args: readonly string[]
  ): Promise<void> => {
    const lab = {
      dir,
      hosts: [{ name: 'c1', kind: 'cluster' } as const],
      isOn: () => true,
      exec: () =>
        Promise.resolve({
          code: 0,
          stderr: '',
          stdout: `/etc/pacemaker/authkey ${KEY.toString('base64')}\n.\n${log}`,
        }),
    };
    watch(lab, ['node', program, 'plan', '-i', inventory, ...args], output);
    await assertNoSecretShown();
  };
  const fails = (run: Promise<void>, where: RegExp): Promise<void> =>
    assert.rejects(run, (error: Error) => {
      assert.match(error.message, where);
      assert.doesNotMatch(error.message, /sesame/);
      return true;
    });

  it('is content with what holds no secret', () => ran('in sync'));

  it('knows outrigger also by what was built', () =>
    fails(ranAs('/x/dist/cli/main.js', KEY.toString('hex')), /authkey of c1/));

  it('fails for a key of a host that was printed', () =>
    fails(ran(`key ${KEY.toString('hex')}`), /outrigger plan -i .*authkey of c1/));

  it('fails for a secret that is known only after it was shown', async () => {
    await ran('shown too early');
    writeFileSync(join(dir, 'passphrase'), 'shown too early\n', { mode: 0o600 });
    await fails(ran('in sync'), /output of outrigger plan .*passphrase/);
  });

  it('fails for what the inventory names', () =>
    fails(ran('wrong passphrase: open sesame'), /output of outrigger plan .*passphrase/));

  it('fails for a record of a run, and for a file that was written', async () => {
    mkdirSync(join(dir, 'state', 'outrigger'), { recursive: true });
    writeFileSync(join(dir, 'state', 'outrigger', 'run.jsonl'), KEY.toString('base64'));
    await fails(ran('in sync'), /run\.jsonl: .*authkey of c1/);
    writeFileSync(join(dir, 'plan.json'), '{"passphrase":"open sesame"}');
    await fails(ran('in sync', '--out', join(dir, 'plan.json')), /plan\.json: .*passphrase/);
  });

  it('fails for a line in the system log of a host', async () => {
    log = 'changed by me: open sesame\n';
    await fails(ran('in sync'), /system log of c1: .*passphrase/);
  });
});
