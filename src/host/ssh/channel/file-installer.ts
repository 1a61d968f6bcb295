import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import pLimit from 'p-limit';
import { OutriggerError } from '../../../support/errors.ts';
import { reveal } from '../../../support/secret.ts';
import type { ExecRequest, ExecResult, HostFile } from '../../host.ts';
import { loadScript } from '../../load-script.ts';
import { commandFailed } from '../route/failures.ts';
import type { Link } from '../link/link.ts';
import { upload } from './upload.ts';

const INSTALL = new URL('../../scripts/install-file.sh', import.meta.url);

/** With the time that a transfer may take, and the other way after it. */
const INSTALL_TIMEOUT_MS = 90_000;

/** What the script makes: its name is random, and it lies in /run or in a directory for temporary files. */
const DIRECTORY = /^\/[\w./-]*\/outrigger\.\w{10}\/in$/;

/** Runs a script as root, and answers the first line that it prints with what it reads on stdin last. */
export type RunAnswering = (
  request: ExecRequest,
  answer: (line: string) => Promise<Uint8Array>,
) => Promise<ExecResult>;

/**
 * Puts files in place by a script that runs as root: it makes a private directory, waits for the content to come there by
 * SFTP, and removes the directory at its end. So nothing stays of a connection that is lost, and no content passes through
 * sudo, which may log what its commands read. Where SFTP does not work the script gets the content on stdin: it is switched
 * off, or disturbed by what the login shell prints, or sees other paths (ChrootDirectory), or the host allows one session.
 */
export class FileInstaller {
  readonly #link: Link;
  readonly #run: RunAnswering;
  /** One file at a time, and so one channel for SFTP; none stays open without a file to write. */
  readonly #oneByOne = pLimit(1);
  #hasSftp = true;

  constructor(link: Link, run: RunAnswering) {
    this.#link = link;
    this.#run = run;
  }

  install(file: HostFile): Promise<void> {
    return this.#oneByOne(() => this.#install(file));
  }

  async #install({ path, owner, group, mode, content, createParent }: HostFile): Promise<void> {
    const { peer } = this.#link;
    requireAbsolute(peer.name, path);
    const bytes = reveal(content);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const parent = createParent ?? { mode: '', owner: '', group: '' };
    const { code, stderr } = await this.#run(
      {
        script: loadScript(INSTALL),
        params: [path, owner, group, mode, digest, parent.mode, parent.owner, parent.group],
        timeoutMs: INSTALL_TIMEOUT_MS,
      },
      (directory) => this.#deliver(directory, bytes),
    );
    if (code !== 0) {
      const why = stderr.trim() === '' ? `exit code ${code}` : stderr;
      throw commandFailed(peer, `${path} was not written: ${why}`);
    }
  }

  /** Brings the content to the host; gives what the script then reads on stdin. */
  async #deliver(directory: string, content: Uint8Array): Promise<Uint8Array> {
    if (this.#hasSftp && DIRECTORY.test(directory)) {
      try {
        await upload(this.#link, directory, content);
        return Buffer.from('sftp\n');
      } catch {
        if (this.#link.ended.aborted) throw this.#link.ended.reason;
        this.#hasSftp = false;
      }
    }
    return Buffer.concat([Buffer.from('stdin\n'), content]);
  }
}

function requireAbsolute(host: string, path: string): void {
  if (posix.isAbsolute(path) && posix.normalize(path) === path && !path.endsWith('/')) return;
  throw new OutriggerError('INPUT_INVALID', `${path} is not the absolute path of a file`, { host });
}
