import { createHash, createPublicKey } from 'node:crypto';
import type { OwnCertificateFacts, OwnFileFacts, Rights } from '../../src/model/facts.ts';
import type { Issued } from './pki.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const root = (mode: string): Rights => ({ owner: 'root', group: 'root', mode });

/** A file of a host that is in order: root's own, and hacluster can read it. */
export const ownFile = (path: string, more: Partial<OwnFileFacts> = {}): OwnFileFacts => ({
  path,
  state: 'file',
  realPath: path,
  rights: root('644'),
  modifiedAt: 1,
  bytes: 999,
  digest: sha256(path),
  pem: '',
  holdsKey: false,
  above: ['/', '/etc', '/etc/pki'].map((each) => ({
    ...root('755'),
    path: each,
    isPassable: true,
  })),
  isReadable: true,
  ...more,
});

/** What a host tells that has this certificate, and trusts this authority. */
export function ownCertificates(
  issued: Issued,
  authority: Issued,
  { crl, files = {}, ...more }: Partial<OwnCertificateFacts> & { readonly crl?: string } = {},
): OwnCertificateFacts {
  const publicHalf = createPublicKey(issued.key).export({ type: 'spki', format: 'pem' });
  const pem = (path: string, text: string): OwnFileFacts =>
    ownFile(path, { pem: text, digest: sha256(text) });
  return {
    files: {
      ca: pem('/etc/pki/ca.pem', authority.pem),
      certificate: pem('/etc/pki/host.pem', issued.pem),
      key: ownFile('/etc/pki/host.key', {
        digest: sha256(String(publicHalf)),
        rights: { ...root('640'), group: 'haclient' },
      }),
      ...(crl === undefined ? {} : { crl: pem('/etc/pki/crl.pem', crl) }),
      ...files,
    },
    key: { count: 1, isEncrypted: false },
    hasOpenssl: true,
    ...more,
  };
}
