import { randomBytes, type X509Certificate } from 'node:crypto';
import type { AuthoritySpec } from '../inventory/spec.ts';
import { authorityOf, listValidity, serialOf, validityOf } from '../credentials/x509/authority.ts';
import type { AuthorityWork, ListWork } from '../credentials/x509/authority-work.ts';
import {
  signAuthority,
  signCertificate,
  signRevocationList,
  type Issuer,
} from '../credentials/x509/library.ts';
import { caFrom, generationOf, type RolloverStep } from '../credentials/x509/rollover.ts';
import { certificatesIn } from '../credentials/x509/trust.ts';
import {
  authorityPaths,
  readAuthority,
  syncFolders,
  writeAuthorityFile,
  writeAuthorityKey,
} from './authority-directory.ts';
import { madeKey, newKey, textOf, wrongKey, type AuthorityKeys } from './authority-key.ts';

export interface MakeRequest {
  readonly authority: AuthoritySpec;
  readonly cluster: string;
  readonly work: AuthorityWork;
  readonly now: Date;
  readonly keys: AuthorityKeys;
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
    if (own === undefined) throw new Error('a CA without a key');
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
  forgetOldKeys(authority.directory, trusted, keys);
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
    const validity = listValidity(authority, issuer.until, now, work?.before);
    return signRevocationList({ ...validity, revoked }, issuer);
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
  // An interrupted run may have made it.
  const spare = keys.held.find(({ key }) => !trusted.some((one) => one.checkPrivateKey(key)));
  const successor = spare ?? madeKey(keys.passphrase);
  const held = spare === undefined ? [...keys.held, successor] : keys.held;
  writeAuthorityKey(authority.directory, textOf(held));
  const terms = { ...authorityOf(cluster, now, generation), serial: newSerial() };
  const certificate = await signAuthority({ ...terms, key: successor.key });
  writeAuthorityFile(paths.ca, ca + certificate);
  return { ...keys, held };
}

/** A key whose authority nobody trusts any more is of no use. */
function forgetOldKeys(
  directory: string,
  trusted: readonly X509Certificate[],
  { held }: AuthorityKeys,
): void {
  const used = held.filter(({ key }) => trusted.some((one) => one.checkPrivateKey(key)));
  if (used.length < held.length) writeAuthorityKey(directory, textOf(used));
}

const newSerial = (): string => serialOf(randomBytes(16));

/** A key of somebody else would issue what no daemon accepts. */
function issuerOf(certificate: X509Certificate, { held }: AuthorityKeys): OpenIssuer {
  const own = held.find(({ key }) => certificate.checkPrivateKey(key));
  if (own === undefined) throw wrongKey('is not the key of ca.pem');
  if (own.key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw wrongKey('is not a key created by outrigger (ECDSA over P-256)');
  return {
    certificate: certificate.toString(),
    key: own.key,
    until: new Date(certificate.validTo),
  };
}
