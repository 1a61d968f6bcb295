import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import pLimit from 'p-limit';
import type SftpClient from 'ssh2-sftp-client';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import { reveal } from '../../support/secret.ts';
import type { Host, HostFile } from '../host.ts';
import { loadScript } from '../load-script.ts';
import { commandFailed } from './failures.ts';
import { bounded, type Link } from './link.ts';
import { openSftp, type SftpSession } from './sftp.ts';

const INSTALL = new URL('../scripts/install-file.sh', import.meta.url);

/** In the SSH user's home, and open to nobody else. Fixed names: a run that was cut short leaves nothing that stays. */
const STAGE = '.outrigger-stage';
const STAGED = 'file';

const STAGE_TIMEOUT_MS = 60_000;
const INSTALL_TIMEOUT_MS = 60_000;

/** Where a file waits to be put in place; `-`: it comes on stdin. */
type Staged = string;
const ON_STDIN: Staged = '-';

/**
 * Puts files in place: SFTP into a private directory of the SSH user, from there a script as root. Where SFTP does not
 * work (switched off, or disturbed by what the login shell prints) the script gets the content on stdin.
 */
export class FileInstaller {
  readonly #link: Link;
  readonly #exec: Host['exec'];
  /** One file at a time: they share the staging directory. */
  readonly #oneByOne = pLimit(1);
  #hasSftp = true;

  constructor(link: Link, exec: Host['exec']) {
    this.#link = link;
    this.#exec = exec;
  }

  install(file: HostFile): Promise<void> {
    return this.#oneByOne(() => this.#install(file));
  }

  async #install(file: HostFile): Promise<void> {
    requireAbsolute(this.#link.peer.name, file.path);
    const staged = await this.#stage(file);
    try {
      await this.#putInPlace(file, staged);
    } catch (error) {
      // The script removes what was staged; where it did not run, this does, as well as the connection still allows.
      if (staged !== ON_STDIN) await this.#removeStaged(file).catch(() => undefined);
      throw error;
    }
  }

  /** No SFTP stays open while the script runs: the host may allow a single session. */
  async #stage(file: HostFile): Promise<Staged> {
    const session = this.#hasSftp ? await this.#openSftp(file) : undefined;
    if (session === undefined) return ON_STDIN;
    const { sftp } = session;
    try {
      const stage = await this.#staging(file, stageOf(sftp));
      try {
        await this.#staging(file, putStaged(sftp, stage, reveal(file.content)));
      } catch (error) {
        await this.#staging(file, removeStaged(sftp, stage)).catch(() => undefined);
        throw error;
      }
      return posix.join(stage, STAGED);
    } finally {
      session.close();
    }
  }

  /** Undefined: the host has no SFTP, now and for the rest of the run. */
  #openSftp(file: HostFile): Promise<SftpSession | undefined> {
    const opening = openSftp(this.#link).catch((): undefined => {
      this.#hasSftp = false;
    });
    return this.#staging(file, opening);
  }

  async #removeStaged(file: HostFile): Promise<void> {
    const session = await this.#openSftp(file);
    if (session === undefined) return;
    const stage = await this.#staging(file, stageOf(session.sftp));
    await this.#staging(file, removeStaged(session.sftp, stage)).finally(() => {
      session.close();
    });
  }

  /** Every failure of SFTP becomes an OutriggerError; none of them holds a byte of the content. */
  #staging<T>({ path }: HostFile, work: Promise<T>): Promise<T> {
    const what = `staging ${path} by SFTP`;
    return bounded(this.#link, { what, timeoutMs: STAGE_TIMEOUT_MS }, work).catch(
      (error: unknown) => {
        if (this.#link.ended.aborted) throw this.#link.ended.reason;
        if (error instanceof OutriggerError) throw error;
        throw commandFailed(this.#link.peer, `${what} failed: ${messageOf(error)}`);
      },
    );
  }

  async #putInPlace(file: HostFile, staged: Staged): Promise<void> {
    const { path, owner, group, mode, content, createParent } = file;
    const digest = createHash('sha256').update(reveal(content)).digest('hex');
    const parent = createParent ?? { mode: '', owner: '', group: '' };
    const { code, stderr } = await this.#exec({
      script: loadScript(INSTALL),
      params: [
        ...[staged, path, owner, group, mode, digest],
        ...[parent.mode, parent.owner, parent.group],
      ],
      ...(staged === ON_STDIN ? { input: content } : {}),
      timeoutMs: INSTALL_TIMEOUT_MS,
    });
    if (code !== 0) {
      const why = stderr.trim() === '' ? `exit code ${code}` : stderr;
      throw commandFailed(this.#link.peer, `${path} is not written: ${why}`);
    }
  }
}

/** The absolute path of the staging directory: under sudo, `$HOME` would be root's. */
const stageOf = async (sftp: SftpClient): Promise<string> =>
  posix.join(await sftp.realPath('.'), STAGE);

/** Only the owner of a directory, or root, can change its mode: the chmod also proves whose the directory is. */
async function putStaged(sftp: SftpClient, stage: string, content: Uint8Array): Promise<void> {
  const found = await sftp.exists(stage);
  if (found === false) await sftp.mkdir(stage);
  else if (found !== 'd') throw new Error(`${stage} is not a directory`);
  await sftp.chmod(stage, 0o700);
  const staged = posix.join(stage, STAGED);
  await sftp.delete(staged, true);
  await sftp.put(Buffer.from(content), staged, {
    writeStreamOptions: { flags: 'wx' as 'w', mode: 0o600 },
  });
  // A write that fails half-way (no space left) closes the stream without an error, and put() resolves.
  const { size } = await sftp.stat(staged);
  if (size !== content.length) {
    throw new Error(`only ${size} of ${content.length} bytes fit: is the disk of ${stage} full?`);
  }
}

async function removeStaged(sftp: SftpClient, stage: string): Promise<void> {
  if ((await sftp.exists(stage)) !== 'd') return;
  await sftp.delete(posix.join(stage, STAGED), true);
  await sftp.rmdir(stage);
}

function requireAbsolute(host: string, path: string): void {
  if (posix.isAbsolute(path) && posix.normalize(path) === path && !path.endsWith('/')) return;
  throw new OutriggerError('INPUT_INVALID', `${path} is not the absolute path of a file`, { host });
}
