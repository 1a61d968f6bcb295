import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Connection } from '../../../src/host/host.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { newConnector, useSsh } from '../../support/ssh-bench.ts';
import { newKey } from '../../support/fake-sshd.ts';
import { RAW } from '../../hostile/nasty.ts';

const ESCAPES = '\u001b]0;owned\u0007\u009b31m';
const IDENT = 'SSH-2.0-evil\r\n';
/** Longer than a test may take: whoever waits for it fails. */
const CONNECT_TIMEOUT_MS = 300_000;
const never = new AbortController().signal;

/** A packet as it goes before there are keys (RFC 4253, 6). */
function packet(payload: Buffer): Buffer {
  const padding = 4 + ((8 - ((payload.length + 5 + 4) % 8)) % 8);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length + padding + 1);
  head[4] = padding;
  return Buffer.concat([head, payload, Buffer.alloc(padding)]);
}

function text(content: string): Buffer {
  const bytes = Buffer.from(content, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** SSH_MSG_KEXINIT (RFC 4253, 7.1) of a server that has host keys of these kinds. */
const kexInit = (hostKeys: string, ...more: Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from([20]),
    Buffer.alloc(16, 7),
    ...['curve25519-sha256', hostKeys].map(text),
    ...['aes256-ctr', 'aes256-ctr', 'hmac-sha2-256', 'hmac-sha2-256'].map(text),
    ...['none', 'none', '', ''].map(text),
    Buffer.alloc(5),
    ...more,
  ]);

/** SSH_MSG_DISCONNECT (RFC 4253, 11.1). */
const goodbye = (said: string): Buffer =>
  Buffer.concat([Buffer.from([1, 0, 0, 0, 2]), text(said), text('')]);

/** SSH_MSG_KEX_ECDH_REPLY with whatever for a host key. */
const kexReply = (hostKey: string): Buffer =>
  Buffer.concat([Buffer.from([31]), text(hostKey), text('q'.repeat(32)), text('signature')]);

/** What a server does with those who connect; `end` hangs up after that. */
interface Evil {
  readonly says: string | Buffer | ((socket: Socket) => void);
  readonly ends?: boolean;
  readonly why: RegExp;
}

/** Piece by piece: what ssh2 limits, it limits in what comes at once. */
const cycle = (said: string) => (socket: Socket) => {
  const more = (): void => {
    if (socket.destroyed) return;
    socket.write(said);
    setTimeout(more, 1);
  };
  more();
};

const EVIL: Readonly<Record<string, Evil>> = {
  'another protocol': {
    says: `HTTP/1.1 400 ${ESCAPES}Bad Request\r\nContent-Length: 0\r\n\r\n`,
    ends: true,
    why: /not an SSH server, it sent: HTTP\/1\.1 400 \\u\{1b\}.*Bad Request$/,
  },
  'a long line that never ends': {
    says: cycle('x'.repeat(1000) + ESCAPES),
    why: /not an SSH server, it sent: x{100} \[\d+ more characters\]$/,
  },
  'lines without end': {
    says: cycle(`220 mail ${ESCAPES}\r\n`.repeat(100)),
    why: /not an SSH server, it sent: 220 mail \\u\{1b\}/,
  },
  'SSH of another age': {
    says: 'SSH-1.5-old\r\n',
    why: /the SSH handshake failed: /,
  },
  'a name with escapes, and nothing sensible behind it': {
    says: `${ESCAPES}\r\nSSH-2.0-${ESCAPES}\r\n${'\xff'.repeat(40_000)}`,
    why: /the SSH handshake failed: |not an SSH server/,
  },
  'a packet of four gigabytes': {
    says: Buffer.concat([Buffer.from(IDENT), Buffer.alloc(64, 0xff)]),
    why: /the SSH handshake failed: /,
  },
  'host keys of an unknown kind': {
    says: Buffer.concat([Buffer.from(IDENT), packet(kexInit(`ssh-${ESCAPES},ssh-dss`))]),
    why: /the SSH handshake failed: .*no matching host key/,
  },
  'a key exchange of garbage': {
    says: Buffer.concat([Buffer.from(IDENT), packet(Buffer.alloc(300, 20))]),
    why: /the SSH handshake failed: /,
  },
  'a host key of garbage': {
    says: Buffer.concat([
      Buffer.from(IDENT),
      packet(kexInit('ssh-ed25519')),
      packet(kexReply(ESCAPES.repeat(1000))),
    ]),
    why: /the SSH handshake failed: /,
  },
  'a goodbye with escapes': {
    says: Buffer.concat([Buffer.from(IDENT), packet(goodbye(ESCAPES.repeat(5000)))]),
    ends: true,
    why: /\S/,
  },
};

describe('servers that mean harm', () => {
  const ssh = useSsh();
  let server: Server | undefined;
  let sockets: Socket[];

  beforeEach(() => {
    sockets = [];
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    if (server !== undefined) await once(server.close(), 'close');
    server = undefined;
  });

  const evil = async ({ says, ends = false }: Pick<Evil, 'says' | 'ends'>): Promise<number> => {
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined).resume();
      if (typeof says === 'function') says(socket);
      else if (ends) socket.end(says);
      else socket.write(says);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  };
  const to = async (port: number, connectTimeoutMs: number): Promise<Connection> => ({
    address: '127.0.0.1',
    port,
    user: 'admin',
    become: 'none',
    connectTimeoutMs,
    identityFile: await ssh.file('id', newKey('ed25519').private),
    sshConfig: 'none',
    knownHostsFile: ssh.at('known_hosts'),
    proxyJump: undefined,
    becomePassword: undefined,
    hostKeys: { kind: 'accept-new' },
  });
  const tells = (thrown: unknown, why: RegExp): void => {
    assert.ok(thrown instanceof OutriggerError, String(thrown));
    assert.equal(thrown.code, 'HOST_UNREACHABLE');
    assert.match(thrown.message, why);
    const said = `${thrown.message}${thrown.hint ?? ''}`;
    assert.doesNotMatch(said, RAW);
    assert.ok(said.length < 3000, said);
  };
  /** Whoever has said enough is hung up on. */
  const allClosed = async (): Promise<void> => {
    const open = sockets.filter((socket) => !socket.destroyed);
    await Promise.all(
      open.map((socket) => new Promise((resolve) => socket.once('close', resolve))),
    );
  };

  for (const [what, { why, ...evilOnes }] of Object.entries(EVIL)) {
    it(`one clear error, and no open connection: ${what}`, async () => {
      const connection = await to(await evil(evilOnes), CONNECT_TIMEOUT_MS);
      tells(await ssh.failure(connection, 'HOST_UNREACHABLE'), why);
      const connector = newConnector();
      const patience = { limitMs: CONNECT_TIMEOUT_MS, signal: never };
      const scanned = connector.scan('alpha', connector.routeTo(connection).target, {
        ...patience,
        jumps: [],
      });
      // A server without a key that we know has none to show; anything else is an error as above.
      const keys = await scanned.catch((thrown: unknown) => {
        tells(thrown, why);
        return [];
      });
      assert.deepEqual(keys, []);
      await allClosed();
    });
  }

  for (const [what, says, why] of [
    ['says nothing', '', /the SSH handshake did not finish within 1 s$/],
    ['stops in the middle of its name', 'SSH-2.', /the SSH handshake did not finish within 1 s$/],
    [
      'stops in the middle of the key exchange',
      Buffer.concat([Buffer.from(IDENT), packet(kexInit('ssh-ed25519')).subarray(0, 100)]),
      /the SSH handshake did not finish within 1 s$/,
    ],
  ] as const) {
    it(`is waited for as long as the connect timeout says: one that ${what}`, async () => {
      const connection = await to(await evil({ says }), 1000);
      tells(await ssh.failure(connection, 'HOST_UNREACHABLE'), why);
      await allClosed();
    });
  }

  it('is tried again until then: one that hangs up in the middle of the key exchange', async () => {
    const says = Buffer.concat([Buffer.from(IDENT), packet(kexInit('ssh-ed25519')).subarray(0, 9)]);
    const connection = await to(await evil({ says, ends: true }), 1000);
    const error = await ssh.failure(connection, 'HOST_UNREACHABLE');
    tells(error, /for 1 s it dropped every connection before the SSH handshake$/);
    assert.ok(sockets.length > 1);
    await allClosed();
  });

  it('a banner of escapes is shown to nobody, however long', async () => {
    const { connection } = await ssh.start({ banner: `${ESCAPES}\r\n`.repeat(1500) });
    const host = await ssh.connect(connection);
    const result = await host.exec({ script: 'echo in', timeoutMs: 30_000 });
    assert.deepEqual([result.stdout, result.stderr], ['in\n', '']);
  });

  it('garbage after the login ends every command at once, and the connection', async () => {
    const { connection } = await ssh.start({ garbage: true });
    const host = await ssh.connect(connection);
    const thrown: unknown = await host
      .exec({ script: 'true', timeoutMs: CONNECT_TIMEOUT_MS })
      .then(() => assert.fail('it ran'))
      .catch((error: unknown) => error);
    tells(thrown, /^connection lost to /);
    await host.close();
  });
});
