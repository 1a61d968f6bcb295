import type { X509Certificate } from 'node:crypto';
import { connectedNames, type Cib } from '../pacemaker/cib/cib.ts';
import { nodeKey } from '../pacemaker/basics/node-names.ts';
import { OutriggerError } from '../support/errors.ts';
import { someOf } from '../support/text/some-of.ts';
import { certificatesIn } from './x509/trust.ts';
import { isThatFile, type DesiredX509 } from './certificates.ts';
import { allHosts, remoteHosts, type Facts, type HostFacts } from '../model/facts.ts';
import { mayBeNamed, nameInCluster } from '../model/membership.ts';

/** Certificates that are about to be revoked. */
export interface Revokes {
  /** Serial numbers by the digest of the certificate's file. */
  readonly serials: ReadonlyMap<string, string>;
  /** The names in these certificates. */
  readonly nodes: ReadonlySet<string>;
}

/** Credentials that revoke something. */
export interface RevokingCredentials {
  readonly pending?: { readonly revokes: Revokes } | undefined;
}

/**
 * Throws REFUSED while a host still has a certificate that is about to be revoked, or a node of the cluster may have it that
 * was not read: its connection would be lost at the next occasion, and the node with it.
 */
export function refuseRevokedInUse(
  facts: Facts,
  cib: Cib,
  credentials: RevokingCredentials | undefined,
): void {
  const { serials, nodes } = credentials?.pending?.revokes ?? NOTHING;
  const hosts = allHosts(facts);
  const users = hosts.flatMap(({ name, certificates }) => {
    const serial = serials.get(certificates.certificate?.digest ?? '');
    return serial === undefined ? [] : [`${name} (${serial})`];
  });
  if (users.length > 0)
    throw new OutriggerError(
      'REFUSED',
      `a certificate that \`revoked\` names is still in use: ${users.join(', ')}`,
      {
        hint: 'remove it from `revoked` and run `outrigger apply`, which installs the new certificate on the host; revoke the old one when the plan is empty',
      },
    );
  const answered = new Set(hosts.map(nameInCluster));
  const isOn = (name: string): boolean => [...nodes].some((node) => mayBeNamed(name, node));
  const unreachable = [
    ...cib.clusterNodes.map(({ name }) => name).filter(isOn),
    ...connectedNames(cib).filter((name) => nodes.has(name)),
  ].filter((name) => !answered.has(nodeKey(name)));
  if (unreachable.length === 0) return;
  throw new OutriggerError(
    'REFUSED',
    `certificates of nodes that are still in the cluster would be revoked, but it is unknown which ones these nodes use: ${unreachable.join(', ')}`,
    {
      hint: 'remove a node that no longer exists from the cluster first; make an unreachable one reachable, and omit --limit',
    },
  );
}

/** A CRL that lies here already, whoever has made it, and is given to hosts. */
export interface GivenList {
  /** How many certificates it revokes. */
  readonly count: number;
  readonly revokes: (certificate: X509Certificate) => boolean;
  /** The certificate file that the inventory names for a node; undefined: it cannot be read. */
  readonly certificateOf: (node: string) => string | undefined;
}

/** Credentials with such a list. */
export interface ListingCredentials {
  readonly desired: Pick<DesiredX509, 'nodes'>;
  readonly list?: GivenList | undefined;
}

/**
 * Throws REFUSED when a list is new to hosts and revokes what the other end of a connection has, by its own word, or by the
 * inventory where it was not read: the connection would be lost at the next occasion. Returns what cannot be determined, as notes.
 */
export function refuseListedInUse(
  facts: Facts,
  cib: Cib,
  credentials: ListingCredentials | undefined,
  declared: readonly string[],
): readonly string[] {
  const list = credentials?.list;
  if (credentials === undefined || list === undefined || list.count === 0) return [];
  const hosts = new Map(allHosts(facts).map((host) => [nameInCluster(host), host]));
  const isListed = (pem: string | undefined): boolean =>
    certificatesIn(pem ?? '').some(list.revokes);
  const seen = seenByNewOnes(facts, cib, credentials);
  const listed = seen.flatMap((name) => {
    const host = hosts.get(nodeKey(name));
    if (host !== undefined) return isListed(host.certificates.certificate?.pem) ? [name] : [];
    const isByInventory = declared.some(
      (node) => mayBeNamed(name, node) && isListed(list.certificateOf(node)),
    );
    return isByInventory ? [`${name} (by the inventory)`] : [];
  });
  if (listed.length > 0)
    throw new OutriggerError(
      'REFUSED',
      `the new CRL revokes certificates that are still in use: ${listed.join(', ')}`,
      {
        hint: 'keep the previous CRL, give these nodes their new certificates first (`outrigger apply`), and install the new CRL when the plan is empty',
      },
    );
  const unread = seen.filter((name) => !hosts.has(nodeKey(name)));
  return unread.length === 0
    ? []
    : [
        `the CRL is new, and the certificate in use on ${someOf(unread)} was not checked: if the CRL revokes it, the connection is lost at the next reconnect`,
      ];
}

/** Whose certificates are shown to hosts that do not have the list yet. */
function seenByNewOnes(facts: Facts, cib: Cib, { desired }: ListingCredentials): readonly string[] {
  const isNewTo = ({ name, certificates }: HostFacts): boolean => {
    const crl = desired.nodes.get(name)?.files.crl;
    return crl !== undefined && !isThatFile(certificates.crl, crl);
  };
  return [
    ...(remoteHosts(facts).some(isNewTo) ? cib.clusterNodes.map(({ name }) => name) : []),
    ...([...facts.clusterNodes.values()].some(isNewTo) ? connectedNames(cib) : []),
  ];
}

const NOTHING: Revokes = { serials: new Map(), nodes: new Set() };
