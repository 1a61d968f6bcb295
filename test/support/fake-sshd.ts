import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type AuthContext, type Connection as Served, type ServerChannel } from 'ssh2';
import type { Connection } from '../../src/host/host.ts';
import { quote } from '../../src/shell/quote.ts';
import { serveSftp, type Upload } from './fake-sftp.ts';

export type KeyKind = 'ed25519' | 'ecdsa' | 'rsa';

export interface FakeSshdOptions {
  /** The host keys it answers with; ed25519 alone without this. */
  readonly hostKeys?: readonly KeyKind[];
  readonly auth?: 'accept' | 'refuse';
  /** Never says a word, as a port behind a broken firewall; or never answers an exec. */
  readonly hang?: 'banner' | 'exec';
  /** Closes the TCP connection this long after a command has started. */
  readonly dropAfterMs?: number;
  /** So many connections are closed before the banner, as sshd's MaxStartups does. */
  readonly dropFirst?: number;
  /** What a talkative login shell prints before a command. */
  readonly noise?: string;
  /** Waits this long before each command. */
  readonly delayMs?: number;
  /** The uid that `id -u` reports; 0 without this, whoever runs the tests. */
  readonly uid?: string;
  /** What the `sudo` on its PATH does; there is none without this. */
  readonly sudo?: 'works' | { readonly says: string } | FakeSudo;
  /** Answers every command with bytes that are no SSH, and never hangs up. */
  readonly garbage?: boolean;
  /** What it shows everybody who logs in. */
  readonly banner?: string;
  /** Answers every command with this signal instead of running it. */
  readonly killedBy?: string;
  /** What becomes of SFTP: refused, never answered, in a chroot, on a full disk. It works without this. */
  readonly sftp?: 'refused' | 'silent' | 'elsewhere' | 'full';
  /** Closes the TCP connection as soon as something is written by SFTP. */
  readonly dropAtUpload?: boolean;
  /** So many sessions at a time (MaxSessions). */
  readonly maxSessions?: number;
}

/** A sudo that asks for a password, three times at most, and remembers nothing. */
export interface FakeSudo {
  readonly password: string;
  /** Whose password it wants; admin's without this. */
  readonly of?: string;
}

export interface FakeSshd {
  readonly port: number;
  /** The SSH user's home; SFTP starts here and commands run here. */
  readonly home: string;
  /** The command lines it was asked to run. */
  readonly commands: readonly string[];
  /** The passwords that its sudo was given. */
  readonly passwords: () => readonly string[];
  /** Connections made to its port, the most channels open at once, and sessions of SFTP asked for. */
  readonly seen: { connections: number; mostChannels: number; sftp: number };
  /** Files that came by SFTP, with their mode when they were made. */
  readonly uploads: readonly Upload[];
  /** What came on stdin of commands. */
  readonly stdin: () => string;
  /** How to reach it: with a key it accepts and a known_hosts that holds its keys. */
  readonly connection: Connection;
  /** The public host keys, one `TYPE BASE64` each. */
  readonly publicKeys: readonly string[];
  close(): Promise<void>;
}

/** An SSH server in this process that really runs commands, through /bin/sh, and really writes files by SFTP. */
export async function startFakeSshd(options: FakeSshdOptions = {}): Promise<FakeSshd> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'outrigger-sshd-')));
  const hostKeys = (options.hostKeys ?? ['ed25519']).map(newKey);
  const clientKey = newKey('ed25519');
  const fake = new Fake(options, home, clientKey.public);
  const server = new ssh2.Server({
    hostKeys: hostKeys.map((key) => key.private),
    ...(options.banner === undefined ? {} : { banner: options.banner }),
  });
  server.on('connection', (client: Served) => {
    fake.serve(client);
  });
  const tcp = createServer({ allowHalfOpen: options.garbage === true }, (socket) => {
    fake.accept(socket, server);
  });
  const port = await listen(tcp);
  await writeStubs(home, options);
  const keysFolder = await mkdtemp(join(tmpdir(), 'outrigger-keys-'));
  const identityFile = join(keysFolder, 'id');
  const knownHostsFile = join(keysFolder, 'known_hosts');
  const publicKeys = hostKeys.map((key) => key.public.split(' ').slice(0, 2).join(' '));
  await writeFile(identityFile, clientKey.private, { mode: 0o600 });
  await writeFile(knownHostsFile, publicKeys.map((key) => `[127.0.0.1]:${port} ${key}\n`).join(''));
  return {
    port,
    home,
    commands: fake.commands,
    passwords: () => linesIn(join(home, STUBS, 'passwords')),
    seen: fake.seen,
    uploads: fake.uploads,
    stdin: () => fake.stdin.join(''),
    publicKeys,
    connection: {
      address: '127.0.0.1',
      port,
      user: 'admin',
      become: 'none',
      identityFile,
      knownHostsFile,
      proxyJump: undefined,
      sshConfig: 'none',
      becomePassword: undefined,
      hostKeys: { kind: 'strict' },
      connectTimeoutMs: 20_000,
    },
    async close() {
      fake.stop();
      await new Promise((resolve) => tcp.close(resolve));
      await rm(home, { recursive: true, force: true });
      await rm(keysFolder, { recursive: true, force: true });
    },
  };
}

const STUBS = '.stubs';

export interface KeyPair {
  readonly private: string;
  readonly public: string;
}

/** A new pair of keys; ssh2 now and then writes an ed25519 key that it cannot read itself, which is made again. */
export function newKey(kind: KeyKind): KeyPair {
  const pair = generate(kind);
  return ssh2.utils.parseKey(pair.private) instanceof Error ? newKey(kind) : pair;
}

function generate(kind: KeyKind): KeyPair {
  if (kind === 'rsa') return ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 });
  if (kind === 'ecdsa') return ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  return ssh2.utils.generateKeyPairSync('ed25519', {});
}

class Fake {
  readonly commands: string[] = [];
  readonly seen = { connections: 0, mostChannels: 0, sftp: 0 };
  readonly uploads: Upload[] = [];
  readonly stdin: string[] = [];
  readonly #options: FakeSshdOptions;
  readonly #home: string;
  readonly #clientKey: string;
  readonly #sockets = new Set<Socket>();
  readonly #children = new Set<ChildProcess>();
  #channels = 0;

  constructor(options: FakeSshdOptions, home: string, clientKey: string) {
    this.#options = options;
    this.#home = home;
    this.#clientKey = clientKey;
  }

  accept(socket: Socket, server: ssh2.Server): void {
    this.seen.connections += 1;
    socket.on('error', () => undefined);
    if (this.seen.connections <= (this.#options.dropFirst ?? 0)) {
      socket.resume().end('Exceeded MaxStartups\r\n');
      return;
    }
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    if (this.#options.hang !== 'banner') server.injectSocket(socket);
  }

  serve(client: Served): void {
    client.on('error', () => undefined);
    client.on('authentication', (attempt) => {
      if (this.#accepts(attempt)) attempt.accept();
      else attempt.reject(['publickey']);
    });
    client.on('session', (accept, reject) => {
      if (this.#channels >= (this.#options.maxSessions ?? Infinity)) {
        reject();
        return;
      }
      const session = accept();
      this.#channels += 1;
      this.seen.mostChannels = Math.max(this.seen.mostChannels, this.#channels);
      session.on('close', () => (this.#channels -= 1));
      session.on('exec', (acceptExec, _reject, { command }) => {
        this.commands.push(command);
        if (this.#options.garbage === true) this.#babble();
        else if (this.#options.hang !== 'exec') void this.#run(acceptExec(), command);
      });
      session.on('sftp', (acceptSftp, rejectSftp) => {
        this.seen.sftp += 1;
        const { sftp, dropAtUpload = false } = this.#options;
        if (sftp === 'refused') rejectSftp();
        else if (sftp !== 'silent')
          serveSftp(acceptSftp(), {
            home: this.#home,
            root: sftp === 'elsewhere' ? this.#home : '/',
            room: sftp === 'full' ? 2 : Infinity,
            onUpload: (upload) => {
              this.uploads.push(upload);
              if (dropAtUpload) this.#drop();
            },
          });
      });
    });
  }

  #accepts(attempt: AuthContext): boolean {
    if (attempt.method !== 'publickey' || this.#options.auth === 'refuse') return false;
    const allowed = ssh2.utils.parseKey(this.#clientKey);
    if (allowed instanceof Error) throw allowed;
    if (!allowed.getPublicSSH().equals(attempt.key.data)) return false;
    const { blob, signature, hashAlgo } = attempt;
    return signature === undefined || blob === undefined
      ? true
      : allowed.verify(blob, signature, hashAlgo);
  }

  async #run(channel: ServerChannel, command: string): Promise<void> {
    const { delayMs = 0, noise = '', killedBy, dropAfterMs } = this.#options;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (noise !== '') channel.write(noise);
    if (killedBy !== undefined) {
      channel.exit(killedBy.replace(/^SIG/, ''));
      channel.end();
      return;
    }
    const env = { HOME: this.#home, PATH: `${join(this.#home, STUBS)}:/usr/bin:/bin` };
    const child = spawn('/bin/sh', ['-c', command], { cwd: this.#home, env, detached: true });
    this.#children.add(child);
    child.stdin.on('error', () => undefined);
    channel.on('error', () => undefined);
    channel.stderr.on('error', () => undefined); // written to after the client has gone
    channel.on('data', (piece: Buffer) => this.stdin.push(piece.toString('latin1')));
    channel.pipe(child.stdin);
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    channel.on('close', () => {
      killGroup(child);
    });
    child.on('close', (code, signal) => {
      this.#children.delete(child);
      if (code === null) channel.exit((signal ?? 'SIGKILL').replace(/^SIG/, ''));
      else channel.exit(code);
      channel.end();
    });
    if (dropAfterMs !== undefined)
      setTimeout(() => {
        this.#drop();
      }, dropAfterMs);
  }

  #babble(): void {
    for (const socket of this.#sockets) {
      socket.removeAllListeners('data').removeAllListeners('end').resume();
      socket.write(randomBytes(100_000));
    }
  }

  #drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  stop(): void {
    this.#drop();
    for (const child of this.#children) killGroup(child);
  }
}

/** Commands of the fake host that stand before the real ones: who it says the user is, and its sudo. */
async function writeStubs(home: string, { uid = '0', sudo }: FakeSshdOptions): Promise<void> {
  const folder = join(home, STUBS);
  await mkdir(folder);
  const stub = (name: string, body: string): Promise<void> =>
    writeFile(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  await stub('id', `echo "\${FAKE_UID-${uid}}"`);
  const refusal = sudo === undefined ? "env: 'sudo': No such file or directory" : undefined;
  if (typeof sudo === 'object' && 'password' in sudo) await stub('sudo', askingSudo(sudo));
  else if (sudo === 'works')
    await stub('sudo', 'while [ "$1" != -- ]; do shift; done; shift; FAKE_UID=0 exec "$@"');
  else await stub('sudo', `cat >&2 <<'END'\n${refusal ?? sudo?.says ?? ''}\nEND\nexit 1`);
}

/** Called as `sudo -S -p PROMPT -- COMMAND`. */
const askingSudo = ({ password, of = 'admin' }: FakeSudo): string => `
echo 'We trust you have received the usual lecture.' >&2
prompt=$(printf '%s' "$3" | sed 's/%p/${of}/')
shift 4
for try in 1 2 3; do
  printf '%s' "$prompt" >&2
  IFS= read -r given || { echo 'sudo: no password was provided' >&2; exit 1; }
  printf '%s\\n' "$given" >>"\${0%/*}/passwords"
  [ "$given" = ${quote(password)} ] && FAKE_UID=0 exec "$@"
  echo 'Sorry, try again.' >&2
done
echo 'sudo: 3 incorrect password attempts' >&2
exit 1`;

const linesIn = (file: string): readonly string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];

const listen = (tcp: TcpServer): Promise<number> =>
  new Promise((resolve) => {
    tcp.listen(0, '127.0.0.1', () => {
      resolve((tcp.address() as AddressInfo).port);
    });
  });

/** The shell and whatever it has started: a grandchild left behind would hold our pipes open for ever. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
