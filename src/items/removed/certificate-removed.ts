import {
  CERTIFICATE_FILES,
  CERTIFICATE_ROLES,
  type CertificateRole,
} from '../../pacemaker/basics/names.ts';
import { usesCertificates } from '../../credentials/certificates.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { HostItem } from '../../model/item.ts';

/**
 * With the authkey the certificate files that outrigger brought are unused, and an unused key should not be kept. They
 * are known by their paths: an inventory cannot name those as files that hosts have of their own (inventory/check-x509.ts).
 */
export const certificateRemovedItem = (host: string): HostItem => ({
  kind: 'certificate-removed',
  host,
  compare: (facts) => {
    const there = CERTIFICATE_ROLES.filter(
      (role) => facts.certificates[role] !== undefined && !isNamedByOthers(facts, role),
    );
    const paths = [...there.map((role) => CERTIFICATE_FILES[role].path), ...facts.waitingPair];
    if (paths.length === 0) return undefined;
    return {
      attributes: paths.map((name) => ({ name, before: 'there', after: undefined })),
      actions: [{ kind: 'script', script: 'remove-files', params: paths, timeoutMs: 30_000 }],
      needsRestart: false,
      risks: [],
    };
  },
});

/** A single variable serves remote access to the CIB, and stays: see items/environment.ts. */
const isNamedByOthers = ({ environment }: HostFacts, role: CertificateRole): boolean => {
  const { path, variable } = CERTIFICATE_FILES[role];
  return !usesCertificates(environment) && environment[variable] === path;
};
