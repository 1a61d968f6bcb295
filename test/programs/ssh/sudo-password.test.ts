import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import type { Connection, ExecResult, Host } from '../../../src/host/host.ts';
import { type Connector, sshConnector } from '../../../src/host/ssh/connector.ts';
import type { SecretSource } from '../../../src/inventory/spec.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { Secret } from '../../../src/support/secret.ts';
import type { FakeSshd } from '../../support/fake-sshd.ts';
import { useSsh } from '../../support/ssh-bench.ts';
import { fetching } from '../../support/secrets.ts';

const PASSWORD = `it's "the" $pass word`;
const never = new AbortController().signal;

describe('a sudo password', () => {
  const { start, at, file } = useSsh();
  let hosts: Host[];
  let questions: string[];
  let connector: Connector;

  beforeEach(() => {
    hosts = [];
    questions = [];
    connector = sshConnector({
      env: {},
      signal: never,
      fetchSecret: fetching((question) => {
        questions.push(question);
        return Promise.resolve(new Secret(Buffer.from(PASSWORD)));
      }),
    });
  });
  afterEach(async () => {
    await Promise.all(hosts.map((host) => host.close()));
    await connector.close();
  });

  const asking = (password = PASSWORD, of?: string): Promise<FakeSshd> =>
    start({ uid: '1000', sudo: { password, ...(of === undefined ? {} : { of }) } });
  const open = async (
    name: string,
    { connection }: FakeSshd,
    becomePassword: SecretSource | undefined = { kind: 'prompt' },
  ): Promise<Host> => {
    const own: Connection = { ...connection, become: 'sudo', becomePassword };
    const host = await connector.connect(name, own, never);
    hosts.push(host);
    return host;
  };
  const run = (host: Host): Promise<ExecResult> =>
    host.exec({
      script: 'id -u; echo "$1"; cat; echo problem >&2',
      params: ['a b'],
      input: 'rest',
      timeoutMs: 10_000,
    });
  const failure = async (host: Host): Promise<OutriggerError> => {
    const error = await run(host).then(
      () => assert.fail('ran'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof OutriggerError, String(error));
    assert.equal(error.code, 'PRIVILEGE_MISSING', error.message);
    assert.equal(error.host, host.name);
    const { message, hint, cause } = error;
    assert.ok(!JSON.stringify([message, hint, cause]).includes('pass word'));
    return error;
  };

  it('is given when sudo asks, and the script gets its own input', async () => {
    const server = await asking();
    const host = await open('alpha', server);
    assert.deepEqual(await run(host), { code: 0, stdout: '0\na b\nrest', stderr: 'problem\n' });
    assert.deepEqual(server.passwords(), [PASSWORD]);
    assert.ok(!server.commands.join('').includes('pass word'));
    assert.deepEqual(questions, ['sudo password of admin:']);
  });

  it('is asked for once for all hosts and commands', async () => {
    const servers = [await asking(), await asking(), await asking()];
    const opened = await Promise.all(servers.map((server, index) => open(`h${index}`, server)));
    await Promise.all(opened.flatMap((host) => [run(host), run(host), run(host)]));
    assert.deepEqual(
      servers.map((server) => server.passwords().length),
      [3, 3, 3],
    );
    assert.equal(questions.length, 1);
  });

  it('is not sent where sudo does not ask', async () => {
    const server = await start({ uid: '1000', sudo: 'works' });
    const host = await open('alpha', server);
    assert.deepEqual(await run(host), { code: 0, stdout: '0\na b\nrest', stderr: 'problem\n' });
    assert.deepEqual(questions, []);
  });

  it('that is wrong is tried once on one host, and on no other', async () => {
    const servers = [await asking('other'), await asking('other'), await asking('other')];
    const opened = await Promise.all(servers.map((server, index) => open(`h${index}`, server)));
    const errors = await Promise.all(opened.map(failure));
    const again = await Promise.all(opened.map(failure));
    assert.equal(servers.flatMap((server) => server.passwords()).length, 1);
    const messages = [...errors, ...again].map(({ message }) => message);
    const refused = messages.filter((message) => message.startsWith('sudo rejected the pass'));
    const notTried = messages.filter((message) =>
      /^the sudo password of admin was not tried on this host, because h\d rejected it$/.test(
        message,
      ),
    );
    assert.deepEqual([refused.length, notTried.length], [2, 4]);
  });

  it('that one host does not take after others did is tried once there', async () => {
    const [good, bad] = [await asking(), await asking('other')];
    await run(await open('good', good));
    const host = await open('bad', bad);
    await Promise.all([failure(host), failure(host)]);
    await failure(host);
    assert.equal(bad.passwords().length, 1);
    await run(await open('good', good));
  });

  it('goes to the next host when the first one is lost before it could say', async () => {
    const lost = await start({ uid: '1000', sudo: { password: PASSWORD }, dropAfterMs: 1 });
    const good = await asking();
    const [first, second] = [await open('lost', lost), await open('good', good)];
    const outcomes = await Promise.allSettled([run(first), run(second)]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    );
  });

  it('of somebody else is not answered with that of the user', async () => {
    const server = await asking(PASSWORD, 'root');
    const { message } = await failure(await open('alpha', server));
    assert.equal(message, 'sudo asks for the password of root, not of admin; no password was sent');
    assert.deepEqual(server.passwords(), []);
  });

  describe('comes from', () => {
    it('the first line of a file', async () => {
      const path = await file('password', `${PASSWORD}\r\nnot this\n`);
      const server = await asking();
      await run(await open('alpha', server, { kind: 'file', path }));
      assert.deepEqual(server.passwords(), [PASSWORD]);
    });

    it('a program, with the question as its last argument', async () => {
      const script = `[ "$1 $2" = "lookup sudo password of admin:" ] && cat ${at('stored')}`;
      writeFileSync(at('askpass'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      await file('stored', `${PASSWORD}\n`);
      const server = await asking();
      await run(await open('alpha', server, { kind: 'askpass', argv: [at('askpass'), 'lookup'] }));
      assert.deepEqual(server.passwords(), [PASSWORD]);
    });

    it('a file that others can read: it is not taken', async () => {
      const path = await file('password', `${PASSWORD}\n`);
      chmodSync(path, 0o640);
      const server = await asking();
      const { message } = await failure(await open('alpha', server, { kind: 'file', path }));
      assert.match(message, /sudo requires the password of admin: .*other users can read it/);
    });

    it('nowhere, when the program fails', async () => {
      const server = await asking();
      const source = { kind: 'askpass', argv: ['/bin/false'] } as const;
      const { message, hint } = await failure(await open('alpha', server, source));
      assert.match(message, /the program \/bin\/false failed: exit code 1/);
      assert.match(hint ?? '', /becomePassword/);
    });
  });
});
