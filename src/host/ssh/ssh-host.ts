import { randomBytes } from 'node:crypto';
import {
  type Become,
  commandLine,
  ownErrors,
  readReply,
  type ScriptInput,
  standardInput,
} from '../../shell/script.ts';
import { OutriggerError } from '../../support/errors.ts';
import { printableLines } from '../../support/printable.ts';
import { reveal, type Secret } from '../../support/secret.ts';
import type { ExecRequest, ExecResult, Host, HostFile } from '../host.ts';
import type { BecomePassword } from './become-password.ts';
import { type Command, type Finished, runCommand } from './command.ts';
import { commandFailed } from './failures.ts';
import { FileInstaller } from './file-installer.ts';
import type { Link } from './link.ts';
import { notRoot, sudoRefusal } from './privilege.ts';
import { greetSudo } from './sudo-greeting.ts';

/** Who logs in, and how they become root. */
export interface Privilege {
  readonly user: string;
  readonly become: Become;
  /** What sudo may ask for; without it sudo must not ask. */
  readonly password: BecomePassword | undefined;
}

/** A host at the other end of one SSH connection. */
export class SshHost implements Host {
  readonly name: string;
  readonly #link: Link;
  readonly #become: Privilege;
  readonly #files: FileInstaller;

  constructor(link: Link, become: Privilege) {
    this.name = link.peer.name;
    this.#link = link;
    this.#become = become;
    this.#files = new FileInstaller(link, (request) => this.exec(request));
  }

  async exec({ script, params = [], input = '', ...limits }: ExecRequest): Promise<ExecResult> {
    if (this.#link.ended.aborted) throw this.#link.ended.reason;
    const nonce = newNonce();
    const stdin = this.#stdin({ nonce, script, params, input: bytesOf(input) });
    const finished = await runCommand(this.#link, { ...this.#asRoot(), stdin, ...limits });
    const reply = readReply(finished.stdout, nonce);
    switch (reply.kind) {
      case 'ran':
        return { ...finished, stdout: reply.stdout, stderr: ownErrors(finished.stderr, nonce) };
      case 'not-root':
        throw notRoot(this.name, this.#become, reply.uid);
      case 'not-started':
        throw this.#notStarted(finished);
    }
  }

  writeFile(file: HostFile): Promise<void> {
    return this.#files.install(file);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  /** The command line that reads a script from stdin, and what comes before that. */
  #asRoot(): Pick<Command, 'line' | 'greeting'> {
    const { become, password } = this.#become;
    if (become === 'none' || password === undefined) return { line: commandLine(become) };
    const gate = newNonce();
    return {
      line: commandLine(become, gate),
      greeting: greetSudo({ host: this.name, gate, password }),
    };
  }

  #stdin(input: ScriptInput): Uint8Array {
    try {
      return standardInput(input);
    } catch (error) {
      if (!(error instanceof OutriggerError)) throw error;
      throw new OutriggerError(error.code, error.message, { host: this.name });
    }
  }

  #notStarted({ code, stdout, stderr }: Finished): Error {
    const { user, become } = this.#become;
    const refusal = become === 'sudo' ? sudoRefusal(this.name, user, stderr) : undefined;
    if (refusal !== undefined) return refusal;
    const said = printableLines(stderr.trim() === '' ? stdout : stderr, 500);
    return commandFailed(
      this.#link.peer,
      `the login shell of ${user} did not start the script (exit code ${code})${said === '' ? '' : `: ${said}`}`,
    );
  }
}

const newNonce = (): string => randomBytes(16).toString('hex');

const bytesOf = (input: string | Secret): Uint8Array =>
  typeof input === 'string' ? new TextEncoder().encode(input) : reveal(input);
