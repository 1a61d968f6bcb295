import type { X509Certificate } from 'node:crypto';
import type { CertificateFinding } from '../../../model/certificate-finding.ts';
import type { ReportedKey } from '../../../model/facts.ts';
import type { Secret } from '../../../support/secret.ts';

/** A file on this machine: what it is called in messages, and its text. */
export interface PublicFile {
  readonly path: string;
  readonly text: string;
}

/** The files of one node. */
export interface NodeFiles {
  readonly node: string;
  readonly certificate: PublicFile;
  readonly key: { readonly path: string } & (
    { readonly content: Secret } | { readonly reported: ReportedKey }
  );
}

/** Everything that the nodes of a cluster show to each other. */
export interface CertificateSet {
  readonly ca: PublicFile;
  readonly crl: PublicFile | undefined;
  readonly nodes: readonly NodeFiles[];
}

/** What a certificate contains; nothing of it is secret. */
export interface CertificateSummary {
  readonly subject: string;
  /** SHA-256 as `openssl x509 -fingerprint -sha256` prints it. */
  readonly fingerprint: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** What became of the checks. */
export interface CheckedSet {
  readonly findings: readonly CertificateFinding[];
  readonly ca: readonly CertificateSummary[];
  readonly nodes: ReadonlyMap<string, CertificateSummary>;
  /** Whether the lists revoke a certificate, whoever has it. */
  readonly revokes: (certificate: X509Certificate) => boolean;
  /** How many certificates the lists revoke. */
  readonly revokedCount: number;
}

/** What the caller provides. */
export interface Circumstances {
  readonly now: Date;
  /** Fingerprints of authorities that issue to everybody. */
  readonly publicAuthorities: ReadonlySet<string>;
  /** What ends within this time is warned about; undefined: the usual times. */
  readonly warnBeforeMs?: number | undefined;
}
