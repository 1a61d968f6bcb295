import { messageOf, OutriggerError } from '../../../support/errors.ts';
import type { AskSecret } from '../../secrets/secret-source.ts';
import { readKeyFile, unlock, type EncryptedKey, type KeyFile } from './key-file.ts';

/** As often as ssh asks for a passphrase (ssh_config(5), NumberOfPasswordPrompts). */
const MOST_TRIES = 3;

/** The private keys of a run: a fleet shares them, so that each is read, and asked for, once. */
export class Keyring {
  readonly #ask: AskSecret;
  readonly #files = new Map<string, KeyFile>();
  readonly #opened = new Map<string, Promise<KeyFile>>();
  /** One question at a time. */
  #questions: Promise<unknown> = Promise.resolve();

  constructor(ask: AskSecret) {
    this.#ask = ask;
  }

  /** The key in a file, as it lies there. */
  look(path: string): KeyFile {
    const known = this.#files.get(path) ?? readKeyFile(path);
    this.#files.set(path, known);
    return known;
  }

  /** The same, with its passphrase asked for. Rejects with AUTHENTICATION_FAILED where it stays closed. */
  open(file: EncryptedKey): Promise<KeyFile> {
    const known = this.#opened.get(file.path) ?? this.#askInTurn(file);
    this.#opened.set(file.path, known);
    return known;
  }

  #askInTurn(file: EncryptedKey): Promise<KeyFile> {
    const answer = this.#questions.then(() => this.#askFor(file));
    this.#questions = answer.catch(() => undefined);
    return answer;
  }

  async #askFor(file: EncryptedKey): Promise<KeyFile> {
    const { path } = file;
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const again = tries === 0 ? '' : 'Wrong passphrase. ';
      const passphrase = await this.#ask(`${again}Passphrase of ${path}:`).catch((why: unknown) => {
        throw closed(path, why);
      });
      const key = unlock(file, passphrase);
      if (key !== undefined) return { kind: 'key', path, key };
    }
    throw closed(path, new Error(`${MOST_TRIES} wrong passphrases`));
  }
}

function closed(path: string, why: unknown): Error {
  if (why instanceof OutriggerError && why.code === 'INTERRUPTED') return why;
  return new OutriggerError(
    'AUTHENTICATION_FAILED',
    `the identity file ${path} is protected by a passphrase: ${messageOf(why)}`,
    {
      hint: `load it into ssh-agent (ssh-add ${path}), or use a key without a passphrase`,
      cause: why,
    },
  );
}
