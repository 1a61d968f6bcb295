import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { armor, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { asksPerson, type FetchSecret } from '../../../src/host/secrets/secret-source.ts';
import type { SecretSource } from '../../../src/inventory/spec.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { reveal, Secret } from '../../../src/support/secret.ts';
import { withoutPrompt, fetching } from '../../support/secrets.ts';

/** Every byte there is: a key may hold any, line breaks too. */
const KEY = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
const AT = 'prod.yml:7:3';

describe('a secret from where it lives', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-secrets-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const put = (name: string, content: string | Uint8Array, mode = 0o600): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode });
    chmodSync(path, mode);
    return path;
  };
  const program = (...lines: readonly string[]): string =>
    put('program', ['#!/bin/sh', ...lines, ''].join('\n'), 0o700);
  const bytesOf = async (source: SecretSource, fetch = withoutPrompt): Promise<Buffer> =>
    Buffer.from(reveal(await fetch(source, { question: '?', isWhole: true })));
  const lineOf = async (
    source: SecretSource,
    fetch: FetchSecret = withoutPrompt,
  ): Promise<string> =>
    Buffer.from(reveal(await fetch(source, { question: 'sudo password:' }))).toString();
  const failure = async (source: SecretSource, fetch = withoutPrompt): Promise<OutriggerError> => {
    const error = await bytesOf(source, fetch).then(
      () => assert.fail('fetched'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof OutriggerError, String(error));
    assert.match(error.message, /prod\.yml:7:3/);
    assert.notEqual(error.hint, undefined);
    return error;
  };
  const encrypted = async (give: (encrypter: Encrypter) => void): Promise<Uint8Array> => {
    const encrypter = new Encrypter();
    encrypter.setScryptWorkFactor(10);
    give(encrypter);
    return encrypter.encrypt(KEY);
  };
  const vault = (name: string): string =>
    join(import.meta.dirname, '..', '..', 'support', 'vaults', name);
  const answering = (...answers: readonly string[]) => {
    const questions: string[] = [];
    const fetch = fetching((question) => {
      questions.push(question);
      return Promise.resolve(new Secret(Buffer.from(answers[questions.length - 1] ?? '')));
    });
    return { questions, fetch };
  };

  it('is the first line of what is there, or all of its bytes', async () => {
    const path = put('secret', 'first\r\nsecond\n');
    for (const source of [
      { kind: 'file', path },
      { kind: 'command', argv: ['cat', path] },
    ] as const) {
      assert.equal(await lineOf(source), 'first');
      assert.equal((await bytesOf(source)).toString(), 'first\r\nsecond\n');
    }
  });

  it('is fetched when it is wanted, and once', async () => {
    const source: SecretSource = {
      kind: 'command',
      argv: [program(`echo x >>${join(folder, 'runs')}`, 'echo secret')],
    };
    const fetch = fetching(() => assert.fail('asked'));
    assert.equal(existsSync(join(folder, 'runs')), false);
    const elsewhere = { ...source, at: 'prod.yml:9:9' };
    const all = [lineOf(source, fetch), lineOf(elsewhere, fetch), lineOf(source, fetch)];
    assert.deepEqual(await Promise.all(all), ['secret', 'secret', 'secret']);
    assert.equal(await lineOf(source, fetch), 'secret');
    assert.equal(readFileSync(join(folder, 'runs'), 'utf8'), 'x\n');
  });

  it('that is not to be had is tried once', async () => {
    const argv = [program(`echo x >>${join(folder, 'runs')}`, 'exit 3')];
    const fetch = fetching(() => assert.fail('asked'));
    await failure({ kind: 'command', argv, at: AT }, fetch);
    await failure({ kind: 'command', argv, at: AT }, fetch);
    assert.equal(readFileSync(join(folder, 'runs'), 'utf8'), 'x\n');
  });

  it('is asked for again of a person', async () => {
    const { questions, fetch } = answering('one', 'two');
    assert.equal(await lineOf({ kind: 'prompt' }, fetch), 'one');
    assert.equal(await lineOf({ kind: 'prompt' }, fetch), 'two');
    assert.deepEqual(questions, ['sudo password:', 'sudo password:']);
  });

  describe('an age file', () => {
    it('opens with one of several identities, armored or not', async () => {
      const [own, other] = [await generateIdentity(), await generateIdentity()];
      const recipient = await identityToRecipient(own);
      const file = await encrypted((encrypter) => {
        encrypter.addRecipient(recipient);
      });
      const identities = put('keys.txt', `# created: today\n\n${other}\n${own}\n`);
      for (const content of [file, armor.encode(file)]) {
        const path = put('key.age', content, 0o644);
        const source: SecretSource = { kind: 'age', path, opener: { identities } };
        assert.deepEqual(await bytesOf(source), KEY);
      }
    });

    it('opens with its passphrase, which is asked for once', async () => {
      const file = await encrypted((encrypter) => {
        encrypter.setPassphrase('open sesame');
      });
      const path = put('key.age', file);
      const source: SecretSource = {
        kind: 'age',
        path,
        opener: { passphrase: { kind: 'prompt' } },
      };
      const { questions, fetch } = answering('open sesame');
      assert.deepEqual(await bytesOf(source, fetch), KEY);
      assert.deepEqual(await bytesOf(source, fetch), KEY);
      assert.deepEqual(questions, [`Passphrase of ${path}:`]);
      const wrong: SecretSource = {
        kind: 'age',
        path,
        at: AT,
        opener: { passphrase: { kind: 'file', path: put('wrong', 'wrong\n') } },
      };
      assert.match((await failure(wrong)).message, /: wrong passphrase$/);
    });

    for (const [what, content, why] of [
      ['another identity', undefined, /: no identity in the identity file can decrypt it$/],
      ['an SSH key', '-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET\n', /SSH keys are not supported/],
      ['a plugin', 'AGE-PLUGIN-YUBIKEY-1SECRET\n', /identities of age plugins are not supported/],
      ['an encrypted identity', 'age-encryption.org/v1\n', /is encrypted itself/],
      [
        'something else',
        'SECRET\n',
        /the identity file contains something other than age identities/,
      ],
      ['a damaged identity', `AGE-SECRET-KEY-1${'Q'.repeat(58)}\n`, /a damaged identity/],
      ['nothing', '# empty\n', /contains no identity/],
    ] as const) {
      it(`stays closed for ${what}, which is not quoted`, async () => {
        const recipient = await identityToRecipient(await generateIdentity());
        const file = await encrypted((encrypter) => {
          encrypter.addRecipient(recipient);
        });
        const identities = put('keys.txt', content ?? `${await generateIdentity()}\n`);
        const { message, hint } = await failure({
          kind: 'age',
          path: put('key.age', file),
          opener: { identities },
          at: AT,
        });
        assert.match(
          message,
          /^cannot read a secret from the age file .*key\.age \(prod\.yml:7:3\): /,
        );
        assert.match(message, why);
        assert.doesNotMatch(message, /SECRET(?!-KEY-1\.\.\.)/);
        assert.match(hint ?? '', /age --decrypt/);
      });
    }

    it('that is none, or damaged, is told', async () => {
      const own = await generateIdentity();
      const recipient = await identityToRecipient(own);
      const file = await encrypted((encrypter) => {
        encrypter.addRecipient(recipient);
      });
      file.set([(file.at(-1) ?? 0) ^ 1], file.length - 1);
      const identities = put('keys.txt', own);
      for (const content of [file, 'no age file', '-----BEGIN AGE ENCRYPTED FILE-----\n!']) {
        const path = put('key.age', content);
        const { message } = await failure({ kind: 'age', path, opener: { identities }, at: AT });
        assert.match(message, /it is not a complete age file/);
      }
    });

    it('is not opened with identities that others can read', async () => {
      const identities = put('keys.txt', await generateIdentity(), 0o640);
      const { message } = await failure({
        kind: 'age',
        path: put('key.age', 'x'),
        opener: { identities },
        at: AT,
      });
      assert.match(message, /other users can read the identity file/);
    });
  });

  describe('a vault of ansible-vault', () => {
    const opener = (path: string): SecretSource => ({ kind: 'file', path, at: AT });

    it('opens with its password, blanks around which do not count', async () => {
      const password = opener(put('password', '  correct horse \n'));
      for (const name of ['authkey-1.1.vault', 'authkey-1.2.vault'])
        assert.deepEqual(
          await bytesOf({ kind: 'ansible-vault', path: vault(name), password }),
          KEY,
        );
    });

    it('stays closed for another password', async () => {
      const password = opener(put('password', 'incorrect horse\n'));
      const path = vault('authkey-1.1.vault');
      const { message, hint } = await failure({ kind: 'ansible-vault', path, password, at: AT });
      assert.match(message, /the vault .*1\.1\.vault \(prod\.yml:7:3\): wrong password$/);
      assert.match(hint ?? '', /ansible-vault view/);
    });

    it('tells what is wrong with the file of its password, and nobody to ask', async () => {
      const path = vault('authkey-1.1.vault');
      const open = opener(put('password', 'correct horse\n', 0o644));
      const exposed = await failure({ kind: 'ansible-vault', path, password: open, at: AT });
      assert.match(
        exposed.message,
        /^cannot read a secret from .*password \(.*\): other users can read it/,
      );
      const prompt = { kind: 'prompt' } as const;
      const alone = await failure({ kind: 'ansible-vault', path, password: prompt, at: AT });
      assert.match(alone.message, /the vault .*: no terminal for confirmation$/);
    });
  });

  it('may need a person: a prompt, a program that asks, and what one of these opens', () => {
    const file = { kind: 'file', path: '/x' } as const;
    const prompt = { kind: 'prompt' } as const;
    const age = { kind: 'age', path: '/x' } as const;
    const needs: readonly (readonly [SecretSource, boolean])[] = [
      [prompt, true],
      [{ kind: 'askpass', argv: ['x'] }, true],
      [file, false],
      [{ kind: 'command', argv: ['x'] }, false],
      [{ ...age, opener: { identities: '/y' } }, false],
      [{ ...age, opener: { passphrase: file } }, false],
      [{ ...age, opener: { passphrase: prompt } }, true],
      [{ kind: 'ansible-vault', path: '/x', password: file }, false],
      [{ kind: 'ansible-vault', path: '/x', password: prompt }, true],
    ];
    for (const [source, isNeeded] of needs)
      assert.equal(asksPerson(source), isNeeded, JSON.stringify(source));
  });
});
