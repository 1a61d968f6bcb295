import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import { type Become, commandLine, readReply, standardInput } from '../../shell/script.ts';
import { OutriggerError } from '../../support/errors.ts';
import { printableLines } from '../../support/printable.ts';
import { reveal, type Secret } from '../../support/secret.ts';
import type { ExecRequest, ExecResult, Host, HostFile } from '../host.ts';
import { type Finished, runCommand } from './command.ts';
import { commandFailed } from './failures.ts';
import { FileInstaller } from './file-installer.ts';
import type { Link } from './link.ts';
import { notRoot, sudoRefusal } from './privilege.ts';

/** sshd allows ten channels in a connection (MaxSessions): seven commands and SFTP leave room for a person's own. */
const COMMANDS_AT_ONCE = 7;

/** Who logs in, and how they become root. */
export interface Privilege {
  readonly user: string;
  readonly become: Become;
}

/** A host at the other end of one SSH connection. */
export class SshHost implements Host {
  readonly name: string;
  readonly #link: Link;
  readonly #become: Privilege;
  readonly #commands = pLimit(COMMANDS_AT_ONCE);
  readonly #files: FileInstaller;

  constructor(link: Link, become: Privilege) {
    this.name = link.peer.name;
    this.#link = link;
    this.#become = become;
    this.#files = new FileInstaller(link, (request) => this.exec(request));
  }

  exec(request: ExecRequest): Promise<ExecResult> {
    return this.#commands(() => this.#run(request));
  }

  writeFile(file: HostFile): Promise<void> {
    return this.#files.install(file);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #run({ script, params = [], input = '', ...limits }: ExecRequest): Promise<ExecResult> {
    if (this.#link.ended.aborted) throw this.#link.ended.reason;
    const nonce = randomBytes(16).toString('hex');
    const line = commandLine(script, this.#become.become);
    const stdin = this.#stdin(nonce, params, bytesOf(input));
    const finished = await runCommand(this.#link, { line, stdin, ...limits });
    const reply = readReply(finished.stdout, nonce);
    switch (reply.kind) {
      case 'ran':
        return { ...finished, stdout: reply.stdout };
      case 'not-root':
        throw notRoot(this.name, this.#become, reply.uid);
      case 'not-started':
        throw this.#notStarted(finished);
    }
  }

  #stdin(nonce: string, params: readonly string[], input: Uint8Array): Uint8Array {
    try {
      return standardInput({ nonce, params, input });
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

const bytesOf = (input: string | Secret): Uint8Array =>
  typeof input === 'string' ? new TextEncoder().encode(input) : reveal(input);
