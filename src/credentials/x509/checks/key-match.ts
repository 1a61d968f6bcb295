import { createHash, createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import type { ReportedKey } from '../../../model/facts.ts';
import { reveal } from '../../../support/secret.ts';
import type { NodeFiles } from './certificate-set.ts';
import { pemBlocks } from '../pem.ts';

/** Tells whether a private key is that of a certificate. */
type KeyMatch = (x509: X509Certificate) => boolean;

type Complain = (message: string) => void;

/** How to tell whether a private key is that of a certificate; undefined: it is unusable, as already reported. */
export function keyMatch(key: NodeFiles['key'], complain: Complain): KeyMatch | undefined {
  if ('reported' in key) return matchByDigest(key.reported, complain);
  const blocks = pemBlocks(Buffer.from(reveal(key.content)).toString('latin1'));
  if ('fault' in blocks) {
    complain(blocks.fault);
    return undefined;
  }
  const keys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const [first] = keys;
  const isEncrypted = first?.isEncrypted === true;
  if (!isOneUsable({ count: keys.length, isEncrypted }, complain) || first === undefined)
    return undefined;
  try {
    const privateKey = createPrivateKey(first.text);
    return (x509) => x509.checkPrivateKey(privateKey);
  } catch {
    complain(UNREADABLE);
    return undefined;
  }
}

const UNREADABLE = 'its private key cannot be parsed';

function isOneUsable(
  { count, isEncrypted }: Omit<ReportedKey, 'publicDigest'>,
  complain: Complain,
) {
  if (count === 0) complain('it contains no private key');
  else if (count > 1) complain('it contains more than one private key');
  else if (isEncrypted) complain('its key is encrypted: Pacemaker reads unencrypted keys only');
  return count === 1 && !isEncrypted;
}

function matchByDigest(reported: ReportedKey, complain: Complain): KeyMatch | undefined {
  if (!isOneUsable(reported, complain)) return undefined;
  if (reported.publicDigest === '') {
    complain(UNREADABLE);
    return undefined;
  }
  return ({ publicKey }) => reported.publicDigest === digestOfPublic(publicKey);
}

/** By this a host identifies its key: SHA-256 of the public half in PEM form, hexadecimal. */
export const digestOfPublic = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'pem' }))
    .digest('hex');
