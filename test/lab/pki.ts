/** An authority on the control seat, as a company might have one. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY_MS, issue, makeAuthority, revoke, type Issued, type Made } from '../support/pki.ts';
import type { Lab } from './handle.ts';

const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS);
const validNow = { notBefore: inDays(-1), notAfter: inDays(365) };

/** A folder with `ca.pem`, `crl.pem` and the certificate and key of each node. */
export type Pki = {
  dir: string;
  authority: Issued;
  /** What an inventory says of it. */
  authentication: { method: 'x509'; x509: Record<string, unknown> };
};

/** Makes an authority that has issued a certificate for each of these. */
export async function makePki(
  lab: Lab,
  nodes: readonly string[],
  name = `${lab.name} authority`,
): Promise<Pki> {
  const dir = mkdtempSync(join(lab.dir, 'pki-'));
  const authority = await makeAuthority({ ...validNow, name });
  writeFileSync(join(dir, 'ca.pem'), authority.pem);
  const list = await revoke(authority, [], { from: inDays(-1), until: inDays(30) });
  writeFileSync(join(dir, 'crl.pem'), list);
  for (const node of nodes) await issueInto({ dir, authority }, node);
  return {
    dir,
    authority,
    authentication: {
      method: 'x509',
      x509: {
        ca: join(dir, 'ca.pem'),
        certificate: join(dir, '{node}.pem'),
        key: join(dir, '{node}.key'),
        crl: join(dir, 'crl.pem'),
        removeAuthkey: true,
      },
    },
  };
}

/** Issues a certificate for a node, which takes the place of the one that it may have. */
export async function issueInto(
  { dir, authority }: Pick<Pki, 'dir' | 'authority'>,
  node: string,
  made: Made = {},
): Promise<void> {
  const issued = await issue({ name: node, ...validNow, ...made }, authority);
  writeFileSync(join(dir, `${node}.pem`), issued.pem);
  writeFileSync(join(dir, `${node}.key`), issued.key, { mode: 0o600 });
}

/** No key of any host was ever written on this machine, be it for a moment: only the authority’s is there. */
export function assertNoKeyHere(lab: Lab): void {
  const files = readdirSync(lab.dir, { recursive: true, withFileTypes: true }).filter(
    (entry) =>
      entry.isFile() &&
      !entry.parentPath.startsWith(join(lab.dir, 'hosts')) &&
      !entry.parentPath.startsWith(lab.sshDir),
  );
  const keys = files
    .filter(({ parentPath, name }) =>
      readFileSync(join(parentPath, name)).includes('PRIVATE KEY-----'),
    )
    .map(({ name }) => name);
  assert.deepEqual(keys, ['authority.key']);
}
