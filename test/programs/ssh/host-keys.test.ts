import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fingerprint } from '../../../src/host/known-hosts/known-hosts.ts';
import { scanHostKeys } from '../../../src/host/ssh/scan.ts';
import { newKey } from '../../support/fake-sshd.ts';
import { useSsh } from '../../support/ssh-bench.ts';
import { skipUnless } from '../../support/needs.ts';

describe('host keys', () => {
  const { start, connect, failure, file, at } = useSsh();

  it('unknown: prints the fingerprint and the command that records it', async () => {
    const { connection, publicKeys } = await start();
    const error = await failure(
      { ...connection, knownHostsFile: at('absent') },
      'HOST_KEY_UNKNOWN',
    );
    assert.ok(error.message.includes(printOf(publicKeys[0])));
    assert.match(error.hint ?? '', /outrigger trust -i INVENTORY --limit alpha/);
  });

  it('changed: prints both fingerprints and the line of the known one', async () => {
    const { connection, port, publicKeys } = await start();
    const other = newKey('ed25519').public;
    const knownHostsFile = await file('known', `# first\n[127.0.0.1]:${port} ${other}\n`);
    const { message } = await failure({ ...connection, knownHostsFile }, 'HOST_KEY_CHANGED');
    assert.ok(message.includes(printOf(publicKeys[0])));
    assert.ok(message.includes(printOf(other)));
    assert.ok(message.includes(`${knownHostsFile}:2`));
  });

  it('changed: also when the host has lost the type of key that is known', async () => {
    const { connection, port } = await start({ hostKeys: ['ecdsa'] });
    const knownHostsFile = await file('known', `[127.0.0.1]:${port} ${newKey('ed25519').public}\n`);
    await failure({ ...connection, knownHostsFile }, 'HOST_KEY_CHANGED');
  });

  it('revoked: wins over being known', async () => {
    const { connection, port, publicKeys } = await start();
    const key = publicKeys[0] ?? '';
    const knownHostsFile = await file('known', `[127.0.0.1]:${port} ${key}\n@revoked * ${key}\n`);
    const { message } = await failure({ ...connection, knownHostsFile }, 'HOST_KEY_CHANGED');
    assert.match(message, /known:2 revokes/);
  });

  it('an authority is not a host key', async () => {
    const { connection, port, publicKeys } = await start();
    const knownHostsFile = await file(
      'known',
      `@cert-authority [127.0.0.1]:${port} ${publicKeys[0] ?? ''}\n`,
    );
    await failure({ ...connection, knownHostsFile }, 'HOST_KEY_UNKNOWN');
  });

  it('a known_hosts that cannot be read trusts nobody', async () => {
    const { connection } = await start();
    const { message } = await failure(
      { ...connection, knownHostsFile: at('') },
      'HOST_KEY_UNKNOWN',
    );
    assert.match(message, /cannot read the known_hosts file/);
  });

  it('asks for the type of key that is known, in a hashed file too', async function () {
    skipUnless(this, 'ssh-keygen');
    for (const kind of ['rsa', 'ecdsa'] as const) {
      const { connection, port, publicKeys } = await start({
        hostKeys: ['ed25519', 'ecdsa', 'rsa'],
      });
      const key = publicKeys.find((text) => text.includes(kind)) ?? '';
      const knownHostsFile = await file(`known-${kind}`, `[127.0.0.1]:${port} ${key}\n`);
      execFileSync('ssh-keygen', ['-H', '-f', knownHostsFile], { stdio: 'ignore' });
      await connect({ ...connection, knownHostsFile });
    }
  });

  describe('accept-new', () => {
    const acceptNew = { hostKeys: { kind: 'accept-new' } } as const;

    it('records the first key of a host once, and knows it from then on', async () => {
      const { connection, port, publicKeys } = await start();
      const knownHostsFile = at('new');
      const trusting = { ...connection, ...acceptNew, knownHostsFile };
      await Promise.all([connect(trusting), connect(trusting), connect(trusting)]);
      assert.equal(
        readFileSync(knownHostsFile, 'utf8'),
        `[127.0.0.1]:${port} ${publicKeys[0] ?? ''}\n`,
      );
      await connect({ ...connection, knownHostsFile });
      assert.deepEqual(existsSync(`${knownHostsFile}.outrigger-lock`), false);
    });

    it('refuses a key that has changed, of whatever type, and records nothing', async () => {
      const { connection, port } = await start();
      for (const kind of ['ed25519', 'ecdsa'] as const) {
        const line = `[127.0.0.1]:${port} ${newKey(kind).public}\n`;
        const knownHostsFile = await file(`known-${kind}`, line);
        const trusting = { ...connection, ...acceptNew, knownHostsFile };
        const { message } = await failure(trusting, 'HOST_KEY_CHANGED');
        assert.ok(message.includes(`${knownHostsFile}:1`), message);
        assert.equal(readFileSync(knownHostsFile, 'utf8'), line);
      }
    });

    it('refuses a revoked key', async () => {
      const { connection, publicKeys } = await start();
      const knownHostsFile = await file('known', `@revoked * ${publicKeys[0] ?? ''}\n`);
      await failure({ ...connection, ...acceptNew, knownHostsFile }, 'HOST_KEY_CHANGED');
    });

    it('waits for somebody else who writes the file, and says so when that takes too long', async () => {
      const { connection } = await start();
      const knownHostsFile = at('new');
      await file('new.outrigger-lock', '');
      const { message } = await failure(
        { ...connection, ...acceptNew, knownHostsFile, connectTimeoutMs: 9000 },
        'HOST_KEY_UNKNOWN',
      );
      assert.match(message, /new\.outrigger-lock/);
    });
  });

  describe('pinned', () => {
    const pinning = (...fingerprints: string[]) => ({
      hostKeys: { kind: 'pinned', fingerprints } as const,
    });

    it('believes a key of any type by its fingerprint, and asks no file', async () => {
      const { connection, publicKeys } = await start({ hostKeys: ['ed25519', 'ecdsa', 'rsa'] });
      for (const key of publicKeys) {
        await connect({ ...connection, ...pinning(printOf(key)), knownHostsFile: at('absent') });
      }
    });

    it('believes nothing else, whatever known_hosts says', async () => {
      const { connection, publicKeys } = await start({ hostKeys: ['ed25519', 'ecdsa'] });
      const other = printOf(newKey('ed25519').public);
      const { message } = await failure({ ...connection, ...pinning(other) }, 'HOST_KEY_CHANGED');
      assert.ok(message.includes(`the inventory pins ${other}`), message);
      assert.ok(message.includes(printOf(publicKeys[0])), message);
    });
  });

  describe('scanning host keys', () => {
    it('finds every key that the server has', async () => {
      const { port, publicKeys } = await start({ hostKeys: ['rsa', 'ed25519', 'ecdsa'] });
      const keys = await scan(port, 5000);
      assert.deepEqual(
        keys.map(({ type }) => type),
        ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ssh-rsa'],
      );
      assert.deepEqual(keys.map((key) => key.fingerprint).sort(), publicKeys.map(printOf).sort());
    });

    it('passes over the types that it has not', async () => {
      const { port } = await start({ hostKeys: ['ecdsa'] });
      const keys = await scan(port, 5000);
      assert.deepEqual(
        keys.map(({ type }) => type),
        ['ecdsa-sha2-nistp256'],
      );
    });

    it('reports a server that is not there, or silent', async () => {
      const silent = await start({ hang: 'banner' });
      await assert.rejects(scan(silent.port, 200), {
        code: 'HOST_UNREACHABLE',
        message: /within 0\.2 s/,
      });
      await silent.close();
      await assert.rejects(scan(silent.port, 500), {
        code: 'HOST_UNREACHABLE',
      });
    });
  });
});

const scan = (port: number, limitMs: number) =>
  scanHostKeys({ name: 'alpha', at: { address: '127.0.0.1', port } }, undefined, {
    limitMs,
    signal: new AbortController().signal,
  });

const printOf = (line = ''): string => fingerprint(Buffer.from(line.split(' ')[1] ?? '', 'base64'));
