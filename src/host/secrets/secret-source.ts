import { MOST_BYTES } from '../../inventory/files-named.ts';
import type { SecretPlace, SecretSource } from '../../inventory/spec.ts';
import { openAnsibleVault } from '../../support/ansible-vault.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import { reveal, Secret } from '../../support/secret.ts';
import { openWithIdentities, openWithPassphrase } from './age-file.ts';
import { askProgram, firstLine } from './askpass.ts';
import { openLocalFile, readLocalFile } from '../files/local-file.ts';
import { readWithSops, runForSecret } from './secret-program.ts';

/** Asks a person, or a program in their place, for a secret. Rejects with an OutriggerError where nobody answers. */
export type AskSecret = (question: string) => Promise<Secret>;

/** Returns the secret of a source: its first line, or all its bytes. Rejects with an OutriggerError. */
export type FetchSecret = (
  source: SecretSource,
  desired: { readonly question: string; readonly isWhole?: boolean },
) => Promise<Secret>;

/** What it takes to fetch secrets. */
export interface SecretMeans {
  readonly ask: AskSecret;
  readonly signal: AbortSignal;
  /** Tells what is waited for. */
  readonly report: (line: string) => void;
}

/** Tells sources apart: the same place is the same secret, wherever the inventory names it. */
export const sameSource = (source: SecretSource): string =>
  JSON.stringify(source, (key, value: unknown) => (key === 'at' ? undefined : value));

/** Whether a person may have to answer before a source gives its secret. */
export function asksPerson(source: SecretSource): boolean {
  if (source.kind === 'age')
    return 'passphrase' in source.opener && asksPerson(source.opener.passphrase);
  if (source.kind === 'ansible-vault') return asksPerson(source.password);
  return source.kind === 'prompt' || source.kind === 'askpass';
}

/** Fetches the secrets of a run: each when it is first wanted, and once. A person may be asked again after a mistake. */
export function secretFetcher(means: SecretMeans): FetchSecret {
  const fetched = new Map<string, Promise<Buffer>>();
  const contentOf = (place: SecretPlace, question: string): Promise<Buffer> => {
    const isPrompt = place.kind === 'askpass';
    const key = JSON.stringify([sameSource(place), isPrompt ? question : '']);
    const known = fetched.get(key) ?? fetch(place, question);
    fetched.set(key, known);
    return known;
  };
  const fetch = async (place: SecretPlace, question: string): Promise<Buffer> => {
    try {
      return await read(place, { ...means, question, opener: textOf });
    } catch (thrown) {
      throw notFetched(place, thrown);
    }
  };
  const secretOf: FetchSecret = async (source, { question, isWhole = false }) => {
    if (source.kind === 'prompt') return means.ask(question);
    const content = await contentOf(source, question);
    const bytes = isWhole ? content : firstLine(content);
    if (bytes.length > 0) return new Secret(bytes);
    const nothing = isWhole ? 'it is empty' : 'its first line is empty';
    throw notFetched(source, new Error(nothing));
  };
  const textOf = async (source: SecretSource, question: string): Promise<string> =>
    Buffer.from(reveal(await secretOf(source, { question }))).toString();
  return secretOf;
}

interface Reading extends SecretMeans {
  readonly question: string;
  /** What opens another secret. */
  readonly opener: (source: SecretSource, question: string) => Promise<string>;
}

async function read(place: SecretPlace, means: Reading): Promise<Buffer> {
  const { question, opener, signal } = means;
  switch (place.kind) {
    case 'file':
      return readPrivately(place.path);
    case 'askpass':
      return Buffer.from(reveal(await askProgram(place.argv, question, signal)));
    case 'command':
      return runForSecret(place.argv, means);
    case 'sops':
      return readWithSops(place.path, place.extract, means);
    case 'age': {
      const file = readLocalFile(place.path, MOST_BYTES.encrypted);
      if ('identities' in place.opener) {
        const identities = readPrivately(place.opener.identities, 'the identity file');
        return openWithIdentities(file, identities.toString());
      }
      const passphrase = await opener(place.opener.passphrase, `Passphrase of ${place.path}:`);
      return openWithPassphrase(file, passphrase);
    }
    case 'ansible-vault': {
      const file = readLocalFile(place.path, MOST_BYTES.encrypted);
      const password = await opener(place.password, `Vault password of ${place.path}:`);
      // As ansible-vault does with what it reads.
      const opened = openAnsibleVault(file.toString('latin1'), Buffer.from(password.trim()));
      if ('fault' in opened) throw new Error(opened.fault);
      return opened.content;
    }
  }
}

/** A file that only its owner can read. */
function readPrivately(path: string, called = 'it'): Buffer {
  const { mode, content } = openLocalFile(path, MOST_BYTES.opener);
  if ((mode & 0o077) !== 0) throw new Error(`other users can read ${called}`);
  return content;
}

function notFetched(place: SecretPlace, thrown: unknown): Error {
  // What opens this one may have told its own failure.
  if (thrown instanceof OutriggerError && thrown.code !== 'REFUSED') return thrown;
  const at = place.at === undefined ? '' : ` (${place.at})`;
  return new OutriggerError(
    'INPUT_INVALID',
    place.kind === 'askpass'
      ? `${messageOf(thrown)}${at}`
      : `cannot read a secret from ${nameOf(place)}${at}: ${messageOf(thrown)}`,
    { hint: HINTS[place.kind] },
  );
}

function nameOf(place: SecretPlace): string {
  switch (place.kind) {
    case 'command':
    case 'askpass':
      return `the program ${place.argv[0] ?? ''}`;
    case 'age':
      return `the age file ${place.path}`;
    case 'ansible-vault':
      return `the vault ${place.path}`;
    case 'sops':
      return `the sops file ${place.path}`;
    case 'file':
      return place.path;
  }
}

const HINTS: Readonly<Record<SecretPlace['kind'], string>> = {
  file: 'it must not be empty, and only its owner may have read permission: chmod 600',
  command: 'run it manually without a terminal: it must print the secret and nothing else',
  askpass: 'run it manually: the first line of its output must be the secret',
  age: '`age --decrypt --identity FILE` must decrypt it with an identity of age-keygen that only its owner can read (chmod 600); for SSH keys and plugins use `command: [age, --decrypt, ...]`',
  'ansible-vault': '`ansible-vault view` must decrypt it with that password',
  sops: '`sops --decrypt` must decrypt it on this machine without a terminal',
};
