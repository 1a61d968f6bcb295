import type { CertificateRole } from '../pacemaker/basics/names.ts';

/** Scripts of host/scripts, by file name. */
export type ScriptName =
  | 'install-apt'
  | 'install-dnf'
  | 'set-environment'
  | 'set-permissions'
  | 'verify-certificates'
  | 'activate-pair'
  | 'replace-key-link'
  | 'remove-files'
  | 'restart-pacemaker'
  | 'open-firewalld'
  | 'close-firewalld'
  | 'start-service'
  | 'stop-service';

/** What is done on a host, as data: apply is its only interpreter. */
export type Action =
  | {
      readonly kind: 'script';
      readonly script: ScriptName;
      readonly params: readonly string[];
      readonly timeoutMs: number;
    }
  | {
      /** Puts the cluster's authkey in place; the bytes are fetched or made when it is carried out. */
      readonly kind: 'write-authkey';
      readonly path: string;
      readonly owner: string;
      readonly group: string;
      readonly mode: string;
    }
  | {
      /** Puts a certificate file of the host in place. */
      readonly kind: 'write-certificate';
      readonly role: CertificateRole;
      readonly path: string;
      readonly owner: string;
      readonly group: string;
      readonly mode: string;
    };
