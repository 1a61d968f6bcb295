/** Something wrong with one file; an error means that a daemon would reject it, now or soon. */
export interface CertificateFinding {
  readonly severity: 'error' | 'warning';
  readonly path: string;
  readonly message: string;
  /** It is about the time that is left. */
  readonly isExpiry?: true;
}
