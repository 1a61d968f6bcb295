import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Host } from '../../../src/host/host.ts';
import type { Connector } from '../../../src/host/ssh/connector.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { unusedPort } from '../../support/ports.ts';
import { newConnector } from '../../support/ssh-bench.ts';
import {
  newKeyFile,
  type RealSshd,
  sshdFolder,
  type SshdFolder,
  FOR_SSHD,
} from '../../support/sshd.ts';
import { needs } from '../../support/needs.ts';

const never = new AbortController().signal;

/** A port before that of a server, where connections are counted: what sshd logs of them depends on who hangs up first. */
async function doorTo(port: number) {
  let connections = 0;
  const door = createServer((socket) => {
    connections += 1;
    const inside = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [socket, inside],
      [inside, socket],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  await once(door.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (door.address() as AddressInfo).port,
    connections: () => connections,
    close: () => new Promise((resolve) => door.close(resolve)),
  };
}

describe('through jump hosts, against the sshd of OpenSSH', () => {
  let servers: SshdFolder;
  let connector: Connector;
  let hosts: Host[];
  /** One known_hosts for all servers of a test, and an ssh_config. */
  let knownHostsFile: string;
  let sshConfig: string;
  let started: RealSshd[];

  before(needs(...FOR_SSHD));
  beforeEach(async () => {
    servers = await sshdFolder();
    knownHostsFile = join(servers.path, 'known_hosts');
    sshConfig = join(servers.path, 'config');
    connector = newConnector();
    hosts = [];
    started = [];
  });
  afterEach(async () => {
    await Promise.all(hosts.map((host) => host.close()));
    await connector.close();
    await servers.remove();
  });

  const start = async (...lines: string[]): Promise<RealSshd> => {
    const server = await servers.start(lines);
    started.push(server);
    const known = started.map(({ connection }) =>
      readFileSync(connection.knownHostsFile ?? '', 'utf8'),
    );
    await writeFile(knownHostsFile, known.join(''));
    return server;
  };
  const entry = (name: string, { port }: { port: number }, ...more: string[]): string =>
    [
      `Host ${name}`,
      '  HostName 127.0.0.1',
      `  Port ${port}`,
      '  User root',
      `  IdentityFile ${servers.identityFile}`,
      `  UserKnownHostsFile ${knownHostsFile}`,
      ...more.map((line) => `  ${line}`),
      '',
    ].join('\n');
  const to = (address: string, more: Partial<Connection> = {}): Connection => ({
    address,
    port: undefined,
    user: undefined,
    become: 'none',
    identityFile: undefined,
    becomePassword: undefined,
    hostKeys: { kind: 'strict' },
    knownHostsFile: undefined,
    proxyJump: undefined,
    sshConfig,
    connectTimeoutMs: 20_000,
    ...more,
  });
  const open = async (name: string, connection: Connection): Promise<Host> => {
    const host = await connector.connect(name, connection, never);
    hosts.push(host);
    return host;
  };
  const failure = async (name: string, connection: Connection): Promise<OutriggerError> => {
    const error = await open(name, connection).then(
      () => assert.fail('connected'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof OutriggerError, String(error));
    assert.equal(error.host, name);
    return error;
  };
  const echo = async (host: Host): Promise<string> =>
    (await host.exec({ script: 'echo "$1"', params: [host.name], timeoutMs: 10_000 })).stdout;

  it('makes one login at the jump host for all hosts behind it, whatever its MaxSessions', async () => {
    const bastion = await start('MaxSessions 1', 'MaxStartups 1');
    const targets = [await start(), await start(), await start()];
    await writeFile(
      sshConfig,
      entry('bastion', bastion) +
        targets.map((target, index) => entry(`t${index}`, target)).join('') +
        'Match originalhost t*\n  ProxyJump bastion\n',
    );
    const names = Array.from({ length: 12 }, (_, index) => `h${index}`);
    const opened = await Promise.all(
      names.map((name, index) => open(name, to(`t${index % targets.length}`))),
    );
    assert.deepEqual(
      await Promise.all(opened.map(echo)),
      names.map((name) => `${name}\n`),
    );
    assert.equal(bastion.logins(), 1);
    assert.deepEqual(
      targets.map((target) => target.logins()),
      [4, 4, 4],
    );
  });

  it('verifies every server on the way, each by its own entry', async () => {
    const [outer, inner, target] = [await start(), await start(), await start()];
    await writeFile(sshConfig, entry('outer', outer) + entry('inner', inner) + entry('t', target));
    const connection = to('t', { proxyJump: 'outer,inner' });
    await open('alpha', connection);
    assert.deepEqual([outer.logins(), inner.logins(), target.logins()], [1, 1, 1]);

    for (const [unknown, expected] of [
      [outer, /^the jump host outer: \S+ presents an unknown host key: SHA256:/],
      [inner, /^the jump host inner: \S+ behind outer presents an unknown host key: SHA256:/],
      [target, /^\S+ behind inner presents an unknown host key: SHA256:/],
    ] as const) {
      const known = started.filter((server) => server !== unknown);
      const lines = known.map((server) => readFileSync(server.connection.knownHostsFile ?? ''));
      await writeFile(knownHostsFile, Buffer.concat(lines));
      await connector.close();
      connector = newConnector();
      const before = unknown.logins();
      const { code, message } = await failure('alpha', connection);
      assert.equal(code, 'HOST_KEY_UNKNOWN');
      assert.match(message, expected);
      assert.equal(unknown.logins(), before);
    }
  });

  it('refuses a jump host whose key has changed, for every host behind it, with one handshake', async () => {
    const bastion = await start();
    const target = await start();
    newKeyFile(join(servers.path, 'other'), 'ed25519');
    const other = readFileSync(join(servers.path, 'other.pub'), 'utf8');
    const door = await doorTo(bastion.port);
    await writeFile(knownHostsFile, `[127.0.0.1]:${door.port} ${other}`);
    await writeFile(sshConfig, entry('bastion', door) + entry('t', target, 'ProxyJump bastion'));
    const errors = await Promise.all(['a', 'b', 'c'].map((name) => failure(name, to('t'))));
    for (const { code, message } of errors) {
      assert.equal(code, 'HOST_KEY_CHANGED');
      assert.ok(message.includes(`${knownHostsFile}:1`), message);
    }
    assert.equal(door.connections(), 1);
    await door.close();
  });

  it('says for each host when the jump host dies on the way, and reaches it anew', async () => {
    const bastion = await start();
    const targets = [await start(), await start()];
    await writeFile(
      sshConfig,
      entry('bastion', bastion) +
        targets.map((target, index) => entry(`t${index}`, target, 'ProxyJump bastion')).join(''),
    );
    const opened = [await open('a', to('t0')), await open('b', to('t1'))];
    const running = opened.map((host) => host.exec({ script: 'sleep 30', timeoutMs: 20_000 }));
    const outcomes = Promise.allSettled(running);
    await sleep(300);
    await bastion.stop();
    for (const [index, outcome] of (await outcomes).entries()) {
      assert.ok(outcome.status === 'rejected');
      const error = outcome.reason as OutriggerError;
      assert.equal(error.code, 'HOST_UNREACHABLE');
      assert.equal(error.host, ['a', 'b'][index]);
      assert.match(error.message, /^connection lost to \S+ behind bastion: connection lost to /);
    }
    const { message } = await failure('c', to('t0'));
    assert.match(message, /^the jump host bastion: .*connection refused/);
  });

  it('says which side failed: a jump host that may not forward, a host that it cannot reach', async () => {
    const closed = await start('AllowTcpForwarding no');
    const bastion = await start();
    const target = await start();
    const port = await unusedPort();
    await writeFile(
      sshConfig,
      entry('closed', closed) +
        entry('bastion', bastion) +
        entry('t', target) +
        `Host gone\n  HostName 127.0.0.1\n  Port ${port}\n`,
    );
    const prohibited = await failure('a', to('t', { proxyJump: 'closed' }));
    assert.match(prohibited.message, /behind closed: the jump host does not forward connections/);
    assert.match(prohibited.hint ?? '', /AllowTcpForwarding/);
    const gone = await failure(
      'b',
      to('gone', { proxyJump: 'bastion', identityFile: servers.identityFile }),
    );
    assert.match(gone.message, /behind bastion: the jump host cannot reach it/);
    await open('c', to('t', { proxyJump: 'bastion' }));
    assert.equal(bastion.logins(), 1);
  });

  it('scans the keys of a host behind a jump host', async () => {
    const bastion = await start();
    const target = await start();
    await writeFile(sshConfig, entry('bastion', bastion) + entry('t', target, 'ProxyJump bastion'));
    const route = connector.routeTo(to('t'));
    const keys = await connector.scan('t', route.target, {
      jumps: route.jumps,
      limitMs: 20_000,
      signal: never,
    });
    const own = readFileSync(join(target.folder, 'host_ed25519.pub'), 'utf8').split(' ')[1] ?? '';
    assert.deepEqual(
      keys.map(({ type }) => type),
      ['ssh-ed25519'],
    );
    assert.ok(Buffer.from(own, 'base64').equals(Buffer.from(keys[0]?.blob ?? [])));
    assert.deepEqual([bastion.logins(), target.logins()], [1, 0]);
  });
});
