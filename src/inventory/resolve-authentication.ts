import type { Sound } from '../support/yaml/sound.ts';
import { absolutePath, type PlaceBase } from './file-paths.ts';
import { periodMs } from '../support/values/period.ts';
import type { Inventory, X509 } from './schema-types.ts';
import { argvOf, secretSource } from './secret-source.ts';
import type { AuthenticationSpec, AuthoritySpec, X509RequestsSpec, X509Spec } from './spec.ts';

/** How long a certificate of outrigger's own authority is valid, and when it is made anew. */
export const DEFAULT_VALIDITY = '1y';
export const DEFAULT_RENEW_BEFORE = '30d';

/** How nodes prove who they are, as an inventory says it. */
export function authenticationSpec(
  authentication: Sound<Inventory>['authentication'],
  base: PlaceBase,
): AuthenticationSpec {
  const { method, authkey, x509 } = authentication ?? {};
  if (method !== 'x509' || x509 === undefined) {
    return {
      method: 'psk',
      isStated: method === 'psk' || authkey !== undefined,
      authkey: secretSource(authkey, base, '/authentication/authkey') ?? { kind: 'cluster' },
    };
  }
  return { method: 'x509', x509: x509Spec(x509, base) };
}

function x509Spec(
  x509: Sound<X509>,
  base: PlaceBase,
): Extract<AuthenticationSpec, { readonly method: 'x509' }>['x509'] {
  if (x509.authority !== undefined) return authoritySpec(x509, base);
  if (x509.sign !== undefined || x509.request !== undefined) return requestsSpec(x509, base);
  if (x509.onHosts === undefined) return filesSpec(x509, base);
  const { ca = '', certificate = '', key = '', crl } = x509.onHosts;
  return {
    kind: 'on-hosts',
    onHosts: { ca, certificate, key, crl },
    ...sharedByFiles(x509),
  };
}

function filesSpec(x509: Sound<X509>, base: PlaceBase): X509Spec {
  const path = (file: string | undefined): string => absolutePath(file ?? '', base);
  return {
    kind: 'files',
    ca: path(x509.ca),
    certificatePattern: path(x509.certificate),
    keyPattern: path(x509.key),
    crl: x509.crl === undefined ? undefined : path(x509.crl),
    ...sharedByFiles(x509),
  };
}

function requestsSpec(x509: Sound<X509>, base: PlaceBase): X509RequestsSpec {
  const path = (file: string | undefined): string => absolutePath(file ?? '', base);
  return {
    kind: 'requests',
    ca: path(x509.ca),
    certificatePattern: path(x509.certificate),
    crl: x509.crl === undefined ? undefined : path(x509.crl),
    signing:
      x509.sign === undefined
        ? { by: 'hand', requestPattern: path(x509.request) }
        : { by: 'program', argv: argvOf(x509.sign, base) },
    renewBeforeMs: periodMs(x509.renewBefore ?? DEFAULT_RENEW_BEFORE),
    removesAuthkey: x509.removeAuthkey ?? false,
  };
}

/** What is said of the certificates of an existing authority, wherever they are. */
const sharedByFiles = (x509: Sound<X509>) => ({
  warnBeforeMs: x509.warnBefore === undefined ? undefined : periodMs(x509.warnBefore),
  removesAuthkey: x509.removeAuthkey ?? false,
});

const authoritySpec = (x509: Sound<X509>, base: PlaceBase): AuthoritySpec => ({
  kind: 'authority',
  directory: absolutePath(x509.authority ?? '', base),
  passphrase: secretSource(x509.passphrase, base, '/authentication/x509/passphrase') ?? {
    kind: 'prompt',
  },
  validityMs: periodMs(x509.validity ?? DEFAULT_VALIDITY),
  renewBeforeMs: periodMs(x509.renewBefore ?? DEFAULT_RENEW_BEFORE),
  revoked: (x509.revoked ?? []).flatMap((entry) => entry ?? []),
  removesAuthkey: x509.removeAuthkey ?? false,
});
