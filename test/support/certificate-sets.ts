import { Secret } from '../../src/support/secret.ts';
import type { CertificateFinding } from '../../src/model/certificate-finding.ts';
import type { CertificateSet } from '../../src/credentials/x509/checks/certificate-set.ts';

/** The files of one node, as PEM. */
export interface Texts {
  readonly ca: string;
  readonly crl: string | undefined;
  readonly certificate: string;
  readonly key: string;
}

/** The set of one node, r1. */
export const setOf = ({ ca, crl, certificate, key }: Texts): CertificateSet => ({
  ca: { path: 'ca.pem', text: ca },
  crl: crl === undefined ? undefined : { path: 'crl.pem', text: crl },
  nodes: [
    {
      node: 'r1',
      certificate: { path: 'r1.pem', text: certificate },
      key: { path: 'r1.key', content: new Secret(Buffer.from(key)) },
    },
  ],
});

/** `severity path: message` of each finding. */
export const reported = (findings: readonly CertificateFinding[]): string[] =>
  findings.map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
