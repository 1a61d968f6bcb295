import { readdirSync, readFileSync } from 'node:fs';
import type { ConnectHost, ExecRequest, ExecResult, Host, HostFile } from '../../src/host/host.ts';
import { OutriggerError } from '../../src/support/errors.ts';

const FOLDERS = ['../../src/facts/', '../../src/flows/', '../../src/apply/scripts/'];

/** The name of each script that outrigger runs on a host, by its text. */
const SCRIPTS: ReadonlyMap<string, string> = new Map(
  FOLDERS.map((folder) => new URL(folder, import.meta.url)).flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.sh'))
      .map((file) => [readFileSync(new URL(file, folder), 'utf8'), file.slice(0, -3)] as const),
  ),
);

/** What a script prints; with exit code 0 and without stderr unless said otherwise. */
export type Answer = string | Partial<ExecResult>;

/** What a host does when it is asked to run a script, by the script's name. */
export type Answers = Readonly<Record<string, (request: ExecRequest) => Answer | Promise<Answer>>>;

/**
 * A host that knows exactly the scripts it was told about. Any other is a bug of the code or of the test: it rejects
 * with a plain Error, and stays in `unscripted` in case somebody swallowed that.
 */
export class FakeHost implements Host {
  readonly name: string;
  /** The scripts it ran, in order. */
  readonly ran: string[] = [];
  readonly written: HostFile[] = [];
  readonly unscripted: string[] = [];
  isClosed = false;
  /** It has lost its power. */
  isDead = false;
  /** The lines in its system log. */
  readonly logged: string[] = [];
  readonly #log = ({ params = [] }: ExecRequest): Answer => {
    this.logged.push(params.join(' '));
    return '';
  };
  readonly #answers: Answers;
  readonly #onWrite: ((file: HostFile) => void) | undefined;

  constructor(name: string, answers: Answers, onWrite?: (file: HostFile) => void) {
    this.name = name;
    this.#answers = answers;
    this.#onWrite = onWrite;
  }

  async exec(request: ExecRequest): Promise<ExecResult> {
    if (this.isDead) throw unreachable(this.name, 'the connection was lost');
    const script = SCRIPTS.get(request.script) ?? `an unknown script: ${request.script}`;
    const answer = this.#answers[script] ?? (script === 'log-run' ? this.#log : undefined);
    if (answer === undefined || this.isClosed) {
      this.unscripted.push(script);
      throw new Error(`${this.name} was ${this.isClosed ? 'closed before' : 'not told'} ${script}`);
    }
    this.ran.push(script);
    const said = await answer(request);
    return {
      code: 0,
      stdout: '',
      stderr: '',
      ...(typeof said === 'string' ? { stdout: said } : said),
    };
  }

  writeFile(file: HostFile): Promise<void> {
    if (this.#onWrite === undefined)
      return Promise.reject(new Error(`${this.name}: no file expected`));
    this.written.push(file);
    this.#onWrite(file);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

const unreachable = (host: string, message: string): OutriggerError =>
  new OutriggerError('HOST_UNREACHABLE', message, { host });

export interface FakeNetwork {
  readonly connect: ConnectHost;
  /** Whom it was asked to connect to, in order. */
  readonly connections: readonly string[];
  /** Hosts that are down. */
  readonly down: Set<string>;
}

/** A network of these hosts; a connection to any other is refused. */
export function fakeNetwork(hosts: readonly FakeHost[]): FakeNetwork {
  const connections: string[] = [];
  const down = new Set<string>();
  return {
    ...{ connections, down },
    connect: (name, { address, port = 22 }) => {
      connections.push(name);
      const found = hosts.find((host) => host.name === name && !down.has(name));
      if (found?.isDead === false) return Promise.resolve(found);
      return Promise.reject(
        unreachable(name, `cannot reach ${address}:${port}: connection refused`),
      );
    },
  };
}
