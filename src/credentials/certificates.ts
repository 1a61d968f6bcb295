import {
  CERTIFICATE_FILES,
  CERTIFICATE_ROLES,
  DECIDING_VARIABLES,
  type CertificateRole,
} from '../pacemaker/basics/names.ts';
import type { HostFacts } from '../model/facts.ts';
import type { ProblemCode } from '../model/problem-code.ts';

/** A file as it shall be on a host. */
export interface DesiredFile {
  readonly path: string;
  /** SHA-256, hexadecimal; that of a key is never shown. Undefined: the file has still to be made. */
  readonly digest: string | undefined;
  /** What the plan calls it. */
  readonly description: string;
  /** The certificates in it, or those that it will hold whatever else; undefined: not known, or not public. */
  readonly pem?: string | undefined;
  /** Of a certificate that has still to be made: that of its authority. */
  readonly issuer?: string | undefined;
}

/** The certificate files of one host. */
export interface DesiredCertificates {
  readonly files: Readonly<Partial<Record<CertificateRole, DesiredFile>>>;
  /** The key was made on the host, where it waits for this certificate; its digest is that of its public half. */
  readonly isKeyMadeThere?: boolean;
  /** With these Pacemaker uses them. */
  readonly variables: CertificateVariables;
}

/** Whether a file on a host is this one; what has still to be made is on none. */
export const isThatFile = (
  found: { readonly digest: string } | undefined,
  desired: DesiredFile | undefined,
): boolean => found !== undefined && found.digest === desired?.digest;

/** What `method: x509` requires, for all nodes of the inventory that a run is about. */
export interface DesiredX509 {
  readonly nodes: ReadonlyMap<string, DesiredCertificates>;
  readonly removesAuthkey: boolean;
  /** When the plan was made, by the clock of this machine, and when all certificates are valid. */
  readonly validity: { readonly now: Date; readonly from: Date; readonly until: Date };
  /** What is worth knowing about the files. */
  readonly notes: readonly string[];
  /** What ends soon. */
  readonly expiring: readonly ExpiringFile[];
  /** When the certificate of each node ends; those that have still to be made are not in it. */
  readonly ends: ReadonlyMap<string, Date>;
  /** What keeps hosts from using certificates, by host. */
  readonly faults?: ReadonlyMap<string, CertificateFault>;
}

/** A certificate or a CRL that ends within the time that the inventory sets. */
export interface ExpiringFile {
  /** Whose certificate it is; undefined: it concerns all. */
  readonly host: string | undefined;
  readonly path: string;
  readonly message: string;
}

/** Why a host cannot use certificates: its own are wrong, or one is still awaited. */
export interface CertificateFault {
  readonly code: Extract<ProblemCode, `CERTIFICATE_${string}`>;
  readonly message: string;
  readonly hint: string;
}

/** Values of the variables for certificates; empty: not set. */
export type CertificateVariables = Readonly<Record<string, string>>;

/** The variables with which Pacemaker uses the files that outrigger puts on hosts. */
export const certificateVariables = (hasCrl: boolean): CertificateVariables =>
  variablesFor((role) => (role === 'crl' && !hasCrl ? undefined : CERTIFICATE_FILES[role].path));

/** The variables with which Pacemaker uses the files at these paths; undefined: there is none. */
export const variablesFor = (
  pathOf: (role: CertificateRole) => string | undefined,
): CertificateVariables =>
  Object.fromEntries(
    CERTIFICATE_ROLES.map((role) => [CERTIFICATE_FILES[role].variable, pathOf(role) ?? '']),
  );

/** The variables of a host that uses the authkey. */
export const NO_CERTIFICATES: CertificateVariables = Object.fromEntries(
  CERTIFICATE_ROLES.map((role) => [CERTIFICATE_FILES[role].variable, '']),
);

/** Whether a process or a file has something else. */
export const variablesDiffer = (
  found: Readonly<Record<string, string>>,
  desired: CertificateVariables,
): boolean => Object.entries(desired).some(([name, value]) => (found[name] ?? '') !== value);

/** Whether Pacemaker uses certificates with this environment, and then nothing else. */
export const usesCertificates = (environment: Readonly<Record<string, string>>): boolean =>
  DECIDING_VARIABLES.every((name) => Boolean(environment[name]));

/**
 * Why a host cannot use the certificates of the inventory, as something that follows its name; undefined: it can. A cluster
 * node whose Pacemaker is stopped has no connections, and will start with what the files contain. `filesAlone`: its daemon has
 * still to take them up.
 */
export function certificateBlocker(
  facts: HostFacts,
  { files, variables }: DesiredCertificates,
  { isClusterNode, filesAlone = false }: { isClusterNode: boolean; filesAlone?: boolean },
): string | undefined {
  const { certificates, environment, daemonVariables, knowsCertificates } = facts;
  if (knowsCertificates !== true) return 'has no Pacemaker that supports certificates';
  const other = CERTIFICATE_ROLES.find(
    (role) => files[role] !== undefined && !isThatFile(certificates[role], files[role]),
  );
  if (other !== undefined) return `does not have the declared file ${files[other]?.path ?? ''}`;
  if (filesAlone) return undefined;
  if (variablesDiffer(environment, variables))
    return 'does not set the certificates in its environment file';
  if (daemonVariables === undefined) return isClusterNode ? undefined : 'has no running daemon';
  return variablesDiffer(daemonVariables, variables)
    ? 'runs a daemon that was started without these certificates'
    : undefined;
}
