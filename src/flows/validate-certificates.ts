import { readLocalFile } from '../host/files/local-file.ts';
import { MOST_BYTES } from '../inventory/files-named.ts';
import { fileOfNode, withManagedHosts, type X509Spec } from '../inventory/spec.ts';
import type { Diagnostic } from '../support/yaml/diagnostic.ts';
import { Secret } from '../support/secret.ts';
import type { NodeFiles } from '../credentials/x509/checks/certificate-set.ts';
import { checkSet } from '../credentials/x509/checks/check-set.ts';
import { publicAuthorities } from '../credential-sources/load-certificates.ts';
import type { LoadedInventory } from './load-document.ts';

/**
 * What is wrong with the certificate files that an inventory names, at the places where it names them. A file that cannot be
 * read is not judged: the inventory's own diagnostics report it.
 */
export async function diagnoseCertificates(
  { resolved, diagnoseCertificateFindings }: LoadedInventory,
  now: Date,
): Promise<Diagnostic[]> {
  if (resolved?.authentication.method !== 'x509') return [];
  const { x509 } = resolved.authentication;
  if (x509.kind !== 'files' && x509.kind !== 'requests') return [];
  const ca = read(x509.ca, MOST_BYTES.ca);
  if (ca === undefined) return [];
  const names = [...resolved.clusterNodes, ...withManagedHosts(resolved)].map(({ name }) => name);
  const crl = x509.crl === undefined ? undefined : read(x509.crl, MOST_BYTES.crl);
  const { findings } = await checkSet(
    {
      ca: { path: x509.ca, text: textOf(ca) },
      crl: crl === undefined ? undefined : { path: x509.crl ?? '', text: textOf(crl) },
      nodes: x509.kind === 'files' ? names.flatMap((name) => filesOf(x509, name) ?? []) : [],
    },
    {
      now,
      publicAuthorities: publicAuthorities(),
      warnBeforeMs: x509.kind === 'files' ? x509.warnBeforeMs : x509.renewBeforeMs,
    },
  );
  return diagnoseCertificateFindings(findings);
}

function filesOf(
  { certificatePattern, keyPattern }: X509Spec,
  node: string,
): NodeFiles | undefined {
  const certificate = { path: fileOfNode(certificatePattern, node) };
  const key = { path: fileOfNode(keyPattern, node) };
  const text = read(certificate.path, MOST_BYTES.certificate);
  const content = read(key.path, MOST_BYTES['certificate-key']);
  // An empty key is reported already.
  if (text === undefined || content === undefined || content.length === 0) return undefined;
  return {
    node,
    certificate: { ...certificate, text: textOf(text) },
    key: { ...key, content: new Secret(content) },
  };
}

const textOf = (bytes: Buffer): string => bytes.toString('latin1');

function read(path: string, most: number): Buffer | undefined {
  try {
    return readLocalFile(path, most);
  } catch {
    return undefined;
  }
}
