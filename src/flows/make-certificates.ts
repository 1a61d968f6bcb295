import {
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  type KeyObject,
  type X509Certificate,
} from 'node:crypto';
import type { FetchSecret } from '../host/secret-source.ts';
import type { AuthoritySpec } from '../spec/spec.ts';
import { OutriggerError } from '../support/errors.ts';
import { reveal, type Secret } from '../support/secret.ts';
import { authorityOf, listValidity, serialOf, validityOf } from '../x509/authority.ts';
import type { AuthorityWork, ListWork } from '../x509/authority-work.ts';
import {
  signAuthority,
  signCertificate,
  signRevocationList,
  type Issuer,
} from '../x509/library.ts';
import { pemBlocks } from '../x509/pem.ts';
import { caFrom, generationOf, type RolloverStep } from '../x509/rollover.ts';
import { certificatesIn } from '../x509/trust.ts';
import {
  authorityPaths,
  makeFolders,
  readAuthority,
  readAuthorityKey,
  syncFolders,
  unusable,
  writeAuthorityFile,
} from './authority-directory.ts';

/** How the passphrase of an authority's key is asked for. */
export interface Asking {
  readonly fetchSecret: FetchSecret;
  readonly signal: AbortSignal;
}

export interface MakeRequest {
  readonly authority: AuthoritySpec;
  readonly cluster: string;
  readonly work: AuthorityWork;
  readonly now: Date;
  readonly keys: AuthorityKeys;
}

/** The keys of an authority, opened: its own, and while another takes its place that one's too. */
export interface AuthorityKeys {
  readonly passphrase: Secret;
  readonly held: readonly HeldKey[];
}

interface HeldKey {
  readonly key: KeyObject;
  /** As it lies there, encrypted. */
  readonly pem: string;
}

/**
 * Makes what an authority has still to make, and writes it to its directory: whatever could reach a host lies there
 * first. A run that dies leaves whole files only, and the next one goes on.
 */
export async function makeCertificates(request: MakeRequest): Promise<void> {
  const { authority, cluster, work, now, keys } = request;
  const paths = authorityPaths(authority.directory);
  if (readAuthority(authority.directory, []).cluster === undefined)
    writeAuthorityFile(paths.cluster, `${cluster}\n`);
  if (work.makesAuthority) {
    const [own] = keys.held;
    if (own === undefined) throw new Error('an authority without a key');
    const terms = { ...authorityOf(cluster, now), serial: newSerial(), key: own.key };
    writeAuthorityFile(paths.ca, await signAuthority(terms), { isNew: true });
  }
  const trusted = certificatesIn(readAuthority(authority.directory, []).ca ?? '');
  const issuers = trusted.map((certificate) => issuerOf(certificate, keys));
  const [issuer] = issuers;
  if (issuer === undefined) throw wrongKey('has no certificate');
  if (work.lists !== undefined)
    writeAuthorityFile(paths.crl, await listsOf(authority, work.lists, issuers, now));
  for (const node of work.nodes) {
    const own = newKey();
    const serial = newSerial();
    const terms = { name: node, serial, key: own, ...validityOf(authority, issuer.until, now) };
    const certificate = await signCertificate(terms, issuer);
    writeAuthorityFile(paths.issuedAs(serial), certificate, { isNew: true });
    writeAuthorityFile(paths.key(node), own.export({ type: 'pkcs8', format: 'pem' }));
    writeAuthorityFile(paths.certificate(node), certificate);
  }
  forgetOldKeys(paths.caKey, trusted, keys);
  syncFolders(authority.directory);
}

/** An authority of `ca.pem` that can sign. */
interface OpenIssuer extends Issuer {
  readonly until: Date;
}

async function listsOf(
  authority: AuthoritySpec,
  lists: readonly ListWork[],
  issuers: readonly OpenIssuer[],
  now: Date,
): Promise<string> {
  const texts = issuers.map(async (issuer) => {
    const work = lists.find((list) => list.authority.toString() === issuer.certificate);
    if (work?.stays !== undefined) return work.stays;
    const { revoked = new Map<string, Date>() } = work ?? {};
    return signRevocationList({ ...listValidity(authority, issuer.until, now), revoked }, issuer);
  });
  return (await Promise.all(texts)).join('');
}

/**
 * Begins a step of a rollover. `ca.pem` alone says which one nodes are taking: it changes at once, and after a run that
 * died the next one makes whatever the step needs besides.
 */
export async function beginStep(
  { authority, cluster, now, keys }: Omit<MakeRequest, 'work'>,
  step: RolloverStep,
): Promise<AuthorityKeys> {
  const paths = authorityPaths(authority.directory);
  const { ca = '' } = readAuthority(authority.directory, []);
  const next = step === 'begin' ? ca : caFrom(step, ca);
  const trusted = certificatesIn(next);
  trusted.forEach((one) => issuerOf(one, keys));
  if (step !== 'begin') {
    writeAuthorityFile(paths.ca, next);
    return keys;
  }
  const generation = 1 + Math.max(...trusted.map(generationOf));
  // A run that died may have made it.
  const spare = keys.held.find(({ key }) => !trusted.some((one) => one.checkPrivateKey(key)));
  const successor = spare ?? madeKey(keys.passphrase);
  const held = spare === undefined ? [...keys.held, successor] : keys.held;
  writeAuthorityFile(paths.caKey, held.map(({ pem }) => pem).join(''));
  const terms = { ...authorityOf(cluster, now, generation), serial: newSerial() };
  const certificate = await signAuthority({ ...terms, key: successor.key });
  writeAuthorityFile(paths.ca, ca + certificate);
  return { ...keys, held };
}

/** A key whose authority nobody trusts any more is of no use. */
function forgetOldKeys(
  path: string,
  trusted: readonly X509Certificate[],
  { held }: AuthorityKeys,
): void {
  const used = held.filter(({ key }) => trusted.some((one) => one.checkPrivateKey(key)));
  if (used.length < held.length) writeAuthorityFile(path, used.map(({ pem }) => pem).join(''));
}

const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

function madeKey(passphrase: Secret): HeldKey {
  const key = newKey();
  return { key, pem: encrypted(key, passphrase) };
}

const newSerial = (): string => serialOf(randomBytes(16));

/** As often as ssh asks for a passphrase (ssh_config(5), NumberOfPasswordPrompts). */
const MOST_TRIES = 3;

/** Opens the keys of the authority, or makes its first one. The passphrase is asked for once. */
export async function openAuthority(
  { directory, passphrase: source }: AuthoritySpec,
  cluster: string,
  { fetchSecret }: Pick<Asking, 'fetchSecret'>,
): Promise<AuthorityKeys> {
  makeFolders(directory);
  const path = authorityPaths(directory).caKey;
  const ask = (question: string): Promise<Secret> => fetchSecret(source, { question });
  const { hasKey, ca } = readAuthority(directory, []);
  // It may have been there when the plan was made.
  if (!hasKey && ca !== undefined) throw unusable(path, 'it is not there any more');
  if (!hasKey) {
    const passphrase = await ask(`New passphrase for ${path}, the authority of ${cluster}:`);
    if (source.kind === 'prompt') checkSame(passphrase, await ask('The same again:'));
    const own = madeKey(passphrase);
    writeAuthorityFile(path, own.pem, { isNew: true });
    return { passphrase, held: [own] };
  }
  const pem = readAuthorityKey(directory);
  const tries = source.kind === 'prompt' ? MOST_TRIES : 1;
  for (let tried = 0; tried < tries; tried += 1) {
    const again = tried === 0 ? '' : 'That was not it. ';
    const passphrase = await ask(`${again}Passphrase of ${path}:`);
    const held = opened(pem, passphrase);
    if (held !== undefined) return { passphrase, held };
  }
  throw new OutriggerError('INPUT_INVALID', `the passphrase does not open ${path}`, {
    hint: 'nothing was signed and no host was touched; where the passphrase is lost, name a new directory under `authority`: all nodes get certificates of a new authority at once (risk `authority-replaced`)',
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

function opened(text: string, passphrase: Secret): readonly HeldKey[] | undefined {
  const blocks = pemBlocks(text);
  const keys =
    'fault' in blocks ? [] : blocks.filter(({ label }) => label === 'ENCRYPTED PRIVATE KEY');
  if (keys.length === 0) throw wrongKey('is not encrypted (PKCS#8)');
  try {
    return keys.map(({ text: pem }) => ({
      key: createPrivateKey({ key: pem, passphrase: Buffer.from(reveal(passphrase)) }),
      pem: `${pem}\n`,
    }));
  } catch {
    return undefined;
  }
}

function checkSame(one: Secret, other: Secret): void {
  if (Buffer.from(reveal(one)).equals(reveal(other))) return;
  throw new OutriggerError('REFUSED', 'the two passphrases differ: nothing was made');
}

/** A key of somebody else would issue what no daemon accepts. */
function issuerOf(certificate: X509Certificate, { held }: AuthorityKeys): OpenIssuer {
  const own = held.find(({ key }) => certificate.checkPrivateKey(key));
  if (own === undefined) throw wrongKey('is not the key of ca.pem');
  if (own.key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw wrongKey('is no key that outrigger has made (ECDSA over P-256)');
  return {
    certificate: certificate.toString(),
    key: own.key,
    until: new Date(certificate.validTo),
  };
}

const wrongKey = (why: string): OutriggerError =>
  new OutriggerError('INPUT_INVALID', `the authority cannot be used: its ca.key ${why}`, {
    hint: 'nothing was signed and no host was touched',
  });
