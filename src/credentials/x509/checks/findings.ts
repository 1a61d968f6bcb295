import type { X509Certificate } from 'node:crypto';
import type { CertificateFinding } from '../../../model/certificate-finding.ts';
import type { Extensions } from '../library.ts';

/** A certificate that could be read. */
export interface Read {
  readonly x509: X509Certificate;
  readonly der: Uint8Array;
  readonly extensions: Extensions;
}

/** Tells what is wrong with one file; `expiry`: a warning that something ends soon. */
export type Report = (severity: CertificateFinding['severity'] | 'expiry', message: string) => void;

export const reporter =
  (path: string, findings: CertificateFinding[]): Report =>
  (severity, message) => {
    findings.push(
      severity === 'expiry'
        ? { severity: 'warning', path, message, isExpiry: true }
        : { severity, path, message },
    );
  };
