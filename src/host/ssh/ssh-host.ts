import { randomBytes } from 'node:crypto';
import {
  type Become,
  commandLine,
  listenForLine,
  ownErrors,
  readReply,
  type ScriptInput,
  standardInput,
} from '../../shell/script.ts';
import { OutriggerError, restated } from '../../support/errors.ts';
import { asOneLine } from '../../support/text/printable.ts';
import { reveal, type Secret } from '../../support/secret.ts';
import type { ExecRequest, ExecResult, Host, HostFile } from '../host.ts';
import type { BecomePassword } from './channel/become-password.ts';
import { type Command, type Finished, type Question, runCommand } from './channel/command.ts';
import { commandFailed } from './route/failures.ts';
import { loadScript } from '../load-script.ts';
import { FileInstaller } from './channel/file-installer.ts';
import type { Link } from './link/link.ts';
import { notRoot, sudoRefusal } from './channel/privilege.ts';
import { greetSudo } from './channel/sudo-greeting.ts';

/** What stands before every script. */
const COMMON = new URL('../scripts/common.sh', import.meta.url);

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
    this.#files = new FileInstaller(link, (request, answer) => this.#run(request, answer));
  }

  exec(request: ExecRequest): Promise<ExecResult> {
    return this.#run(request);
  }

  /** `answer`: gets the first line that the script prints, and gives what it reads on stdin last. */
  async #run(
    { script, params = [], input = '', ...limits }: ExecRequest,
    answer?: Question['answer'],
  ): Promise<ExecResult> {
    if (this.#link.ended.aborted) throw this.#link.ended.reason;
    const nonce = newNonce();
    const whole = loadScript(COMMON) + script;
    const stdin = this.#stdin({ nonce, script: whole, params, input: bytesOf(input) });
    const question = answer && { hear: listenForLine(nonce), answer };
    const finished = await runCommand(this.#link, {
      ...this.#asRoot(),
      ...limits,
      stdin,
      question,
    });
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
      throw restated(error, error.message, { host: this.name, hint: undefined });
    }
  }

  #notStarted({ code, stdout, stderr }: Finished): Error {
    const { user, become } = this.#become;
    const refusal = become === 'sudo' ? sudoRefusal(this.name, user, stderr) : undefined;
    if (refusal !== undefined) return refusal;
    const output = asOneLine(stderr.trim() === '' ? stdout : stderr, 500);
    return commandFailed(
      this.#link.peer,
      `the login shell of ${user} did not start the script (exit code ${code})${output === '' ? '' : `: ${output}`}`,
    );
  }
}

const newNonce = (): string => randomBytes(16).toString('hex');

const bytesOf = (input: string | Secret): Uint8Array =>
  typeof input === 'string' ? new TextEncoder().encode(input) : reveal(input);
