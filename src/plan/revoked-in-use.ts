import { OutriggerError } from '../support/errors.ts';
import { remoteHosts, type Facts } from './facts.ts';

/** Credentials that revoke something: serial numbers by the digest of the certificate's file. */
interface Revoking {
  readonly pending?: { readonly revokes: ReadonlyMap<string, string> } | undefined;
}

/**
 * Throws REFUSED while a host still has a certificate that is about to be revoked: its connection would be lost at the
 * next occasion, and the node with it.
 */
export function refuseRevokedInUse(facts: Facts, credentials: Revoking | undefined): void {
  const revokes = credentials?.pending?.revokes ?? new Map<string, string>();
  const users = [...facts.clusterNodes.values(), ...remoteHosts(facts)].flatMap(
    ({ name, certificates }) => {
      const serial = revokes.get(certificates.certificate?.digest ?? '');
      return serial === undefined ? [] : [`${name} (${serial})`];
    },
  );
  if (users.length === 0) return;
  throw new OutriggerError(
    'REFUSED',
    `a certificate that \`revoked\` names is still in use: ${users.join(', ')}`,
    {
      hint: 'take it out of `revoked` and run `outrigger apply`, which gives the host the certificate that was made for it; revoke the old one when the plan is empty',
    },
  );
}
