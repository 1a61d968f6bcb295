import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { ConnectHost, ExecRequest, ExecResult, Host, HostFile } from '../../src/host/host.ts';
import { OutriggerError } from '../../src/support/errors.ts';

const SRC = new URL('../../src/', import.meta.url);

/** Stands before some scripts. */
const READER = readFileSync(
  new URL('../../src/host/scripts/environment-file.sh', import.meta.url),
  'utf8',
);

/** The name of each script that outrigger runs on a host, by its text. */
const SCRIPTS: ReadonlyMap<string, string> = new Map(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.sh'))
    .map((path) => [readFileSync(new URL(path, SRC), 'utf8'), basename(path, '.sh')] as const),
);

/** What a script prints; with exit code 0 and without stderr unless said otherwise. */
export type Answer = string | Partial<ExecResult>;

/** What crm_verify prints of a CIB: exit code, standard error, standard output. */
type Verified = readonly [code: number, complaints?: string, notices?: string];

/** The reply of a host on which crm_verify prints that of an intended CIB, and of the CIB as it is. */
export const verified =
  (intended: Verified, base: Verified = [0]) =>
  ({ params: [nonce = ''] = [] }: ExecRequest): Answer => {
    const sections = Object.entries({ intended, base }).flatMap(
      ([cib, [code, complaints = '', notices = '']]) => [
        `${cib} code\n${code}`,
        `${cib} complaints\n${complaints}`,
        `${cib} notices\n${notices}`,
      ],
    );
    return [...sections, 'end\n'].map((section) => `\n@${nonce} ${section}`).join('');
  };

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
  /** Called instead of each script that it runs, with what runs it. */
  intercept: (
    script: string,
    request: ExecRequest,
    run: () => Answer | Promise<Answer>,
  ) => Answer | Promise<Answer> = (_script, _request, run) => run();
  /** The lines in its system log. */
  readonly logged: string[] = [];
  readonly #log = ({ params = [] }: ExecRequest): Answer => {
    this.logged.push(params.join(' '));
    return '';
  };
  readonly #usual: Answers = {
    'log-run': this.#log,
    'try-files': () => '',
    'verify-cib': verified([0]),
  };
  readonly #answers: Answers;
  readonly #onWrite: ((file: HostFile) => void) | undefined;

  constructor(name: string, answers: Answers, onWrite?: (file: HostFile) => void) {
    this.name = name;
    this.#answers = answers;
    this.#onWrite = onWrite;
  }

  async exec(request: ExecRequest): Promise<ExecResult> {
    if (this.isDead) throw unreachable(this.name, CONNECTION_LOST);
    const script =
      SCRIPTS.get(request.script.replace(READER, '')) ?? `an unknown script: ${request.script}`;
    const answer = this.#answers[script] ?? this.#usual[script];
    if (answer === undefined || this.isClosed) {
      this.unscripted.push(script);
      throw new Error(`${this.name} was ${this.isClosed ? 'closed before' : 'not told'} ${script}`);
    }
    this.ran.push(script);
    const reply = await this.intercept(script, request, () => answer(request));
    return {
      code: 0,
      stdout: '',
      stderr: '',
      ...(typeof reply === 'string' ? { stdout: reply } : reply),
    };
  }

  /** Loses its power, and with it what it was asked for. */
  die(): never {
    this.isDead = true;
    throw unreachable(this.name, CONNECTION_LOST);
  }

  writeFile(file: HostFile): Promise<void> {
    if (this.isDead) return Promise.reject(unreachable(this.name, CONNECTION_LOST));
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

const CONNECTION_LOST = 'the connection was lost';

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
    connections,
    down,
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
