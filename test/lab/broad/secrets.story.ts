/** One authkey that lives in a file of age, a vault of ansible-vault, behind a program and in a file of sops; and sudo that asks. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp, type Lab } from '../lab.ts';
import {
  applied,
  argvOf,
  assertInSync,
  assertQuiet,
  environmentIn,
  isStarted,
  outrigger,
  writeInventory,
} from '../outrigger.ts';
import { AS_SUDOER, assertNothingLeft, skipWithoutLab } from '../story-run.ts';

const NAME = 'story-secrets';
const PASSWORD = 'lab password';
/** That of the vault, which the real ansible-vault has made: see the README beside it. */
const KEY = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
const VAULT = join(import.meta.dirname, '..', '..', 'support', 'vaults', 'authkey-1.2.vault');

describe('secrets from where they live', function () {
  inOrder(this);
  let lab: Lab;
  let folder: string;

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, replace: true, bareHosts: 1, firewalld: 0, fencing: true });
    folder = join(lab.dir, 'seat');
    mkdirSync(folder);
    put('authkey', KEY);
    execFileSync('age-keygen', ['-o', at('keys.txt')], { stdio: 'ignore' });
    const recipient = /age1\w+/.exec(readFileSync(at('keys.txt'), 'utf8'))?.[0] ?? '';
    execFileSync('age', ['-r', recipient, '-o', at('authkey.age'), at('authkey')]);
    copyFileSync(VAULT, at('authkey.vault'));
    put('vault-password', 'correct horse\n');
    makeSops(recipient);
    put('sudo', `${PASSWORD}\n`);
    program('askpass', `[ "$1" = 'sudo password of asker:' ] && cat ${at('sudo')}`);
    program('print-sudo', `cat ${at('sudo')}`);
    program('print-key', `cat ${at('authkey')}`);
  });

  after(async () => {
    await labDown(NAME);
  });

  const at = (name: string): string => join(folder, name);
  const put = (name: string, content: string | Uint8Array, mode = 0o600): void => {
    writeFileSync(at(name), content, { mode });
  };
  /** A program of the operator's, which counts how often it is run. */
  const program = (name: string, script: string): void => {
    put(name, `#!/bin/sh\necho run >>${at(`${name}.runs`)}\n${script}\n`, 0o700);
  };
  const runsOf = (name: string): number =>
    existsSync(at(`${name}.runs`))
      ? readFileSync(at(`${name}.runs`), 'utf8').split('\n').length - 1
      : 0;

  /** A file of the real sops where it is installed; else a stand-in that understands the same arguments. */
  function makeSops(recipient: string): void {
    if (spawnSync('sops', ['--version']).status === 0) {
      const argv = ['--encrypt', '--age', recipient, '--input-type', 'binary'];
      execFileSync('sops', [...argv, '--output', at('authkey.sops'), at('authkey')]);
      return;
    }
    copyFileSync(at('authkey.age'), at('authkey.sops'));
    program(
      'sops',
      `[ "$*" = '--decrypt --input-type binary --output-type binary ${at('authkey.sops')}' ] || exit 2
exec age --decrypt --identity "$SOPS_AGE_KEY_FILE" "$6"`,
    );
  }

  const ASKED = { user: 'asker', become: 'sudo' };
  const inventory = (authkey: object, connection: object = {}) =>
    writeInventory(lab, {
      authentication: { method: 'psk', authkey },
      remoteNodes: [
        {
          name: 'r1',
          host: 'h1',
          connection: { ...ASKED, becomePassword: { askpass: [at('askpass')] }, ...connection },
        },
      ],
    });
  const fromAge = () => ({ age: at('authkey.age'), identity: at('keys.txt') });

  it('an authkey from an age file reaches every node, sudo asks a program once', async () => {
    await applied(lab, 0, ['-i', inventory(fromAge())]);
    for (const host of ['c1', 'c2', 'h1']) {
      const digest = await lab.sh(host, 'base64 -w0 /etc/pacemaker/authkey');
      assert.equal(digest, KEY.toString('base64'), host);
    }
    assert.ok(await isStarted(lab, 'r1'));
    assert.equal(runsOf('askpass'), 1);
    await assertNothingLeft(lab);
    await assertQuiet(lab);
  });

  it('the same key from anywhere else is no change', async () => {
    await assertInSync(lab, inventory(fromAge()));
    const password = { file: at('vault-password') };
    await assertInSync(lab, inventory({ ansibleVault: at('authkey.vault'), password }));
    await assertInSync(lab, inventory({ command: [at('print-key')] }));
    assert.equal(runsOf('print-key'), 1);
    const args = ['plan', '--detailed-exitcode', '-i', inventory({ sops: at('authkey.sops') })];
    const env = {
      ...environmentIn(lab),
      PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      SOPS_AGE_KEY_FILE: at('keys.txt'),
    };
    const { code, stderr, stdout } = await lab.control(argvOf(args), { env });
    assert.equal(code, 0, stderr + stdout);
  });

  it('a secret that nothing needs is not fetched: sudo asks this user for none', async () => {
    const becomePassword = { command: [at('print-sudo')] };
    await assertInSync(lab, inventory(fromAge(), { ...AS_SUDOER.connection, becomePassword }));
    assert.equal(runsOf('print-sudo'), 0);
  });

  it('a program gives the sudo password once, when sudo asks', async () => {
    const becomePassword = { command: [at('print-sudo')] };
    await assertInSync(lab, inventory(fromAge(), { becomePassword }));
    assert.equal(runsOf('print-sudo'), 1);
  });

  it('what cannot be fetched is one error, and no host is asked', async () => {
    put('wrong', 'incorrect horse\n');
    const wrong = { ansibleVault: at('authkey.vault'), password: { file: at('wrong') } };
    const { code, stdout, stderr } = await outrigger(lab, ['plan', '-i', inventory(wrong)]);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(
      stderr,
      /^cannot read a secret from the vault \S+ \(\S+inventory\.yml:\d+:\d+\): wrong password\n {2}`ansible-vault view` must decrypt it with that password\n$/,
    );
  });
});
