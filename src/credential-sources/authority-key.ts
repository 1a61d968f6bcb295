import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import type { FetchSecret } from '../host/secrets/secret-source.ts';
import type { AuthoritySpec } from '../inventory/spec.ts';
import { OutriggerError } from '../support/errors.ts';
import { reveal, type Secret } from '../support/secret.ts';
import { encryptKey, isHardToGuess, openKey } from '../credentials/x509/encrypted-key.ts';
import { passphraseWeakness } from '../credentials/x509/passphrase.ts';
import { pemBlocks } from '../credentials/x509/pem.ts';
import {
  authorityPaths,
  makeDirectories,
  readAuthority,
  readAuthorityKey,
  unusable,
  writeAuthorityFile,
  writeAuthorityKey,
} from './authority-directory.ts';

/** How the passphrase of an authority's key is asked for. */
export interface Asking {
  readonly fetchSecret: FetchSecret;
  readonly signal: AbortSignal;
  /** Tells what is waited for, and what is remarkable. */
  readonly report: (line: string) => void;
}

/** The keys of an authority, opened: its own, and while another takes its place that one's too. */
export interface AuthorityKeys {
  readonly passphrase: Secret;
  readonly held: readonly HeldKey[];
}

export interface HeldKey {
  readonly key: KeyObject;
  /** As it lies there, encrypted. */
  readonly pem: string;
}

export const newKey = (): KeyObject =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

/** A new key of an authority. Throws REFUSED where its passphrase is too easy to guess. */
export function madeKey(passphrase: Secret): HeldKey {
  const weakness = passphraseWeakness(reveal(passphrase));
  if (weakness !== undefined) throw tooWeak(weakness);
  return encrypted(newKey(), passphrase);
}

/** As often as ssh asks for a passphrase (ssh_config(5), NumberOfPasswordPrompts). */
const MOST_TRIES = 3;

type Means = Pick<Asking, 'fetchSecret' | 'report'>;

/** Opens the keys of the authority, or makes its first one. The passphrase is asked for once. */
export async function openAuthority(
  authority: AuthoritySpec,
  cluster: string,
  means: Means,
): Promise<AuthorityKeys> {
  const { directory } = authority;
  makeDirectories(directory);
  const { hasKey, ca } = readAuthority(directory, []);
  // It may have been there when the plan was made.
  if (!hasKey && ca !== undefined)
    throw unusable(authorityPaths(directory).caKey, 'it no longer exists');
  return hasKey ? openKeys(authority, means) : makeFirstKey(authority, cluster, means);
}

async function makeFirstKey(
  { directory, passphrase: source }: AuthoritySpec,
  cluster: string,
  { fetchSecret }: Means,
): Promise<AuthorityKeys> {
  const path = authorityPaths(directory).caKey;
  const ask = (question: string): Promise<Secret> => fetchSecret(source, { question });
  const tries = source.kind === 'prompt' ? MOST_TRIES : 1;
  let why = '';
  for (let tried = 0; tried < tries; tried += 1) {
    const again = why === '' ? '' : `Too easy to guess: ${why}. `;
    const passphrase = await ask(
      `${again}New passphrase for ${path}, the CA of cluster ${cluster}:`,
    );
    why = passphraseWeakness(reveal(passphrase)) ?? '';
    if (why !== '') continue;
    if (source.kind === 'prompt') checkSame(passphrase, await ask('Repeat the passphrase:'));
    const own = madeKey(passphrase);
    writeAuthorityFile(path, own.pem, { isNew: true });
    return { passphrase, held: [own] };
  }
  throw tooWeak(why);
}

async function openKeys(
  { directory, passphrase: source }: AuthoritySpec,
  { fetchSecret, report }: Means,
): Promise<AuthorityKeys> {
  const path = authorityPaths(directory).caKey;
  const pem = readAuthorityKey(directory);
  const tries = source.kind === 'prompt' ? MOST_TRIES : 1;
  for (let tried = 0; tried < tries; tried += 1) {
    const again = tried === 0 ? '' : 'Wrong passphrase. ';
    const passphrase = await fetchSecret(source, { question: `${again}Passphrase of ${path}:` });
    const held = opened(pem, passphrase);
    if (held === undefined) continue;
    const weakness = passphraseWeakness(reveal(passphrase));
    if (weakness !== undefined)
      report(`the passphrase of ${path} is easy to guess: ${weakness}; ${ANOTHER_PASSPHRASE}`);
    return hardened(directory, { passphrase, held }, report);
  }
  throw new OutriggerError('INPUT_INVALID', `wrong passphrase for ${path}`, {
    hint: 'nothing was signed and no host was changed; if the passphrase is lost, name a new directory under `authority`: all nodes then get certificates of a new CA at once (risk `ca-replaced`)',
  });
}

/**
 * Keys that are encrypted as they were before, or by somebody else, are encrypted anew. Where they lie in a place that
 * cannot be written to, they stay as they are: that keeps nobody from signing.
 */
function hardened(
  directory: string,
  keys: AuthorityKeys,
  report: (line: string) => void,
): AuthorityKeys {
  if (keys.held.every(({ pem }) => isHardToGuess(pem))) return keys;
  const { caKey: path } = authorityPaths(directory);
  const held = keys.held.map((one) =>
    isHardToGuess(one.pem) ? one : encrypted(one.key, keys.passphrase),
  );
  // Nothing takes the place of a key that could not be opened again.
  if (opened(textOf(held), keys.passphrase) === undefined)
    throw new Error('an encrypted key, and the passphrase is wrong');
  try {
    writeAuthorityKey(directory, textOf(held));
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    report(`${path} stays encrypted with the weaker key derivation: ${thrown.message}`);
    return keys;
  }
  report(`${path} was re-encrypted with a stronger key derivation: replace its copies`);
  return { ...keys, held };
}

export const textOf = (held: readonly HeldKey[]): string => held.map(({ pem }) => pem).join('');

function encrypted(key: KeyObject, passphrase: Secret): HeldKey {
  const chance = { salt: randomBytes(16), iv: randomBytes(16) };
  return { key, pem: encryptKey(key, reveal(passphrase), chance) };
}

function opened(text: string, passphrase: Secret): readonly HeldKey[] | undefined {
  const blocks = pemBlocks(text);
  const keys =
    'fault' in blocks ? [] : blocks.filter(({ label }) => label === 'ENCRYPTED PRIVATE KEY');
  if (keys.length === 0) throw wrongKey('is not encrypted (PKCS#8)');
  const held = keys.flatMap(({ text: pem }) => {
    const key = openKey(pem, reveal(passphrase));
    return key === undefined ? [] : [{ key, pem: `${pem}\n` }];
  });
  return held.length === keys.length ? held : undefined;
}

function checkSame(one: Secret, other: Secret): void {
  if (Buffer.from(reveal(one)).equals(reveal(other))) return;
  throw new OutriggerError('REFUSED', 'the two passphrases differ: nothing was created');
}

const ANOTHER_PASSPHRASE =
  'change it: `openssl pkcs8 -topk8 -in ca.key -out new.key`, then replace ca.key with the new file (mode 0600)';

const tooWeak = (why: string): OutriggerError =>
  new OutriggerError('REFUSED', `the passphrase is too easy to guess for the key of a CA: ${why}`, {
    hint: `anyone who obtains the file could sign as the CA; for an existing key, ${ANOTHER_PASSPHRASE}`,
  });

export const wrongKey = (why: string): OutriggerError =>
  new OutriggerError('INPUT_INVALID', `the CA cannot be used: its ca.key ${why}`, {
    hint: 'nothing was signed and no host was changed',
  });
