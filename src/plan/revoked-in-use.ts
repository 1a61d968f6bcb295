import { connectedNames, type Cib } from '../pacemaker/cib.ts';
import { OutriggerError } from '../support/errors.ts';
import { remoteHosts, type Facts } from './facts.ts';

/** Certificates that are about to be revoked. */
export interface Revokes {
  /** Serial numbers by the digest of the certificate's file. */
  readonly serials: ReadonlyMap<string, string>;
  /** The names in these certificates. */
  readonly nodes: ReadonlySet<string>;
}

/** Credentials that revoke something. */
interface Revoking {
  readonly pending?: { readonly revokes: Revokes } | undefined;
}

/**
 * Throws REFUSED while a host still has a certificate that is about to be revoked, or a node of the cluster may have it that
 * nobody has asked: its connection would be lost at the next occasion, and the node with it.
 */
export function refuseRevokedInUse(
  facts: Facts,
  cib: Cib,
  credentials: Revoking | undefined,
): void {
  const { serials, nodes } = credentials?.pending?.revokes ?? NOTHING;
  const hosts = [...facts.clusterNodes.values(), ...remoteHosts(facts)];
  const users = hosts.flatMap(({ name, certificates }) => {
    const serial = serials.get(certificates.certificate?.digest ?? '');
    return serial === undefined ? [] : [`${name} (${serial})`];
  });
  if (users.length > 0)
    throw new OutriggerError(
      'REFUSED',
      `a certificate that \`revoked\` names is still in use: ${users.join(', ')}`,
      {
        hint: 'take it out of `revoked` and run `outrigger apply`, which gives the host the certificate that was made for it; revoke the old one when the plan is empty',
      },
    );
  const silent = [...cib.clusterNodes.map(({ name }) => name), ...connectedNames(cib)].filter(
    (name) => nodes.has(name) && hosts.every((host) => host.name !== name),
  );
  if (silent.length === 0) return;
  throw new OutriggerError(
    'REFUSED',
    `certificates of nodes that are still in the cluster would be revoked, and nobody knows which ones these use: ${silent.join(', ')}`,
    {
      hint: 'take a node that is no more out of the cluster first; bring back one that gave no answer, and leave out --limit',
    },
  );
}

const NOTHING: Revokes = { serials: new Map(), nodes: new Set() };
