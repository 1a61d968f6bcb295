import { usesCertificates } from './certificates.ts';
import type { HostFacts } from '../model/facts.ts';

/** What a daemon authenticates with: certificates if it was started with their variables, else the authkey and nothing else. */
export type CredentialInUse = 'certificates' | 'authkey';

/** What the running daemon of a host uses; undefined: none runs. */
export const credentialInUse = ({ daemonVariables }: HostFacts): CredentialInUse | undefined => {
  if (daemonVariables === undefined) return undefined;
  return usesCertificates(daemonVariables) ? 'certificates' : 'authkey';
};

/**
 * How a host uses certificates, as something that follows its name: what is written counts from the next start of its daemon
 * on, what the daemon was started with until then. Undefined: neither names any.
 */
export function certificatesOn(host: HostFacts): string | undefined {
  const file = host.environmentFile ?? 'environment file';
  const uses = credentialInUse(host);
  if (!usesCertificates(host.environment)) {
    if (uses !== 'certificates') return undefined;
    return `its daemon was started with certificates, which take precedence over the authkey, but its ${file} does not set them`;
  }
  const sets = `its ${file} sets certificates (PCMK_ca_file and others)`;
  if (uses === undefined) return `${sets}, which take precedence over the authkey`;
  return uses === 'certificates'
    ? `${sets}, and its daemon uses them: they take precedence over the authkey`
    : `${sets}, but its daemon does not use them yet: from its next start on they take precedence over the authkey`;
}

/** Whether the daemon of a host will use something else when it is started again. */
export const isHalfConverted = (host: HostFacts): boolean => {
  const uses = credentialInUse(host);
  return uses !== undefined && usesCertificates(host.environment) !== (uses === 'certificates');
};
