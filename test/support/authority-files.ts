/** An existing authority as files in a folder, as an inventory names them: all valid now. */
import { join } from 'node:path';
import type { AuthenticationSpec, X509Spec } from '../../src/inventory/spec.ts';
import { DAY_MS, issue, makeAuthority, type Issued } from './pki.ts';

export const VALID = {
  notBefore: new Date(Date.now() - DAY_MS),
  notAfter: new Date(Date.now() + 365 * DAY_MS),
};

/** Makes the authority, and a certificate and key of each node; `put` writes one of its files. */
export async function putAuthority(
  put: (name: string, text: string) => void,
  nodes: readonly string[],
): Promise<{ authority: Issued; issued: ReadonlyMap<string, Issued> }> {
  const authority = await makeAuthority(VALID);
  put('ca.pem', authority.pem);
  const issued = new Map<string, Issued>();
  for (const name of nodes) {
    const made = await issue({ ...VALID, name }, authority);
    issued.set(name, made);
    put(`${name}.pem`, made.pem);
    put(`${name}.key`, made.key);
  }
  return { authority, issued };
}

/** What an inventory says of these files. */
export const filesIn = (folder: string): X509Spec & { readonly kind: 'files' } => ({
  kind: 'files',
  ca: join(folder, 'ca.pem'),
  certificatePattern: join(folder, '{node}.pem'),
  keyPattern: join(folder, '{node}.key'),
  crl: undefined,
  warnBeforeMs: undefined,
  removesAuthkey: false,
});

/** The same for a cluster that uses them; the authkey shall go. */
export const authenticationIn = (folder: string): AuthenticationSpec => ({
  method: 'x509',
  x509: { ...filesIn(folder), removesAuthkey: true },
});
