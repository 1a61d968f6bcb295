import { readLocalFile } from '../host/local-file.ts';
import { MOST_BYTES } from '../spec/files-named.ts';
import { fileOfNode, nodesOf, type X509Spec } from '../spec/spec.ts';
import type { Diagnostic } from '../support/diagnostic.ts';
import { Secret } from '../support/secret.ts';
import type { NodeFiles } from '../x509/certificate-set.ts';
import { checkSet } from '../x509/check-set.ts';
import { publicAuthorities } from './load-certificates.ts';
import type { LoadedInventory } from './load-document.ts';

/**
 * What is wrong with the certificate files that an inventory names, at the places where it names them. A file that cannot be
 * read is not judged: the inventory's own diagnostics tell of it.
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
  const names = [...resolved.clusterNodes, ...nodesOf(resolved)].map(({ name }) => name);
  const crl = x509.crl === undefined ? undefined : read(x509.crl, MOST_BYTES.crl);
  const { findings } = await checkSet(
    {
      ca: { path: x509.ca, text: textOf(ca) },
      crl: crl === undefined ? undefined : { path: x509.crl ?? '', text: textOf(crl) },
      nodes: x509.kind === 'files' ? names.flatMap((name) => filesOf(x509, name) ?? []) : [],
    },
    {
      ...{ now, publicAuthorities: publicAuthorities() },
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
  // An empty key is told of already.
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
