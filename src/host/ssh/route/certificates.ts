import { existsSync } from 'node:fs';
import { printable } from '../../../support/text/printable.ts';
import type { KnownHost } from '../../known-hosts/known-hosts.ts';

// ssh2 1.17 has no host key algorithm of certificates, and writes the algorithm of the key as that of its signature, which sshd
// refuses for a certificate (PROTOCOL.certkeys of OpenSSH): neither kind can be had with it.
const UNSUPPORTED = 'outrigger does not support SSH certificates';

/** The certificates that ssh would find beside private keys (ssh_config(5), CertificateFile). */
export const certificatesBeside = (paths: readonly string[]): readonly string[] =>
  paths.map((path) => `${path}-cert.pub`).filter((path) => existsSync(path));

/** What to do where we are not let in, and ssh would have shown these certificates. */
export const withoutUserCertificate = (certificates: readonly string[], user: string): string =>
  `${UNSUPPORTED}, but ssh would offer one (${printable(certificates.join(', '))}): ` +
  `log in with a plain key, which must be in ~${printable(user)}/.ssh/authorized_keys on the host`;

/** What to do where a host would be believed by its certificate. */
export const withoutHostCertificate = ({ file, line }: KnownHost, trust: string): string =>
  `${UNSUPPORTED}, and ${file}:${line} (@cert-authority) trusts this host through a certificate: its plain key must be ` +
  `known too. Compare the fingerprint with that of the host, then record it: ${trust}`;

/** The authority that is trusted for a host, if there is one. */
export const authorityIn = (entries: readonly KnownHost[]): KnownHost | undefined =>
  entries.find(({ marker }) => marker === 'cert-authority');
