import {
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { secretFrom, type AskSecret } from '../host/secret-source.ts';
import type { AuthoritySpec } from '../spec/spec.ts';
import { OutriggerError } from '../support/errors.ts';
import { reveal, type Secret } from '../support/secret.ts';
import { authorityOf, listValidity, serialOf, validityOf } from '../x509/authority.ts';
import type { AuthorityWork } from '../x509/authority-work.ts';
import {
  signAuthority,
  signCertificate,
  signRevocationList,
  type Issuer,
} from '../x509/library.ts';
import {
  authorityPaths,
  makeFolders,
  readAuthority,
  readAuthorityKey,
  syncFolders,
  writeAuthorityFile,
} from './authority-directory.ts';

/** How the passphrase of an authority's key is asked for. */
export interface Asking {
  readonly ask: AskSecret;
  readonly signal: AbortSignal;
}

export interface MakeRequest {
  readonly authority: AuthoritySpec;
  readonly cluster: string;
  readonly work: AuthorityWork;
  readonly now: Date;
  readonly asking: Asking;
}

/**
 * Makes what an authority has still to make, and writes it to its directory: whatever could reach a host lies there
 * first. The passphrase is asked for once. A run that dies leaves whole files only, and the next one goes on.
 */
export async function makeCertificates(request: MakeRequest): Promise<void> {
  const { authority, cluster, work, now } = request;
  const paths = authorityPaths(authority.directory);
  makeFolders(authority.directory);
  const key = await authorityKey(request);
  if (work.makesAuthority) {
    const terms = { ...authorityOf(cluster, now), serial: newSerial(), key };
    writeAuthorityFile(paths.ca, await signAuthority(terms), { isNew: true });
  }
  const issuer = { certificate: readAuthority(authority.directory, []).ca ?? '', key };
  const until = new Date(checkPair(issuer).validTo);
  if (work.revoked !== undefined) {
    const terms = { ...listValidity(authority, until, now), revoked: work.revoked };
    writeAuthorityFile(paths.crl, await signRevocationList(terms, issuer));
  }
  for (const node of work.nodes) {
    const own = newKey();
    const serial = newSerial();
    const terms = { name: node, serial, key: own, ...validityOf(authority, until, now) };
    const certificate = await signCertificate(terms, issuer);
    writeAuthorityFile(paths.issuedAs(serial), certificate, { isNew: true });
    writeAuthorityFile(paths.key(node), own.export({ type: 'pkcs8', format: 'pem' }));
    writeAuthorityFile(paths.certificate(node), certificate);
  }
  syncFolders(authority.directory);
}

const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

const newSerial = (): string => serialOf(randomBytes(16));

/** As often as ssh asks for a passphrase (ssh_config(5), NumberOfPasswordPrompts). */
const MOST_TRIES = 3;

/** Opens the key of the authority, or makes it. */
async function authorityKey({ authority, cluster, asking }: MakeRequest): Promise<KeyObject> {
  const { directory, passphrase: source } = authority;
  const path = authorityPaths(directory).caKey;
  const question = (words: string): Promise<Secret> => secretFrom(source, words, asking);
  if (!readAuthority(directory, []).hasKey) {
    const passphrase = await question(`New passphrase for ${path}, the authority of ${cluster}:`);
    if (source.kind === 'prompt') checkSame(passphrase, await question('The same again:'));
    const key = newKey();
    writeAuthorityFile(path, encrypted(key, passphrase), { isNew: true });
    return key;
  }
  const pem = readAuthorityKey(directory);
  const tries = source.kind === 'prompt' ? MOST_TRIES : 1;
  for (let tried = 0; tried < tries; tried += 1) {
    const again = tried === 0 ? '' : 'That was not it. ';
    const key = opened(pem, await question(`${again}Passphrase of ${path}:`));
    if (key !== undefined) return key;
  }
  throw new OutriggerError('INPUT_INVALID', `the passphrase does not open ${path}`, {
    hint: 'nothing was signed and no host was touched',
  });
}

/** PBES2 with AES-256: what every openssl since 1.0 reads. */
function encrypted(key: KeyObject, passphrase: Secret): string {
  const bytes = Buffer.from(reveal(passphrase));
  if (bytes.length === 0)
    throw new OutriggerError('REFUSED', 'the passphrase of an authority cannot be empty');
  return String(
    key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: bytes }),
  );
}

function opened(pem: string, passphrase: Secret): KeyObject | undefined {
  if (!pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----'))
    throw wrongKey('is not encrypted (PKCS#8)');
  try {
    return createPrivateKey({ key: pem, passphrase: Buffer.from(reveal(passphrase)) });
  } catch {
    return undefined;
  }
}

function checkSame(one: Secret, other: Secret): void {
  if (Buffer.from(reveal(one)).equals(reveal(other))) return;
  throw new OutriggerError('REFUSED', 'the two passphrases differ: nothing was made');
}

/** A key of somebody else would issue what no daemon accepts. */
function checkPair({ certificate, key }: Issuer): X509Certificate {
  const read = new X509Certificate(certificate);
  if (!read.checkPrivateKey(key)) throw wrongKey('is not the key of ca.pem');
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw wrongKey('is no key that outrigger has made (ECDSA over P-256)');
  return read;
}

const wrongKey = (why: string): OutriggerError =>
  new OutriggerError('INPUT_INVALID', `the authority cannot be used: its ca.key ${why}`, {
    hint: 'nothing was signed and no host was touched',
  });
