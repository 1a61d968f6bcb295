import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { agentKeys } from '../../../src/host/ssh/keys/agent.ts';
import { newKey } from '../../support/fake-sshd.ts';
import { connectSsh, useSsh } from '../../support/ssh-bench.ts';
import { unusedPort } from '../../support/ports.ts';
import { skipUnless } from '../../support/needs.ts';

describe('connecting by SSH', () => {
  const { start, connect, failure, file, at } = useSsh();

  it('opens a connection that runs scripts, and closes it twice', async () => {
    const { connection } = await start();
    const host = await connect(connection);
    const result = await host.exec({ script: 'echo "$1"', params: ['hello'], timeoutMs: 30_000 });
    assert.deepEqual(result, { code: 0, stdout: 'hello\n', stderr: '' });
    await host.close();
    await host.close();
  });

  describe('HOST_UNREACHABLE', () => {
    it('a refused connection', async () => {
      const { connection } = await start();
      const port = await unusedPort();
      const { message, hint } = await failure({ ...connection, port }, 'HOST_UNREACHABLE');
      assert.equal(message, `cannot reach 127.0.0.1:${port}: connection refused`);
      assert.ok(hint);
    });

    it('a name that does not exist', async () => {
      const { connection } = await start();
      await failure({ ...connection, address: 'no-such-host.invalid' }, 'HOST_UNREACHABLE');
    });

    it('a port that says nothing, within the limit and naming it', async () => {
      const { connection } = await start({ hang: 'banner' });
      const { message } = await failure(
        { ...connection, connectTimeoutMs: 300 },
        'HOST_UNREACHABLE',
      );
      assert.match(message, /handshake did not finish within 0\.3 s/);
    });

    it('a port where something else answers', async () => {
      const { connection } = await start();
      const web = createServer((socket) => {
        socket
          .on('error', () => undefined)
          .resume()
          .end('HTTP/1.1 400 Bad Request\r\n\r\n');
      });
      await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
      const address = web.address();
      assert.ok(typeof address === 'object' && address !== null);
      await failure({ ...connection, port: address.port }, 'HOST_UNREACHABLE');
      await new Promise((resolve) => web.close(resolve));
    });

    it('only after several attempts where sshd drops connections unheard', async () => {
      const busy = await start({ dropFirst: 2 });
      await connect(busy.connection);
      assert.equal(busy.seen.connections, 3);

      const dead = await start({ dropFirst: 100 });
      const { message } = await failure(
        { ...dead.connection, connectTimeoutMs: 1500 },
        'HOST_UNREACHABLE',
      );
      assert.match(message, /for 1\.5 s it dropped every connection before the SSH handshake/);
      assert.ok(dead.seen.connections >= 3, String(dead.seen.connections));
    });

    it('attempts end when the time is up', async () => {
      const dead = await start({ dropFirst: 100 });
      const short = { ...dead.connection, connectTimeoutMs: 200 };
      const { message } = await failure(short, 'HOST_UNREACHABLE');
      assert.match(message, /for 0\.2 s it dropped every connection/);
      assert.ok(dead.seen.connections < 100, String(dead.seen.connections));
    });
  });

  describe('AUTHENTICATION_FAILED', () => {
    it('names the key that was refused', async () => {
      const { connection } = await start({ auth: 'refuse' });
      const { message, hint } = await failure(connection, 'AUTHENTICATION_FAILED');
      assert.match(message, /^admin was rejected with all offered keys: SHA256:\S+ \(.*id\)$/);
      assert.match(hint ?? '', /authorized_keys/);
    });

    it('a key file that is absent, encrypted, open to others or no key at all', async function () {
      skipUnless(this, 'ssh-keygen');
      const { connection } = await start();
      const encrypted = at('encrypted');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', encrypted]);
      const open = await file('open', newKey('ed25519').private);
      execFileSync('chmod', ['644', open]);
      const cases = [
        [at('absent'), /does not exist/],
        [encrypted, /protected by a passphrase/],
        [open, /is readable by other users/],
        [await file('text', 'not a key'), /cannot be used/],
        [await file('public', newKey('ed25519').public), /contains a public key/],
      ] as const;
      for (const [identityFile, expected] of cases) {
        const { message, hint } = await failure(
          { ...connection, identityFile },
          'AUTHENTICATION_FAILED',
        );
        assert.match(message, expected);
        assert.ok(hint);
      }
    });

    describe('without an identity file', () => {
      const { HOME, SSH_AUTH_SOCK } = process.env;
      const restore = (name: string, value: string | undefined): void => {
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      };
      beforeEach(() => {
        process.env['HOME'] = at('');
        Reflect.deleteProperty(process.env, 'SSH_AUTH_SOCK');
      });
      afterEach(() => {
        restore('HOME', HOME);
        restore('SSH_AUTH_SOCK', SSH_AUTH_SOCK);
      });

      it('says so when there is no key at all', async () => {
        const { connection } = await start();
        process.env['SSH_AUTH_SOCK'] = at('no-agent');
        const { message } = await failure(
          { ...connection, identityFile: undefined },
          'AUTHENTICATION_FAILED',
        );
        assert.equal(message, 'no SSH key is available');
      });

      it('takes the default files', async () => {
        const { connection } = await start();
        execFileSync('mkdir', ['-p', at('.ssh')]);
        execFileSync('cp', [connection.identityFile ?? '', at('.ssh/id_ed25519')]);
        await connect({ ...connection, identityFile: undefined });
      });

      /** With an agent of its own, which holds what `add` gives it. */
      const withAgent = async (
        work: (add: (path: string) => void) => Promise<void>,
      ): Promise<void> => {
        const socket = at('agent');
        const printed = execFileSync('ssh-agent', ['-a', socket, '-s'], { encoding: 'utf8' });
        try {
          process.env['SSH_AUTH_SOCK'] = socket;
          await work((path) => execFileSync('ssh-add', ['-q', path], { stdio: 'pipe' }));
        } finally {
          process.kill(Number(/SSH_AGENT_PID=(\d+)/.exec(printed)?.[1]));
        }
      };

      it('takes the keys of an agent, at most six', async function () {
        skipUnless(this, 'ssh-agent', 'ssh-add');
        const { connection } = await start({ auth: 'refuse' });
        const accepting = await start();
        await withAgent(async (add) => {
          add(accepting.connection.identityFile ?? '');
          for (let index = 0; index < 8; index += 1)
            add(await file(`key${index}`, newKey('ed25519').private));
          await connect({ ...accepting.connection, identityFile: undefined });
          const { message } = await failure(
            { ...connection, identityFile: undefined },
            'AUTHENTICATION_FAILED',
          );
          assert.equal(message.match(/SHA256:/g)?.length, 6);
        });
      });

      it('offers the key that is named before the others that the agent holds', async function () {
        skipUnless(this, 'ssh-agent', 'ssh-add');
        const { connection } = await start();
        await withAgent(async (add) => {
          for (let index = 0; index < 7; index += 1)
            add(await file(`key${index}`, newKey('ed25519').private));
          add(connection.identityFile ?? '');
          await connect(connection);
        });
      });

      it('leaves an agent that never answers', async () => {
        let left: Promise<unknown> | undefined;
        const silent = createServer((client) => {
          left = once(client.resume(), 'close');
        });
        const socket = at('silent');
        silent.listen(socket);
        await once(silent, 'listening');
        assert.equal(await agentKeys(socket, 50), undefined);
        await left;
        silent.close();
      });
    });
  });

  describe('giving up', () => {
    it('before and during the attempt', async () => {
      const { connection } = await start({ hang: 'banner' });
      await assert.rejects(connectSsh('alpha', connection, AbortSignal.abort()), {
        code: 'INTERRUPTED',
      });
      const giveUp = new AbortController();
      const attempt = connectSsh('alpha', connection, giveUp.signal);
      setTimeout(() => {
        giveUp.abort();
      }, 50);
      await assert.rejects(attempt, { code: 'INTERRUPTED', host: 'alpha' });
    });
  });
});
