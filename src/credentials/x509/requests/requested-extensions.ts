import { printable } from '../../../support/text/printable.ts';
import { requestedExtensions, type CertificateRequest, type RawExtension } from '../library.ts';

/** PKCS#9 (RFC 2985): 5.4.2, the one attribute of a request of ours. */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/** What a request could hold that is worth a name (RFC 5280, 4.2; RFC 2985; RFC 7633). */
const NAMES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.9.2': 'unstructuredName',
  '1.2.840.113549.1.9.7': 'challengePassword',
  [EXTENSION_REQUEST]: 'extensionRequest',
  '1.3.6.1.5.5.7.1.1': 'authorityInfoAccess',
  '1.3.6.1.5.5.7.1.24': 'tlsfeature',
  '2.16.840.1.113730.1.1': 'nsCertType',
  '2.5.29.14': 'subjectKeyIdentifier',
  '2.5.29.15': 'keyUsage',
  '2.5.29.17': 'subjectAltName',
  '2.5.29.19': 'basicConstraints',
  '2.5.29.30': 'nameConstraints',
  '2.5.29.31': 'crlDistributionPoints',
  '2.5.29.32': 'certificatePolicies',
  '2.5.29.35': 'authorityKeyIdentifier',
  '2.5.29.37': 'extendedKeyUsage',
};

const nameOf = (type: string): string => NAMES[type] ?? printable(type);

/**
 * What a request asks for besides what `make-request.sh` asks for; undefined: nothing. Whoever signs may copy all of it into
 * the certificate (openssl-ca(1), copy_extensions), so that a host could make itself an authority.
 */
export function extensionProblem(
  { extensions, attributes }: Pick<CertificateRequest, 'extensions' | 'attributes'>,
  node: string,
): string | undefined {
  const foreign = attributes.find((type) => type !== EXTENSION_REQUEST);
  if (foreign !== undefined)
    return `it has the attribute ${nameOf(foreign)}, which no CSR of outrigger requests`;
  if (attributes.length > 1) return 'it has more than one extensionRequest';
  const ours = requestedExtensions(node);
  for (const extension of extensions) {
    const fault = faultOf(extension, extensions, ours);
    if (fault !== undefined) return fault;
  }
  const missing = ours.find(({ type }) => !extensions.some((found) => found.type === type));
  return missing && `it does not request ${nameOf(missing.type)}, as every CSR of outrigger does`;
}

function faultOf(
  extension: RawExtension,
  all: readonly RawExtension[],
  ours: readonly RawExtension[],
): string | undefined {
  const { type, critical, value } = extension;
  const name = nameOf(type);
  const own = ours.find((one) => one.type === type);
  if (own === undefined) {
    const how = critical ? 'the critical extension ' : '';
    return `it requests ${how}${name}, which no CSR of outrigger requests`;
  }
  if (all.some((one) => one !== extension && one.type === type))
    return `it requests ${name} more than once`;
  return own.value === value && own.critical === critical
    ? undefined
    : `it requests a different ${name} than a CSR of outrigger`;
}
