import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isHardToGuess } from '../../src/credentials/x509/encrypted-key.ts';
import { PASSPHRASE, useAuthority } from '../support/own-authority.ts';

describe("the passphrase of outrigger's own authority", function () {
  this.timeout(20_000);
  const at = useAuthority();
  const { load, asking, make, refused } = at;

  const keyPath = (): string => join(at.directory, 'ca.key');
  const read = (path = keyPath()): string => readFileSync(path, 'latin1');

  /** Encrypts the key as an earlier version did, under this passphrase. */
  function weaken(passphrase = PASSPHRASE): string {
    const key = createPrivateKey({ key: read(), passphrase: PASSPHRASE });
    const pem = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
    writeFileSync(keyPath(), pem);
    return String(pem);
  }

  /** What is told while something is signed. */
  async function sign(passphrase = PASSPHRASE): Promise<string[]> {
    const reported: string[] = [];
    const { pending } = await load({ renewed: ['r1'] });
    assert.ok(pending);
    const report = (line: string): void => {
      reported.push(line.replaceAll(at.folder, ''));
    };
    await pending.make({ ...asking(passphrase), report });
    assert.ok(reported.every((line) => !line.includes(passphrase) || passphrase.length === 1));
    return reported;
  }

  it('is refused for a new key when it is easy to guess, and asked for three times', async () => {
    const { pending } = await load();
    const tried = (...answers: string[]) =>
      refused(pending?.make(asking(...answers)) ?? Promise.resolve());
    for (const easy of ['', 'x', 'elevenchars', 'aaaaaaaaaaaaaaaaaa']) {
      at.questions = [];
      assert.match(await tried(easy), /^the passphrase is too easy to guess .*: it has fewer than/);
      assert.equal(at.questions.length, 3);
    }
    assert.match(at.questions[1] ?? '', /^Too easy to guess: it has fewer than 5 differ/);
    assert.equal(existsSync(keyPath()), false);
    await pending?.make(asking('x', PASSPHRASE));
    assert.equal(isHardToGuess(read()), true);
  });

  it('makes the key of an earlier version harder to guess at its next use, and once', async () => {
    await make();
    const earlier = weaken();
    await load();
    assert.equal(read(), earlier, 'to look at it is no use of it');
    assert.deepEqual(await sign(), [
      '/pki/ca/ca.key was re-encrypted with a stronger key derivation: replace its copies',
    ]);
    const anew = read();
    assert.equal(isHardToGuess(anew), true);
    const [before, after] = [earlier, anew].map((key) =>
      createPrivateKey({ key, passphrase: PASSPHRASE }),
    );
    assert.equal(before && after?.equals(before), true);
    assert.deepEqual(await sign(), []);
    assert.equal(read(), anew);
  });

  it('opens a key that it is too easy to guess for, which is told, and makes no successor of it', async () => {
    await make();
    weaken('x');
    const reported = await sign('x');
    assert.match(
      reported[0] ?? '',
      /^the passphrase of \/pki\/ca\/ca\.key is easy to guess: it has f/,
    );
    assert.match(reported[1] ?? '', /was re-encrypted/);
    const before = [read(), read(join(at.directory, 'ca.pem'))];
    const { pending } = await load({ step: 'begin' });
    assert.match(
      await refused(pending?.make(asking('x')) ?? Promise.resolve()),
      /^the passphrase is too easy to guess for the key of a CA/,
    );
    assert.deepEqual([read(), read(join(at.directory, 'ca.pem'))], before);
  });

  it('leaves the key in its safe: behind a link it is written where it lies', async () => {
    await make();
    weaken();
    const safe = join(at.folder, 'safe');
    mkdirSync(safe);
    renameSync(keyPath(), join(safe, 'ca.key'));
    symlinkSync(join(safe, 'ca.key'), keyPath());
    await sign();
    assert.ok(lstatSync(keyPath()).isSymbolicLink(), 'the key has left its safe');
    assert.deepEqual(readdirSync(safe), ['ca.key']);
    assert.equal(isHardToGuess(read(join(safe, 'ca.key'))), true);
    assert.equal(lstatSync(join(safe, 'ca.key')).mode & 0o777, 0o600);
  });

  it('signs also where the key lies in a place that cannot be written to', async () => {
    await make();
    const earlier = weaken();
    const safe = join(at.folder, 'safe');
    mkdirSync(safe);
    renameSync(keyPath(), join(safe, 'ca.key'));
    symlinkSync(join(safe, 'ca.key'), keyPath());
    // Where root may write everything: no file can take this name.
    mkdirSync(join(safe, '.ca.key.outrigger-new', 'full'), { recursive: true });
    const reported = await sign();
    assert.equal(reported.length, 1);
    assert.match(
      reported[0] ?? '',
      /^\/pki\/ca\/ca\.key stays encrypted with the weaker key derivation: .*\/safe\/ca\.key: it is a directory \(EISDIR\)$/,
    );
    assert.equal(read(join(safe, 'ca.key')), earlier);
    rmSync(join(safe, '.ca.key.outrigger-new'), { recursive: true });
    assert.equal((await sign()).length, 1);
    assert.notEqual(read(join(safe, 'ca.key')), earlier);
  });
});
